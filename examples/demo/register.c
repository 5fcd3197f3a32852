// SPDX-License-Identifier: MIT
/*
 * Registration by constructor: an object's pages are registered when it is loaded,
 * before anybody can call into them. There is no destructor: unmapping the object
 * ends the registration.
 *
 * The linker brackets the section of every object by __start_ and __stop_ symbols.
 * Hidden, they are this object's own, in a dlopen'ed library as well; weak, an
 * object without a sequence links too. (Another object's sequences are not known
 * here and need not be.)
 */
#include <errno.h>
#include <sys/mman.h>
#include <linux/types.h>

#include "arch.h"
#include "estp.h"
#include "register.h"

extern const char __start_estp_text[] __attribute__((weak, visibility("hidden")));
extern const char __stop_estp_text[] __attribute__((weak, visibility("hidden")));

static int result;

__attribute__((constructor)) static void register_sequences(void)
{
	const char *page;
	int saved = errno;

	/* One byte is one page, however large the kernel's are. */
	for (page = __start_estp_text; page < __stop_estp_text; page += SEQUENCE_PAGE)
		if (madvise((void *)page, 1, MADV_ESTP_REGISTER))
			result = errno;
	errno = saved;
}

int register_result(void)
{
	return result;
}
