// SPDX-License-Identifier: MIT
/*
 * Clauses: EVT-8, REG-14, LIFE-14.
 * Claim: nobody can choose addresses that make look-ups slow: pages that meet under one
 * multiplier are spread by another, which the host draws at random; and whoever knows the multiplier
 * gets another one before a look-up passes ESTP_PROBES slots. Keys that have been found to fit together do, whatever
 * is removed while they are asked for; and no removal clears more than ESTP_PROBES slots.
 * Method: addresses found by trial, all of whose hashes lie in one small corner under the
 * multiplier that is in the source; then the same under many others; arithmetic
 * progressions of every stride under many. A registrar of whom each page is chosen against the multiplier that
 * its index has just then. A run of full slots, from which one goes between two questions, that one or any; another
 * one from which all go, front to back, so that each but the last leaves a slot that is not empty.
 */
#include "registrar.h"
#include "shape.h"

#define PAGE	4096ull
#define NR	4096u
#define SLOTS	(2 * NR)

static u64 addr[NR];

/* As many as have a place; *nr: how many those are. */
static struct estp_index *fill(u64 mult, u32 *nr)
{
	static struct estp_page page[NR];
	struct estp_index *ix = host_index(SLOTS, PAGE);
	struct estp_set set;
	u32 i;

	ix->mult = mult;
	estp_set_init(&set, ix);
	for (i = 0; i < NR && estp_index_fits(ix, addr[i], NULL); i++) {
		page[i] = (struct estp_page) { .key = addr[i], .refs = 1 };
		estp_set_put(&set, &page[i]);
	}
	*nr = i;
	return ix;
}

/* Mean number of slots that finding one of @pages passes; *worst: the largest. */
static double passed(const struct estp_index *ix, u32 pages, u32 *worst)
{
	u64 sum = 0;
	u32 i;

	*worst = 0;
	for (i = 0; i < pages; i++) {
		u32 at = estp_index_home(ix, addr[i]), nr = 1;

		for (; estp_slot_page(ix->slot[at & ix->mask])->key != addr[i]; at++)
			nr++;
		sum += nr;
		if (nr > *worst)
			*worst = nr;
	}
	return (double)sum / pages;
}

static void choose_against(u64 mult)
{
	struct estp_index *ix = host_index(SLOTS, PAGE);
	u64 page = 0x10000;
	u32 nr = 0;

	ix->mult = mult;
	for (; nr < NR; page += PAGE)
		if (estp_index_home(ix, page) < SLOTS / 64)
			addr[nr++] = page;
	free(ix);
}

static void flood(void)
{
	struct estp_index *ix;
	u32 i, worst, nr;
	double mean;

	choose_against(ESTP_INDEX_MULT);
	ix = fill(ESTP_INDEX_MULT, &nr);
	mean = passed(ix, nr, &worst);
	expect(nr >= ESTP_PROBES && nr < NR, "%u of %u", nr, NR);
	expect(mean > 30 && worst > ESTP_PROBES - 10 && worst <= ESTP_PROBES, "%.1f, %u", mean, worst);
	printf("# chosen against the multiplier: %u have a place, %.1f slots a look-up\n", nr, mean);
	free(ix);
	claim("addresses can be chosen against a known multiplier, so many of them");

	for (i = 0; i < 300; i++) {
		ix = fill(random_word() | 1, &nr);
		mean = passed(ix, nr, &worst);
		expect(nr == NR && mean < 2.5 && worst < 200, "%u, %.2f, %u", nr, mean, worst);
		free(ix);
	}
	claim("another multiplier spreads the same addresses");
}

