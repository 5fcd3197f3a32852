// SPDX-License-Identifier: MIT
#include "access.h"

int plain_load64(const void *address, uint64_t *value)
{
	*value = *(const uint64_t *)address;
	return 0;
}
