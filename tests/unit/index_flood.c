// SPDX-License-Identifier: MIT
/*
 * Clause: EVT-8.
 * Claim: nobody can choose addresses that make look-ups slow: pages that meet under one
 * multiplier are spread by another, which the host draws at random.
 * Method: addresses found by trial, all of whose hashes lie in one small corner under the
 * multiplier that is in the source; then the same under many others; arithmetic
 * progressions of every stride under many.
 */
#include "shape.h"

#define PAGE	4096ull
#define NR	4096u
#define SLOTS	(2 * NR)

static u64 addr[NR];

static struct estp_index *fill(u64 mult)
{
	static struct estp_page page[NR];
	struct estp_index *ix = host_index(SLOTS, PAGE);
	struct estp_set set;
	u32 i;

	ix->mult = mult;
	estp_set_init(&set, ix);
	for (i = 0; i < NR; i++) {
		page[i] = (struct estp_page) { .key = addr[i], .refs = 1 };
		estp_set_put(&set, &page[i]);
	}
	return ix;
}

/* Mean number of slots that finding a page passes; *worst: the largest. */
static double passed(const struct estp_index *ix, u32 *worst)
{
	u64 sum = 0;
	u32 i;

	*worst = 0;
	for (i = 0; i < NR; i++) {
		u32 at = estp_index_home(ix, addr[i]), nr = 1;

		for (; estp_slot_page(ix->slot[at & ix->mask])->key != addr[i]; at++)
			nr++;
		sum += nr;
		if (nr > *worst)
			*worst = nr;
	}
	return (double)sum / NR;
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
	u32 i, worst;
	double mean;

	choose_against(ESTP_INDEX_MULT);
	ix = fill(ESTP_INDEX_MULT);
	mean = passed(ix, &worst);
	expect(mean > 100, "%.1f", mean);
	printf("# chosen against the multiplier: %.1f slots a look-up\n", mean);
	free(ix);
	claim("addresses can be chosen against a known multiplier");

	for (i = 0; i < 300; i++) {
		ix = fill(random_word() | 1);
		mean = passed(ix, &worst);
		expect(mean < 2.5 && worst < 200, "%.2f, %u", mean, worst);
		free(ix);
	}
	claim("another multiplier spreads the same addresses");
}

static void strides(void)
{
	u32 shift, i, k, worst, bad = 0, nr = 0;
	double mean, most = 0;

	for (shift = 12; shift <= 34; shift++)
		for (k = 1; k < 8; k += 2)
			for (i = 0; i < 40; i++) {
				struct estp_index *ix;
				u32 n;

				for (n = 0; n < NR; n++)
					addr[n] = 0x10000 + ((u64)n * k << shift);
				ix = fill(i ? random_word() | 1 : ESTP_INDEX_MULT);
				mean = passed(ix, &worst);
				expect(i || mean < 2.5, "stride %#llx: %.2f",
				       (unsigned long long)k << shift, mean);
				bad += mean > 4;
				nr++;
				if (mean > most)
					most = mean;
				free(ix);
			}
	printf("# worst mean %.2f; over 4 slots: %u of %u\n", most, bad, nr);
	expect(bad < nr / 100, "%u of %u", bad, nr);
	claim("pages at regular distances are spread");
}

int main(void)
{
	random_start();
	flood();
	strides();
	return tap_done();
}
