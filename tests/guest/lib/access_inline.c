// SPDX-License-Identifier: MIT
/*
 * ACC-1, ACC-2, ACC-5, LIB-1: the inline forms of loads and stores answer as the library's
 * functions do, by sequences of the object that uses them; unregistered, by calls.
 *
 * vm: --timeout 60
 */
#include <estp/access_inline.h>

#include "access.h"

#define EACH(bits, at, bad)							\
	do {									\
		uint##bits##_t value_ = 0x5a, want_;				\
										\
		memcpy(&want_, own, sizeof(want_));				\
		wrong += estp_load##bits##_inline(own, &value_) || value_ != want_; \
		wrong += estp_store##bits##_inline(own + 16, value_) ||		\
			 memcmp(own + 16, own, sizeof(want_)) != 0;		\
		value_ = 0x5a;							\
		wrong += estp_load##bits##_inline(at, &value_) != ((bad) ? -EFAULT : 0) || \
			 ((bad) && value_ != 0x5a);				\
		wrong += estp_store##bits##_inline(at, value_) != ((bad) ? -EFAULT : 0); \
	} while (0)

/* All widths at good memory, and at @edge - @off, where a bad page begins. */
static unsigned int all(u8 *edge, size_t off)
{
	static u8 own[32] = "an inline sequence";
	unsigned int wrong = 0;

	EACH(8, edge - off, off < 1);
	EACH(16, edge - off, off < 2);
	EACH(32, edge - off, off < 4);
	EACH(64, edge - off, off < 8);
	return wrong;
}

static void both_ways(const char *how, bool counted)
{
	u8 *edge = good_pages(1) + PAGE;
	unsigned int wrong = 0, faults = 0, off;
	u64 before = diverted(ESTP_FAULT);

	for (off = 0; off <= 9; off++) {
		wrong += all(edge, off);
		faults += 2 * ((off < 1) + (off < 2) + (off < 4) + (off < 8));
	}
	is(wrong, 0, "%s: right answers", how);
	is(diverted(ESTP_FAULT) - before, counted ? faults : 0, "%s: diversions", how);
}

void test(void)
{
	need_estp_and_counters();
	is(estp_object_error(), 0, "the sequences are registered");
	foreign_handlers();
	both_ways("registered", true);
	estp_object_error_ = -EAGAIN;
	both_ways("not registered", false);
	is(foreign_nr, 0, "no handler was called");
}
