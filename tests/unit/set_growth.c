// SPDX-License-Identifier: MIT
/*
 * Clause: EVT-8.
 * Claim: registering n pages one by one is linear in all, and so is any mixture of
 * coming and going; finding a page costs the same with 10 as with 65536 of them; what
 * has become small can be kept small.
 * Method: slots that are moved and slots that a look-up passes are counted, for address
 * patterns that programs have, and at every fill of an index.
 */
#include "shape.h"

#define PAGE	4096ull

static struct estp_sequence one(u64 addr)
{
	return (struct estp_sequence) {
		.start = addr + 64, .length = 8, .response = addr + 64,
		.layout = ESTP_LAYOUT_PAGE,
	};
}

static void put(struct registrar *r, u64 addr)
{
	struct estp_sequence seq = one(addr);

	registrar_add_page(r, addr, &seq, 1);
}

/* ---- What a look-up costs ------------------------------------------------------------ */

static u32 passed(const struct estp_index *ix, u64 key)
{
	u32 i = estp_index_home(ix, key), nr = 1;

	for (; ix->slot[i & ix->mask]; i++, nr++)
		if (estp_slot_page(ix->slot[i & ix->mask])->key == key)
			break;
	return nr;
}

/* Of 10000 addresses, mean and worst number of slots that a look-up goes through. */
static void cost(const struct registrar *r, u64 (*addr)(u32 i), u32 first, u32 nr, double mean_max,
		 u32 worst_max, const char *what)
{
	u32 i, worst = 0, n = nr < 10000 ? nr : 10000;
	u64 sum = 0;

	for (i = 0; i < n; i++) {
		u32 slots = passed(r->set.index, addr(first + (u64)i * nr / n));

		sum += slots;
		if (slots > worst)
			worst = slots;
	}
	expect((double)sum / n <= mean_max, "%s, %u pages: %.2f", what, nr, (double)sum / n);
	expect(worst <= worst_max, "%s, %u pages: %u", what, nr, worst);
}

/* How often the filter says yes to a pc between pages that were registered. */
static void filter_wrong(const struct registrar *r, u32 nr)
{
	u32 i, yes = 0, n = 20000;

	if (nr < 2)
		return;
	for (i = 0; i < n; i++)
		yes += estp_index_maybe(r->set.index,
					0x7f0000000000 + (random_word() >> 36) * PAGE);
	expect(yes <= n / 10, "%u pages: %u of %u", nr, yes, n);
}

static u64 side_by_side(u32 i)
{
	return 0x400000 + i * PAGE;
}

static u64 every_64k(u32 i)
{
	return 0x7f0000000000 + i * 65536ull;
}

static u64 every_2m(u32 i)
{
	return 0x7f0000000000 + i * 0x200000ull;
}

/* As the loader maps libraries: a few pages of text each, at random places. */
static u64 libraries(u32 i)
{
	u64 x = (i / 8 + 1) * 0xbf58476d1ce4e5b9u;

	x = (x ^ x >> 31) * 0x94d049bb133111ebu;
	return 0x7f0000000000 + (x >> 36) * PAGE + i % 8 * 3 * PAGE;
}

static void grow(u64 (*addr)(u32 i), const char *what)
{
	struct registrar r;
	u32 i;

	registrar_start(&r, PAGE);
	for (i = 0; i < 65536; i++) {
		put(&r, addr(i));
		if ((i & (i + 1)) && i % 5000)
			continue;
		expect(r.slots_moved <= 4ull * (i + 1) + 8, "%llu slots moved for %u pages",
		       (unsigned long long)r.slots_moved, i + 1);
		filter_wrong(&r, i + 1);
		cost(&r, addr, 0, i + 1, 3, 80, "found");
		cost(&r, addr, 100000, i + 1, 4, 80, "not found");
	}
	expect(registrar_sane(&r), "counters");
	registrar_stop(&r);
	expect(!host_pages_live, "leak");
	claim("%s: n pages move 4n slots at most, look-ups stay short", what);
}

/* ---- Coming and going ------------------------------------------------------------------ */

static u64 ring[5000];

static void churn(u32 nr, bool oldest_first)
{
	const u32 rounds = 4000;
	struct registrar r;
	u64 next = 0, moved;
	u32 i, at;

	registrar_start(&r, PAGE);
	for (i = 0; i < nr; i++)
		put(&r, ring[i] = libraries(next++));
	moved = r.slots_moved;
	for (i = 0; i < rounds; i++) {
		at = oldest_first ? i % nr : random_below(nr);
		if (i % 2)
			registrar_unregister(&r, ring[at], ring[at] + PAGE);
		else
			registrar_unmap(&r, ring[at], ring[at] + PAGE);
		put(&r, ring[at] = libraries(next++));
	}
	moved = r.slots_moved - moved;
	expect(moved <= 16ull * rounds + 16 * nr, "%u pages: %llu slots moved in %u rounds", nr,
	       (unsigned long long)moved, rounds);
	filter_wrong(&r, nr);
	expect(registrar_sane(&r), "counters");
	for (i = 0; i < nr; i++)
		expect(estp_index_page(r.set.index, ring[i] + 64), "page %u lost", i);
	registrar_stop(&r);
}

/* ---- A set that has become small ------------------------------------------------------ */

static void shrink(u32 nr, u32 left)
{
	struct registrar r;
	u32 slots, i;

	registrar_start(&r, PAGE);
	for (i = 0; i < nr; i++)
		put(&r, side_by_side(i));
	registrar_unmap(&r, side_by_side(left), side_by_side(nr));
	slots = estp_set_slots(&r.set, 0);
	expect(slots <= ESTP_INDEX_SLOT_MIN || 9 * slots <= 32 * left, "%u slots", slots);
	r.set.next = host_index(slots, PAGE);
	for (i = 0; !estp_set_move(&r.set, i, 7); i += 7)
		;
	host_retire(estp_set_moved(&r.set));
	expect(r.set.index->mask + 1 == slots, "%u", slots);
	for (i = 0; i < nr; i++)
		expect(!estp_index_page(r.set.index, side_by_side(i) + 64) == (i >= left),
		       "page %u", i);
	expect(registrar_sane(&r), "counters");
	registrar_stop(&r);
}

int main(void)
{
	u32 nr;

	random_start();
	grow(side_by_side, "side by side");
	grow(every_64k, "every 64 KiB");
	grow(every_2m, "every 2 MiB");
	grow(libraries, "at random places");
	for (nr = 0; nr <= 3000; nr += 1 + nr / 3)
		shrink(3000, nr);
	claim("an index moves into a smaller one");
	for (nr = 1; nr <= 4096; nr += nr < 70 ? 1 : nr / 7) {
		churn(nr, false);
		churn(nr, true);
	}
	for (nr = 64; nr <= 4096; nr *= 2)
		churn(nr - 1, false);
	claim("one goes, one comes: 16 slots moved for each at most, at every fill");
	return tap_done();
}
