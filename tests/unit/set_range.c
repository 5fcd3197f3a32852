// SPDX-License-Identifier: MIT
/*
 * Clauses: UNREG-1, UNREG-2, LIFE-7.
 * Claim: unmapping and unregistering act on exactly the pages of the range, whatever
 * its size, in one step or in many, also while the set is being moved.
 * Method: every range over a few pages with every step size; then a move that is
 * interrupted at every slot.
 */
#include "shape.h"

#define PAGE	4096ull
#define ADDR	0x7f0000000000ull
#define NR	20u

static struct estp_sequence one(u64 addr)
{
	return (struct estp_sequence) {
		.start = addr + 64, .length = 8, .response = addr + 64,
		.layout = ESTP_LAYOUT_PAGE,
	};
}

static void fill(struct registrar *r)
{
	u32 i;

	registrar_start(r, PAGE);
	for (i = 0; i < NR; i++) {
		struct estp_sequence seq = one(ADDR + i * PAGE);

		registrar_add_page(r, ADDR + i * PAGE, &seq, 1);
	}
}

static bool there(const struct registrar *r, u64 addr)
{
	struct estp_match match;

	return registrar_event(r, addr + 64, ESTP_PREEMPTION, 0, &match);
}

static void check(const struct registrar *r, u64 start, u64 end)
{
	u32 i;

	for (i = 0; i < NR; i++) {
		u64 addr = ADDR + i * PAGE;

		expect(there(r, addr) == (addr < start || addr >= end), "page %u", i);
	}
	expect(registrar_sane(r), "counters");
}

static void every_range(bool unmap)
{
	s32 first, last;
	u32 step;

	for (first = -2; first < (s32)NR + 2; first++)
		for (last = first; last < (s32)NR + 2; last++)
			for (step = 1; step < 40; step = step * 3 + 1) {
				u64 start = ADDR + first * (s64)PAGE;
				u64 end = ADDR + (last + 1) * (s64)PAGE;
				struct registrar r;

				fill(&r);
				r.step = step;
				if (unmap)
					registrar_unmap(&r, start, end);
				else
					expect(registrar_unregister(&r, start, end) ==
					       (last >= 0 && first < (s32)NR), "found");
				check(&r, start, end);
				registrar_stop(&r);
			}
	expect(!host_pages_live, "leak");
}

/* Far below, far above, everything there is. */
static void huge_ranges(void)
{
	static const u64 range[][2] = {
		{ 0, PAGE }, { 0, ADDR }, { 0, ADDR + PAGE }, { 0, 1ull << 47 },
		{ ADDR + 5 * PAGE, 1ull << 47 }, { ADDR + NR * PAGE, 1ull << 47 },
		{ 0, 0 }, { ADDR, ADDR }, { 0, ~0ull << 12 }, { 1ull << 46, ADDR + 3 * PAGE },
	};
	u32 i;

	for (i = 0; i < sizeof(range) / sizeof(*range); i++) {
		struct registrar r;

		fill(&r);
		registrar_unmap(&r, range[i][0], range[i][1]);
		check(&r, range[i][0], range[i][1]);
		registrar_stop(&r);
	}
}

/* Which slot the move has come to, and what goes away then. */
static struct moving {
	u32 calls, at;
	u64 addr;
	bool unmap;
} moving;

static void go_away(struct registrar *r, void *arg)
{
	(void)arg;
	if (moving.calls++ != moving.at)
		return;
	if (moving.unmap)
		registrar_unmap(r, moving.addr, moving.addr + 2 * PAGE);
	else
		registrar_unregister(r, moving.addr, moving.addr + 2 * PAGE);
}

static void while_moving(bool unmap)
{
	u32 at, i;

	for (at = 0; at < 64; at++)
		for (i = 0; i + 1 < NR; i += 3) {
			struct estp_sequence seq = one(ADDR + NR * PAGE);
			struct registrar r;
			u32 slots;

			fill(&r);
			/* An entry whose response must stay keeps its page as a void one. */
			seq.layout = ESTP_LAYOUT_TABLE;
			seq.response = ADDR + i * PAGE + 8;
			registrar_add_table(&r, &seq, 1);
			slots = r.set.index->mask + 1;
			r.step = 1;
			r.unlocked = go_away;
			moving = (struct moving) {
				.at = at, .addr = ADDR + i * PAGE, .unmap = unmap,
			};
			for (seq.start += PAGE; r.set.index->mask + 1 == slots; seq.start += PAGE)
				registrar_add_table(&r, &seq, 1);
			if (moving.calls > at)
				check(&r, moving.addr, moving.addr + 2 * PAGE);
			expect(there(&r, ADDR + NR * PAGE) == !(unmap && moving.calls > at),
			       "response");
			registrar_stop(&r);
			expect(!host_pages_live, "leak");
		}
}

int main(void)
{
	every_range(true);
	claim("unmap: every range, every step");
	every_range(false);
	claim("unregister: every range, every step");
	huge_ranges();
	claim("unmap: ranges far larger than the set");
	while_moving(true);
	claim("unmap while the set moves, at every slot");
	while_moving(false);
	claim("unregister while the set moves, at every slot");
	return tap_done();
}
