// SPDX-License-Identifier: MIT
/*
 * Clauses: PAGE-6, PAGE-9, PAGE-10, TAB-7, TAB-8, TAB-10.
 * Claim: whatever is registered together, an event meets the sequence that the ABI
 * says, at every offset.
 * Method: random pages and tables, both layouts on one page, spans over several pages,
 * all selectors and causes, against the model at every offset of small pages and near
 * every boundary of large ones.
 */
#include "shape.h"

static struct estp_sequence seq[20000];

static void fill(struct registrar *r, struct model *model, const struct arena *a, u32 entries,
		 u32 descriptors)
{
	u32 i, nr;

	for (i = 0; descriptors && i < a->pages; i++) {
		u64 addr = a->addr + (u64)i * a->page_size;

		nr = random_page(a, addr, seq, 1 + random_below(descriptors));
		expect(registrar_add_page(r, addr, seq, nr), "page");
		model_add_page(model, addr, seq, nr);
	}
	if (!entries)
		return;
	nr = random_table(a, seq, entries);
	expect(registrar_add_table(r, seq, nr), "table");
	model_add_table(model, seq, nr);
}

static void start(struct registrar *r, struct model *model, const struct arena *a)
{
	registrar_start(r, a->page_size);
	model_start(model, a->page_size);
}

static void stop(struct registrar *r, struct model *model)
{
	expect(registrar_sane(r), "counters");
	registrar_stop(r);
	model_stop(model);
	expect(host_pages_live == 0, "%llu pages leaked", (unsigned long long)host_pages_live);
}

static void every_offset(const char *what, u32 rounds, u32 entries, u32 descriptors,
			 u32 span_max)
{
	struct registrar r;
	struct model model;

	while (rounds--) {
		struct arena a = {
			.addr = 0x550000000000 + random_below(1 << 20) * 4096,
			.page_size = 4096, .pages = 1 + random_below(3), .align = 1,
			.span_max = span_max, .far_one_in = 3,
		};
		u64 off;

		start(&r, &model, &a);
		fill(&r, &model, &a, entries ? 1 + random_below(entries) : 0, descriptors);
		for (off = 0; off < arena_bytes(&a) + 2; off++)
			compare_at(&r, &model, a.addr - 1 + off);
		compare_lists(&r, &model);
		stop(&r, &model);
	}
	claim("%s, at every offset", what);
}

static void boundaries(const char *what, u32 page_size, u32 rounds, u32 entries,
		       u32 descriptors, u32 span_max)
{
	struct registrar r;
	struct model model;

	while (rounds--) {
		struct arena a = {
			.addr = 0xffffaaaa0000, .page_size = page_size,
			.pages = 1 + random_below(6), .align = 4, .span_max = span_max,
			.far_one_in = 3,
		};

		start(&r, &model, &a);
		fill(&r, &model, &a, entries ? 1 + random_below(entries) : 0, descriptors);
		compare_boundaries(&r, &model, &a);
		compare_lists(&r, &model);
		stop(&r, &model);
	}
	claim("%s, near every boundary", what);
}

static void many(u32 page_size, u32 entries)
{
	struct arena a = {
		.addr = 0x400000, .page_size = page_size, .pages = 2, .align = 4,
		.span_max = page_size / 8, .far_one_in = 3,
	};
	struct registrar r;
	struct model model;
	u32 i;

	start(&r, &model, &a);
	fill(&r, &model, &a, entries, 255);
	for (i = 0; i < 400; i++) {
		compare_at(&r, &model, a.addr + round_to(&a, random_below(arena_bytes(&a))));
		compare_at(&r, &model, model.seq[random_below(model.nr)].start);
	}
	stop(&r, &model);
	claim("%u entries on two pages of %u bytes", entries, page_size);
}

int main(void)
{
	random_start();
	every_offset("descriptors", 30, 0, 40, 4096);
	every_offset("entries of one page", 30, 40, 0, 64);
	every_offset("entries over several pages", 30, 40, 0, 12000);
	every_offset("entries and descriptors", 30, 60, 60, 9000);
	boundaries("full pages", 4096, 8, 0, 255, 4096);
	boundaries("4 KiB pages, both layouts", 4096, 60, 80, 40, 20000);
	boundaries("16 KiB pages, both layouts", 16384, 60, 80, 40, 70000);
	boundaries("64 KiB pages, both layouts", 65536, 60, 80, 40, 300000);
	many(4096, 5000);
	many(65536, 20000);
	return tap_done();
}
