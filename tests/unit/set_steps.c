// SPDX-License-Identifier: MIT
/*
 * Clauses: LIFE-14, UNREG-2, LIFE-7, LIFE-9.
 * Claim: what is done to a set between two chances to unlock is bounded by entries, not only
 * by pages, however many of them stand on one page; and it comes to its end.
 * Method: pages with thousands of entries that reach onto the next one; each step may end as
 * many as it is told, and one more. Afterwards the set is what one large step leaves.
 */
#include "shape.h"

#define PAGE	4096ull
#define ADDR	0x7f0000000000ull
#define NR	3000u
#define BUDGET	16u

static struct registrar r, at_once;

static void start(struct registrar *its)
{
	static struct estp_sequence seq[NR];
	u32 i;

	for (i = 0; i < NR; i++)
		seq[i] = (struct estp_sequence) {
			.start = ADDR + 1 + i, .length = PAGE, .response = ADDR + 2 * PAGE + 1 + i,
			.layout = ESTP_LAYOUT_TABLE,
		};
	registrar_start(its, PAGE);
	expect(registrar_add_table(its, seq, NR), "table");
	expect(its->set.tokens == NR, "%llu wide entries", (unsigned long long)its->set.tokens);
}

static void same(const char *what, u32 steps, u32 least)
{
	expect(steps >= least, "%s took %u steps", what, steps);
	expect(r.set.tokens == at_once.set.tokens && r.set.pages == at_once.set.pages &&
	       r.set.code_pages == at_once.set.code_pages, "%s leaves another set", what);
	expect(registrar_sane(&r), "counters");
}

/* Calls @more until it says that it is done; how often that was. */
static u32 in_steps(bool (*more)(struct estp_step *step))
{
	struct estp_step step = { 0 };
	u32 steps = 0;
	bool done;

	do {
		u64 before = r.set.tokens + r.set.pages;

		done = more(&step);
		steps++;
		expect(before - (r.set.tokens + r.set.pages) <= BUDGET + 1, "step %u: %llu of %llu are left",
		       steps, (unsigned long long)(r.set.tokens + r.set.pages), (unsigned long long)before);
		if (steps > 100 * NR)
			break;
	} while (!done);
	expect(done, "it comes to an end");
	return steps;
}

static bool found;

static bool unmap_first(struct estp_step *step)
{
	return estp_set_unmap(&r.set, ADDR, ADDR + PAGE, step, BUDGET);
}

static bool unregister_all(struct estp_step *step)
{
	return estp_set_unregister(&r.set, 0, 1ull << 47, step, BUDGET, &found);
}

static bool sweep(struct estp_step *step)
{
	return estp_set_sweep(&r.set, step, BUDGET);
}

static void stop(void)
{
	registrar_stop(&r);
	registrar_stop(&at_once);
	expect(!host_pages_live, "leak");
}

/* Entries on one page, each with a response over @RESPONSE_PAGES others. */
#define RESPONSE_PAGES	16u

static void start_long_responses(struct registrar *its)
{
	static struct estp_sequence seq[NR];
	u32 i;

	for (i = 0; i < NR; i++)
		seq[i] = (struct estp_sequence) {
			.start = ADDR + 1 + i, .length = 1, .response = ADDR + PAGE,
			.selector = ESTP_INTERRUPT, .response_len = RESPONSE_PAGES * PAGE - 1,
			.layout = ESTP_LAYOUT_TABLE,
		};
	registrar_start(its, PAGE);
	expect(registrar_add_table(its, seq, NR), "table");
	expect(its->set.pages == 1 + RESPONSE_PAGES && !its->set.tokens, "%llu pages",
	       (unsigned long long)its->set.pages);
}

int main(void)
{
	random_start();

	start(&r);
	start(&at_once);
	registrar_unmap(&at_once, ADDR, ADDR + PAGE);
	same("unmapping", in_steps(unmap_first), NR / (BUDGET + 1));
	expect(!r.set.tokens, "no entry is left");
	claim("unmapping one page with %u entries", NR);

	registrar_sweep(&at_once);
	same("sweeping", in_steps(sweep), NR / (BUDGET + 1));
	claim("sweeping what is left of it");
	stop();

	start(&r);
	start(&at_once);
	expect(registrar_unregister(&at_once, 0, 1ull << 47), "there was something");
	same("unregistration", in_steps(unregister_all), NR / (BUDGET + 1));
	expect(found, "there was something");
	claim("unregistration of all of them");
	stop();

	/* Their responses go first: all have ended, and there was nothing to unregister. */
	start(&r);
	start(&at_once);
	registrar_unmap(&at_once, ADDR + 2 * PAGE, ADDR + 3 * PAGE);
	registrar_unmap(&r, ADDR + 2 * PAGE, ADDR + 3 * PAGE);
	expect(!registrar_unregister(&at_once, 0, 1ull << 47), "there was something");
	found = false;
	same("unregistration", in_steps(unregister_all), NR / (BUDGET + 1));
	expect(!found, "there was something");
	claim("unregistration where all have ended before");
	stop();

	/* An entry counts as much as the pages that are looked for on its account: two a step, twice over. */
	start_long_responses(&r);
	start_long_responses(&at_once);
	registrar_sweep(&at_once);
	same("sweeping", in_steps(sweep), NR);
	claim("sweeping entries with responses of %u pages", RESPONSE_PAGES);
	stop();

	/* All have ended, by the last page of their response: all 16 are looked for. */
	start_long_responses(&r);
	start_long_responses(&at_once);
	registrar_unmap(&at_once, ADDR + RESPONSE_PAGES * PAGE, ADDR + (1 + RESPONSE_PAGES) * PAGE);
	registrar_unmap(&r, ADDR + RESPONSE_PAGES * PAGE, ADDR + (1 + RESPONSE_PAGES) * PAGE);
	expect(!registrar_unregister(&at_once, 0, 1ull << 47), "there was something");
	found = false;
	same("unregistration", in_steps(unregister_all), NR / 2);
	expect(!found, "there was something");
	claim("unregistration of entries with responses of %u pages, all ended", RESPONSE_PAGES);
	stop();
	return tap_done();
}
