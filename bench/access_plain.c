// SPDX-License-Identifier: MIT
/* The same as estp_load64() without the fault: in a unit of its own, so that it is called. */
#include <stdint.h>

int plain_load64(const void *address, uint64_t *value);

int plain_load64(const void *address, uint64_t *value)
{
	*value = *(const uint64_t *)address;
	return 0;
}
