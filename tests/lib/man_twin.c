// SPDX-License-Identifier: MIT
/* Linked into an example of the manual: its sequences are registered, and given back. */
#include <estp/object.h>

__attribute__((constructor)) static void give_back(void)
{
	if (estp_object_error() || madvise(NULL, (size_t)-65536, MADV_ESTP_UNREGISTER))
		_exit(70);
}
