// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include "host.h"
#include "registrar.h"

#define INDEX_SLOTS_FIRST	ESTP_INDEX_SLOT_MIN

/* ---- A request and the pages that it touches ---------------------------------- */

/* A page to be: items before .fresh are the request's, the rest was there already. */
struct draft {
	u64 addr;
	struct estp_item *item;
	u32 nr, room, fresh;
	bool responses;
	struct estp_page *page;
};

struct request {
	bool is_page;			/* else a table */
	u64 addr;			/* the page */
	const struct estp_sequence *seq;
	u64 *wide;			/* token of each sequence, 0 if it needs none */
	u32 nr;
	struct draft *draft;		/* rising addresses */
	u32 draft_nr;
	u64 *ended;			/* tokens of wide entries that are dropped */
	u32 ended_nr, ended_room;
};

static u64 page_of(const struct registrar *r, u64 addr)
{
	return addr & ~(u64)(r->set.index->page_size - 1);
}

static u64 span_last(const struct estp_sequence *seq)
{
	return seq->start + seq->length - 1;
}

static u64 response_last(const struct estp_sequence *seq)
{
	return seq->response + (seq->response_len ? seq->response_len : 1) - 1;
}

static u64 pages_between(const struct registrar *r, u64 first, u64 last)
{
	return (page_of(r, last) - page_of(r, first)) / r->set.index->page_size + 1;
}

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

static u64 *note_pages(const struct registrar *r, u64 *to, u64 first, u64 last)
{
	u64 nr = pages_between(r, first, last), addr = page_of(r, first);

	for (; nr--; addr += r->set.index->page_size)
		*to++ = addr;
	return to;
}

static void find_pages(const struct registrar *r, struct request *rq)
{
	u64 *addr, *end, total = 0;
	u32 i;

	for (i = 0; i < rq->nr; i++)
		total += pages_between(r, rq->seq[i].start, span_last(&rq->seq[i])) +
			 pages_between(r, rq->seq[i].response, response_last(&rq->seq[i]));
	addr = end = must_alloc((total + 1) * sizeof(*addr));
	for (i = 0; i < rq->nr; i++) {
		end = note_pages(r, end, rq->seq[i].start, span_last(&rq->seq[i]));
		end = note_pages(r, end, rq->seq[i].response, response_last(&rq->seq[i]));
	}
	if (rq->is_page)
		*end++ = rq->addr;
	qsort(addr, end - addr, sizeof(*addr), by_value);
	rq->draft = calloc(end - addr, sizeof(*rq->draft));
	if (!rq->draft)
		abort();
	for (i = 0; i < end - addr; i++)
		if (!rq->draft_nr || rq->draft[rq->draft_nr - 1].addr != addr[i])
			rq->draft[rq->draft_nr++].addr = addr[i];
	free(addr);
}

static struct draft *draft_at(const struct registrar *r, const struct request *rq, u64 addr)
{
	u32 lo = 0, hi = rq->draft_nr;

	addr = page_of(r, addr);
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (rq->draft[mid].addr < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return &rq->draft[lo];
}

static void draft_add(struct draft *draft, const struct estp_sequence *seq, u64 wide)
{
	if (draft->nr == draft->room) {
		draft->room = draft->room ? 2 * draft->room : 4;
		draft->item = realloc(draft->item, draft->room * sizeof(*draft->item));
		if (!draft->item)
			abort();
	}
	draft->item[draft->nr++] = (struct estp_item) { .seq = *seq, .wide = wide };
}

/* Until tokens are known, a wide item of the request has its place in it, from 1. */
static void draft_fresh(const struct registrar *r, struct request *rq)
{
	u32 i;

	for (i = 0; i < rq->nr; i++) {
		const struct estp_sequence *seq = &rq->seq[i];
		u64 span_pages = pages_between(r, seq->start, span_last(seq)), nr;
		struct draft *draft = draft_at(r, rq, seq->start);

		for (nr = 0; nr < span_pages; nr++)
			draft_add(&draft[nr], seq, span_pages > 1 ? i + 1 : 0);
		nr = pages_between(r, seq->response, response_last(seq));
		for (draft = draft_at(r, rq, seq->response); nr--; draft++)
			if (span_pages > 1 || draft->addr != page_of(r, seq->start))
				draft->responses = true;
	}
	for (i = 0; i < rq->draft_nr; i++) {
		estp_sort(rq->draft[i].item, rq->draft[i].nr);
		rq->draft[i].fresh = rq->draft[i].nr;
	}
}

/* ---- What is there already ------------------------------------------------------ */

static bool key_before(const struct estp_sequence *a, const struct estp_sequence *b)
{
	u32 run_a = estp_run(a->selector, a->layout), run_b = estp_run(b->selector, b->layout);

	if (run_a != run_b)
		return run_a < run_b;
	return a->start != b->start ? a->start < b->start : a->length < b->length;
}

/* The request's table entry with this key; NULL if it has none. */
static const struct estp_item *replacement(const struct draft *draft,
					   const struct estp_sequence *seq)
{
	u32 lo = 0, hi = draft->fresh;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (key_before(&draft->item[mid].seq, seq))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < draft->fresh && draft->item[lo].seq.layout == ESTP_LAYOUT_TABLE &&
	    seq->layout == ESTP_LAYOUT_TABLE && estp_same_key(&draft->item[lo].seq, seq))
		return &draft->item[lo];
	return NULL;
}

