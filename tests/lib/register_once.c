// SPDX-License-Identifier: MIT
/*
 * LIB-2: one thread at a time registers an object; who comes meanwhile is told so, and
 * what one that fails undoes is its own.
 *
 * madvise() is this program's: its kernel.  In the middle of a registration it plays the
 * other thread, which is where it would have to come to disturb.
 */
#define _GNU_SOURCE
#include <estp/sequence.h>

#include "../unit/tap.h"

static int answer;		/* to the table; an errno */
static int tables, nested = 1;

/* Whoever could interfere does so here. */
int madvise(void *address, size_t len, int advice)
{
	(void)len;
	if (advice == MADV_ESTP_QUERY) {
		errno = EINVAL;
		return address ? -1 : 0;
	}
	if (advice == MADV_ESTP_REGISTER && address) {
		tables++;
		nested = estp_object_register();
		errno = answer;
		return answer ? -1 : 0;
	}
	return 0;
}

/* Something to register. */
static void sequence(void)
{
	__asm__ volatile(ESTP_START(one) "nop\n\t" ESTP_END(one) ESTP_RESTART(one) : : "r"(0));
}

int main(void)
{
	sequence();
	expect(!estp_object_error() && tables == 1, "state %d, %d tables", estp_object_error(), tables);
	claim("the constructor registers once");
	expect(nested == -EALREADY, "%d", nested);
	claim("who comes meanwhile is told that another is about it");

	estp_object_error_ = -EAGAIN;
	answer = ENOMEM;
	nested = 1;
	expect(estp_object_register() == -ENOMEM, "not -ENOMEM");
	expect(estp_object_error() == -ENOMEM && tables == 2, "state %d, %d tables",
	       estp_object_error(), tables);
	expect(nested == -EALREADY, "%d", nested);
	claim("nor is it undone or done by who comes during a failure");
	answer = 0;
	expect(!estp_object_register() && tables == 3, "state %d", estp_object_error());
	claim("it can be tried again");
	expect(!estp_object_register() && tables == 3, "state %d", estp_object_error());
	claim("and what is registered is not again");
	return tap_done();
}