/* A set of pages chosen against one multiplier does not go to an index that has it. */
static void move_back(void)
{
	struct estp_index *ix, *next = host_index(SLOTS, PAGE);
	struct estp_set set;
	u32 nr, from = 0;
	int done;

	choose_against(ESTP_INDEX_MULT);
	ix = fill(random_word() | 1, &nr);
	estp_set_init(&set, ix);
	set.next = next;
	next->mult = ESTP_INDEX_MULT;
	while (!(done = estp_set_move(&set, from, 100)))
		from += 100;
	expect(nr == NR && done == -1 && !set.next && set.index == ix, "%u, %d", nr, done);
	for (nr = 0; nr < NR; nr++)
		expect(estp_index_find(ix, addr[nr]) != 0, "page %u", nr);
	free(next);
	free(ix);
	claim("an index with a multiplier that does not do is given up, and the one of before stays");
}

/* The next page that the live index puts where it has most. */
static u64 next_against(const struct estp_index *ix, u64 *page)
{
	do
		*page += PAGE;
	while (estp_index_home(ix, *page) > ix->mask / 64);
	return *page;
}

static void flood_registrar(void)
{
	static u64 page[NR];
	struct estp_sequence seq = { .selector = ESTP_FAULT, .causes = 1, .layout = ESTP_LAYOUT_TABLE };
	u32 i, moves, draws = 0, worst = 0, most = 0;
	struct registrar r;
	u64 at = 0x10000;

	registrar_start(&r, PAGE);
	for (i = 0; i < NR; i++) {
		u32 slots = r.set.index->mask + 1, n;

		page[i] = next_against(r.set.index, &at);
		seq.start = page[i];
		seq.length = 4;
		seq.response = page[i] + 8;
		moves = r.set.moves;
		expect(registrar_add_table(&r, &seq, 1), "page %u", i);
		draws += r.set.moves != moves && r.set.index->mask + 1 == slots;
		memcpy(addr, page, (i + 1) * sizeof(*page));
		if (i % 64 && i + 1 != NR)
			continue;
		passed(r.set.index, i + 1, &worst);
		if (worst > most)
			most = worst;
		for (n = 0; n <= i; n++)
			expect(estp_index_page(r.set.index, page[n]) != NULL, "page %u of %u", n, i);
	}
	printf("# %u pages, each chosen against the multiplier of then: %u others were drawn, %u slots at most\n",
	       NR, draws, most);
	expect(draws && most <= ESTP_PROBES, "%u, %u", draws, most);
	registrar_stop(&r);
	claim("who knows the multiplier gets another one, and no look-up passes more than ESTP_PROBES slots");
}

/* ---- What is removed --------------------------------------------------------------- */

#define RUN	100u		/* where a run of full slots begins */
#define RUN_MAX	(5 * ESTP_PROBES)

static struct estp_page filler[RUN_MAX];

static void put(struct estp_set *set, struct estp_page *page, u64 key)
{
	/* One reference is ours. */
	*page = (struct estp_page) { .key = key, .refs = 2 };
	estp_set_put(set, page);
}

/* The next page after *at with that home. */
static u64 at_home(const struct estp_index *ix, u64 *at, u32 home)
{
	do
		*at += PAGE;
	while (estp_index_home(ix, *at) != home);
	return *at;
}

/* Each page in its own home. */
static struct estp_index *full_run(struct estp_set *set, u32 nr)
{
	static u64 key[RUN_MAX], mult;
	struct estp_index *ix = host_index(SLOTS, PAGE);
	u32 i;

	if (!mult) {
		ix->mult = mult = random_word() | 1;
		for (i = 0; i < RUN_MAX; i++) {
			u64 at = 0x10000;

			key[i] = at_home(ix, &at, RUN + i);
		}
	}
	ix->mult = mult;
	estp_set_init(set, ix);
	for (i = 0; i < nr; i++)
		put(set, &filler[i], key[i]);
	return ix;
}