static void note_ended(struct request *rq, u64 wide)
{
	if (rq->ended_nr == rq->ended_room) {
		rq->ended_room = rq->ended_room ? 2 * rq->ended_room : 16;
		rq->ended = realloc(rq->ended, rq->ended_room * sizeof(*rq->ended));
		if (!rq->ended)
			abort();
	}
	rq->ended[rq->ended_nr++] = wide;
}

static void keep_existing(const struct registrar *r, struct request *rq, struct draft *draft)
{
	const struct estp_index *ix = r->set.index;
	unsigned long slot = estp_index_find(ix, draft->addr);
	const struct estp_page *page = estp_slot_page(slot);
	u32 i;

	if (!slot || slot & ESTP_SLOT_VOID)
		return;
	for (i = 0; i < estp_page_entries(page); i++) {
		struct estp_sequence seq;
		u64 wide = estp_set_sequence(ix, page, i, &seq);
		bool token = wide && estp_index_find(ix, estp_token_key(wide));
		const struct estp_item *by = replacement(draft, &seq);

		if (by) {
			if (token && by->wide)
				rq->wide[by->wide - 1] = wide;
			continue;
		}
		if (!estp_set_alive(ix, page, i)) {
			if (token)
				note_ended(rq, wide);
			continue;
		}
		if (rq->is_page && draft->addr == rq->addr && seq.layout == ESTP_LAYOUT_PAGE)
			continue;
		draft_add(draft, &seq, wide);
	}
}

/* ---- Planning, room, publishing --------------------------------------------------- */

static void forget(struct request *rq)
{
	u32 i;

	for (i = 0; i < rq->draft_nr; i++)
		free(rq->draft[i].item);
	free(rq->draft);
	free(rq->ended);
	free(rq->wide);
	rq->draft = NULL;
	rq->wide = rq->ended = NULL;
	rq->draft_nr = rq->ended_nr = rq->ended_room = 0;
}

static bool plan(const struct registrar *r, struct request *rq)
{
	u32 i;

	rq->wide = calloc(rq->nr + 1, sizeof(*rq->wide));
	if (!rq->wide)
		abort();
	find_pages(r, rq);
	draft_fresh(r, rq);
	for (i = 0; i < rq->draft_nr; i++)
		keep_existing(r, rq, &rq->draft[i]);
	for (i = 0; i < rq->draft_nr; i++)
		if (rq->draft[i].nr > ESTP_PAGE_ENTRY_MAX)
			return false;
	return true;
}

static bool is_wide(const struct registrar *r, const struct estp_sequence *seq)
{
	return pages_between(r, seq->start, span_last(seq)) > 1;
}

static u64 new_keys(const struct registrar *r, const struct request *rq)
{
	u64 nr = 0;
	u32 i;

	for (i = 0; i < rq->draft_nr; i++)
		nr += !estp_index_find(r->set.index, rq->draft[i].addr);
	for (i = 0; i < rq->nr; i++)
		nr += is_wide(r, &rq->seq[i]) && !rq->wide[i];
	return nr;
}

static bool all_fit(const struct registrar *r, const struct request *rq)
{
	u32 *taken = must_alloc((r->set.index->mask / 32 + 1) * sizeof(u32));
	u64 last = r->set.wide_last;
	bool fits = true;
	u32 i;

	memset(taken, 0, (r->set.index->mask / 32 + 1) * sizeof(u32));
	for (i = 0; i < rq->nr; i++)
		if (is_wide(r, &rq->seq[i]) && !rq->wide[i])
			fits &= estp_index_fits(r->set.index, estp_token_key(++last), taken);
	for (i = 0; i < rq->draft_nr; i++)
		if (!estp_index_find(r->set.index, rq->draft[i].addr))
			fits &= estp_index_fits(r->set.index, rq->draft[i].addr, taken);
	free(taken);
	return fits;
}

