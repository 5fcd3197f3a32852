// SPDX-License-Identifier: MIT
/*
 * LIB-2, QRY-1: who answers 0 to any madvise(), or to any of length 0, as emulators do, has no
 * ESTP, and is not taken for a kernel that has.
 *
 * madvise() is this program's: its kernel.  The twin is one that knows of ESTP.
 */
#define _GNU_SOURCE
#include <estp/fence.h>
#include <estp/sequence.h>

#include "../unit/tap.h"

static enum kind { ESTP, NOTHING, ANYTHING, ANY_OF_NO_LENGTH } kind;
static int fences;

static int refuse(int error)
{
	errno = error;
	return -1;
}

int madvise(void *address, size_t len, int advice)
{
	bool ours = advice >= MADV_ESTP_REGISTER && advice <= MADV_ESTP_QUERY;

	switch (kind) {
	case NOTHING:
		return ours ? refuse(EINVAL) : 0;
	case ANYTHING:
		return 0;
	case ANY_OF_NO_LENGTH:
		return ours && len ? refuse(EINVAL) : 0;
	default:
		if (advice == MADV_ESTP_QUERY)
			return address || len > ESTP_FEATURE_FENCE ? refuse(EINVAL) : 0;
		fences += advice == MADV_ESTP_FENCE;
		return 0;
	}
}

/* Something to register. */
static void sequence(void)
{
	__asm__ volatile(ESTP_START(one) "nop\n\t" ESTP_END(one) ESTP_RESTART(one) : : "r"(0));
}

static void asks(enum kind who, const char *name)
{
	int error = who == ESTP ? 0 : -ENOSYS;
	struct estp_status status;
	unsigned int i, has = 0;

	kind = who;
	estp_object_error_ = -EAGAIN;
	expect(estp_object_register() == error && estp_object_error() == error, "registered: %d",
	       estp_object_error());
	for (i = 0; i < 64; i++)
		has += estp_has(i);
	expect(has == (error ? 0 : ESTP_FEATURE_FENCE + 1), "%u features", has);
	estp_status(&status);
	expect(status.error == error && status.features == (error ? 0 : 0xf), "features %#x",
	       status.features);
	errno = 77;
	expect(estp_fence() == error && estp_fence_cpu(0) == error, "a fence: %d", estp_fence());
	expect(errno == 77, "errno %d", errno);
	claim("%s: %s", name, error ? "no ESTP" : "ESTP");
}

int main(void)
{
	sequence();
	asks(ESTP, "twin, a kernel that knows it");
	expect(fences >= 2, "%d fences", fences);
	claim("and gets its fences");
	asks(NOTHING, "a kernel that does not");
	asks(ANYTHING, "one that answers 0 to anything");
	asks(ANY_OF_NO_LENGTH, "one that answers 0 to whatever has no length");
	return tap_done();
}
