// SPDX-License-Identifier: MIT
/*
 * Clauses: UNREG-5, MEM-3, MOD-4.
 * Claim: after sweeping, a set holds the pages of spans and responses in force and no
 * other, and tokens of spans over several pages in force and no other; when nothing is
 * in force it holds nothing.  No event notices.
 * Method: random registrations, parts unregistered and unmapped; sweeping in one piece
 * and in steps, with pages unmapped in between; the pages that there have to be are
 * counted from the model.
 */
#include "shape.h"

static struct arena arena;
static struct estp_sequence seq[200];
static struct registrar r;
static struct model model;

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

static u64 *note(u64 *to, u64 first, u64 bytes)
{
	u64 page;

	for (page = first & -(u64)arena.page_size; page < first + bytes; page += arena.page_size)
		*to++ = page;
	return to;
}

static u64 distinct(u64 *from, u64 *to)
{
	u64 nr = 0, i;

	qsort(from, to - from, sizeof(*from), by_value);
	for (i = 0; from + i < to; i++)
		nr += !i || from[i] != from[i - 1];
	return nr;
}

/* Exactly what the sequences in force need. */
static void check_least(void)
{
	static u64 page[100000];
	u64 *end = page, wide = 0, nr;
	u32 i;

	for (i = 0; i < model.nr; i++) {
		const struct estp_sequence *s = &model.seq[i];

		end = note(end, s->start, s->length);
		wide += (s->start + s->length - 1) / arena.page_size != s->start / arena.page_size;
	}
	nr = distinct(page, end);
	expect(r.set.code_pages == nr, "%llu code pages, not %llu",
	       (unsigned long long)r.set.code_pages, (unsigned long long)nr);
	for (i = 0; i < model.nr; i++) {
		const struct estp_sequence *s = &model.seq[i];

		end = note(end, s->response, s->response_len ? s->response_len : 1);
	}
	nr = distinct(page, end);
	expect(r.set.pages == nr, "%llu pages, not %llu", (unsigned long long)r.set.pages,
	       (unsigned long long)nr);
	expect(r.set.tokens == wide, "%llu tokens, not %llu", (unsigned long long)r.set.tokens,
	       (unsigned long long)wide);
	if (!model.nr)
		expect(!r.set.bytes && !host_pages_live, "%llu bytes",
		       (unsigned long long)r.set.bytes);
}

static void check_same(void)
{
	expect(registrar_sane(&r), "counters");
	compare_lists(&r, &model);
	compare_boundaries(&r, &model, &arena);
}

static void fill(void)
{
	u32 i, nr;

	arena = (struct arena) {
		.addr = 0x7f0000000000, .page_size = 4096, .pages = 2 + random_below(20),
		.align = 1, .span_max = one_in(2) ? 100 : 12000, .far_one_in = 2,
	};
	registrar_start(&r, arena.page_size);
	model_start(&model, arena.page_size);
	for (i = random_below(4); i; i--) {
		u64 addr = arena.addr + random_below(arena.pages) * arena.page_size;

		nr = random_page(&arena, addr, seq, 1 + random_below(5));
		registrar_add_page(&r, addr, seq, nr);
		model_add_page(&model, addr, seq, nr);
	}
	for (i = random_below(4); i; i--) {
		nr = random_table(&arena, seq, 1 + random_below(12));
		registrar_add_table(&r, seq, nr);
		model_add_table(&model, seq, nr);
	}
}

static void unmap_one(void)
{
	u64 addr = arena.addr + random_below(arena.pages) * arena.page_size;

	registrar_unmap(&r, addr, addr + arena.page_size);
	model_unmap(&model, addr, addr + arena.page_size);
}

static void unregister_one(void)
{
	u64 addr = arena.addr + random_below(arena.pages) * arena.page_size;
	bool found = registrar_unregister(&r, addr, addr + arena.page_size);

	expect(found == model_unregister(&model, addr, addr + arena.page_size), "found");
}

static void stop(void)
{
	registrar_stop(&r);
	model_stop(&model);
	expect(!host_pages_live, "leak");
}

static void parts(bool unmap, bool unregister)
{
	u32 i;

	fill();
	for (i = random_below(arena.pages); i; i--) {
		if (unmap && one_in(2))
			unmap_one();
		if (unregister && one_in(2))
			unregister_one();
	}
	r.step = 1 + random_below(100);
	registrar_sweep(&r);
	check_same();
	check_least();
	/* Swept pages are as good as ever. */
	u32 nr = random_table(&arena, seq, 8);

	registrar_add_table(&r, seq, nr);
	model_add_table(&model, seq, nr);
	check_same();
	stop();
}

/* All code unregistered, though no page of code was unmapped. */
static void everything(void)
{
	u32 i;

	fill();
	for (i = 0; i < arena.pages; i++) {
		u64 addr = arena.addr + (u64)i * arena.page_size;

		expect(registrar_unregister(&r, addr, addr + arena.page_size) ==
		       model_unregister(&model, addr, addr + arena.page_size), "found");
	}
	expect(!model.nr, "model");
	registrar_sweep(&r);
	check_least();
	stop();
}

static u32 calls, at;

static void in_between(struct registrar *unlocked, void *arg)
{
	(void)unlocked;
	(void)arg;
	if (calls++ == at) {
		unmap_one();
		check_same();
	}
}

static void steps(void)
{
	fill();
	unmap_one();
	unregister_one();
	r.step = 1;
	r.unlocked = in_between;
	calls = 0;
	at = random_below(2 * (r.set.index->mask + 1) - 1);
	registrar_sweep(&r);
	check_same();
	/* Once more: what went away in between has been missed at most once. */
	r.unlocked = NULL;
	registrar_sweep(&r);
	check_same();
	check_least();
	stop();
}

int main(void)
{
	u32 i;

	random_start();
	for (i = 0; i < 300; i++)
		parts(true, false);
	claim("after unmapping parts");
	for (i = 0; i < 300; i++)
		parts(false, true);
	claim("after unregistering parts");
	for (i = 0; i < 300; i++)
		parts(true, true);
	claim("after both");
	for (i = 0; i < 300; i++)
		everything();
	claim("after unregistering everything nothing is left");
	for (i = 0; i < 500; i++)
		steps();
	claim("in steps, with a page unmapped between any two");
	return tap_done();
}