/* @draw: the multiplier that all of the host's indexes begin with did not do. */
static void move(struct registrar *r, u64 more, bool draw)
{
	u32 slots = estp_set_slots(&r->set, more), from = 0;
	struct estp_index *next = host_index(slots, r->set.index->page_size);
	int done;

	if (draw)
		next->mult = r->mult *= ESTP_INDEX_MULT;
	r->set.next = next;
	r->slots_moved += r->set.index->mask + 1;
	while (!(done = estp_set_move(&r->set, from, r->step))) {
		from += r->step;
		if (r->unlocked)
			r->unlocked(r, r->arg);
	}
	if (done > 0)
		next = estp_set_moved(&r->set);
	host_retire(next);
}

static void build(struct registrar *r, struct request *rq, struct draft *draft)
{
	unsigned long slot = estp_index_find(r->set.index, draft->addr);
	const struct estp_page *old = estp_slot_page(slot);
	u32 i;

	for (i = 0; i < draft->fresh; i++)
		if (draft->item[i].wide)
			draft->item[i].wide = rq->wide[draft->item[i].wide - 1];
	estp_sort(draft->item, draft->nr);
	draft->page = host_page(draft->addr, r->set.index->page_size, draft->item, draft->nr);
	draft->page->birth = old ? old->birth : r->set.gen;
	draft->page->stamp = r->set.gen;
	draft->page->flags = (old ? old->flags : 0) |
			     (draft->responses ? ESTP_PAGE_RESPONSES : 0);
}

static bool add(struct registrar *r, struct request *rq)
{
	bool draw = false;
	u32 i;

	while (plan(r, rq) && !(estp_set_room(&r->set, new_keys(r, rq)) && all_fit(r, rq))) {
		/* The plan may be stale once the set has been unlocked. */
		move(r, new_keys(r, rq), draw);
		draw = true;
		forget(rq);
	}
	for (i = 0; i < rq->draft_nr; i++)
		if (rq->draft[i].nr > ESTP_PAGE_ENTRY_MAX) {
			forget(rq);
			return false;
		}

	for (i = 0; i < rq->nr; i++)
		if (is_wide(r, &rq->seq[i]) && !rq->wide[i]) {
			rq->wide[i] = ++r->set.wide_last;
			estp_set_put(&r->set, host_token(rq->wide[i], &rq->seq[i]));
		}
	for (i = 0; i < rq->draft_nr; i++)
		build(r, rq, &rq->draft[i]);
	for (i = 0; i < rq->draft_nr; i++)
		estp_set_put(&r->set, rq->draft[i].page);
	for (i = 0; i < rq->ended_nr; i++)
		estp_set_remove(&r->set, estp_token_key(rq->ended[i]));
	forget(rq);
	return true;
}

bool registrar_add_page(struct registrar *r, u64 addr, const struct estp_sequence *seq, u32 nr)
{
	struct request rq = { .is_page = true, .addr = addr, .seq = seq, .nr = nr };

	return add(r, &rq);
}

bool registrar_add_table(struct registrar *r, const struct estp_sequence *seq, u32 nr)
{
	struct request rq = { .seq = seq, .nr = nr };

	return add(r, &rq);
}

/* ---- The rest ------------------------------------------------------------------------ */

void registrar_start(struct registrar *r, u32 page_size)
{
	*r = (struct registrar) { .step = 1000, .mult = ESTP_INDEX_MULT };
	estp_set_init(&r->set, host_index(INDEX_SLOTS_FIRST, page_size));
}

void registrar_stop(struct registrar *r)
{
	host_set_free(&r->set);
}

void registrar_fork(struct registrar *child, const struct registrar *parent)
{
	u32 slots = parent->set.index->mask + 1;

	*child = (struct registrar) { .step = parent->step, .mult = parent->mult };
	estp_set_copy(&child->set, &parent->set, must_alloc(ESTP_INDEX_BYTES(slots)));
}

bool registrar_unregister(struct registrar *r, u64 start, u64 end)
{
	struct estp_step step = { 0 };
	bool found = false;

	while (!estp_set_unregister(&r->set, start, end, &step, r->step, &found))
		;
	return found;
}

void registrar_unmap(struct registrar *r, u64 start, u64 end)
{
	struct estp_step step = { 0 };

	while (!estp_set_unmap(&r->set, start, end, &step, r->step))
		;
}

void registrar_sweep(struct registrar *r)
{
	struct estp_step step = { 0 };

	while (!estp_set_sweep(&r->set, &step, r->step))
		if (r->unlocked)
			r->unlocked(r, r->arg);
}
