// SPDX-License-Identifier: MIT
/* The library's own version: which one the loader has found. */
#include <estp/version.h>

unsigned int estp_version(void)
{
	return ESTP_LIB_VERSION;
}