/* Of @nr keys whose homes are in the run, how many were lost that had been found to fit? */
static u32 lost_after_removal(u32 nr, u32 full, bool *fit)
{
	static u32 taken[SLOTS / 32];
	static struct estp_page page[64];
	u32 i, lost = 0, from = random_word() % nr;
	u64 at = 1ull << 40, key[64];
	struct estp_index *ix;
	struct estp_set set;

	ix = full_run(&set, full);
	memset(taken, 0, sizeof(taken));
	*fit = true;
	for (i = 0; i < nr; i++) {
		key[i] = at_home(ix, &at, RUN + random_word() % (full - ESTP_PROBES + nr + 2));
		if (i == from)
			estp_set_remove(&set, filler[random_word() % full].key);
		*fit &= estp_index_fits(ix, key[i], taken);
	}
	for (i = 0; *fit && i < nr; i++)
		put(&set, &page[i], key[i]);
	for (i = 0; *fit && i < nr; i++)
		lost += !estp_index_find(ix, key[i]);
	expect(!*fit || set.pages == full - 1 + nr, "%llu pages", (unsigned long long)set.pages);
	free(ix);
	return lost;
}

static void removed_while_asking(void)
{
	u32 i, rounds = 0, lost = 0;
	bool fit;

	for (i = 0; i < 3000; i++) {
		lost += lost_after_removal(2 + random_word() % 8, ESTP_PROBES + random_word() % 4, &fit);
		rounds += fit;
	}
	printf("# %u rounds of 3000 in which all fit\n", rounds);
	expect(rounds > 100 && rounds < 3000 && !lost, "%u, %u lost", rounds, lost);
	claim("no key is lost that had been found to fit, because one is removed in between");
}

static void cleared_in_steps(void)
{
	const u32 nr = RUN_MAX;
	u32 i, empty = 0, before;
	struct estp_index *ix;
	struct estp_set set;

	ix = full_run(&set, nr);
	for (i = 0; i < nr; i++) {
		before = empty;
		estp_set_remove(&set, filler[i].key);
		for (empty = 0; empty < nr && !ix->slot[RUN + nr - 1 - empty]; empty++)
			;
		expect(empty - before <= ESTP_PROBES, "%u slots by one", empty - before);
	}
	expect(empty == ESTP_PROBES && !set.pages, "%u slots in the end", empty);
	for (i = 0; i < nr; i++) {
		expect(!estp_index_find(ix, filler[i].key), "page %u", i);
		expect(estp_index_fits(ix, filler[i].key, NULL), "page %u", i);
		put(&set, &filler[i], filler[i].key);
	}
	for (i = 0; i < nr; i++)
		expect(estp_index_find(ix, filler[i].key) != 0, "page %u again", i);
	free(ix);
	claim("a removal clears no more slots than a look-up passes, and those it leaves are of use");
}

static void strides(void)
{
	u32 shift, i, k, worst, bad = 0, nr = 0, fit, unfit = 0;
	double mean, most = 0;

	for (shift = 12; shift <= 34; shift++)
		for (k = 1; k < 8; k += 2)
			for (i = 0; i < 40; i++) {
				struct estp_index *ix;
				u32 n;

				for (n = 0; n < NR; n++)
					addr[n] = 0x10000 + ((u64)n * k << shift);
				ix = fill(i ? random_word() | 1 : ESTP_INDEX_MULT, &fit);
				unfit += fit != NR;
				mean = passed(ix, fit, &worst);
				expect(i || (mean < 2.5 && fit == NR), "stride %#llx: %.2f",
				       (unsigned long long)k << shift, mean);
				bad += mean > 4;
				nr++;
				if (mean > most)
					most = mean;
				free(ix);
			}
	printf("# worst mean %.2f; over 4 slots: %u of %u; to be drawn anew: %u\n", most, bad, nr, unfit);
	expect(bad < nr / 100 && unfit < nr / 200, "%u and %u of %u", bad, unfit, nr);
	claim("pages at regular distances are spread");
}

int main(void)
{
	random_start();
	flood();
	move_back();
	flood_registrar();
	removed_while_asking();
	cleared_in_steps();
	strides();
	return tap_done();
}
