// SPDX-License-Identifier: MIT
/*
 * Clauses: TAB-7, TAB-8, LIFE-7, LIFE-9, EVT-8.
 * Claim: an entry that ended because its response or another page of its span went
 * away is passed over, and the next one in order decides, however many live ones
 * stand in between; as long as 64 look-ups tell that those over one pc have ended.
 * Method: ended ones of every kind before a live one; nested so that all hold the pc,
 * and with live ones in between that do not.
 */
#include "shape.h"

#define PAGE	4096ull
#define ADDR	0x7f0000000000ull
#define FAR	(ADDR + 16 * PAGE)

static struct estp_sequence seq[5000];

static struct estp_sequence make(u64 off, u32 length, u64 response, u8 selector)
{
	return (struct estp_sequence) {
		.start = ADDR + off, .length = length, .response = response,
		.selector = selector, .causes = selector == ESTP_FAULT ? 15 : 0,
		.response_len = selector == ESTP_INTERRUPT, .layout = ESTP_LAYOUT_TABLE,
	};
}

struct both {
	struct registrar r;
	struct model model;
};

static void start(struct both *b, u32 nr)
{
	registrar_start(&b->r, PAGE);
	model_start(&b->model, PAGE);
	expect(registrar_add_table(&b->r, seq, nr), "table");
	model_add_table(&b->model, seq, nr);
}

static void unmap(struct both *b, u64 start, u64 end)
{
	registrar_unmap(&b->r, start, end);
	model_unmap(&b->model, start, end);
}

static void stop(struct both *b)
{
	u64 off;

	for (off = 0; off < PAGE; off++)
		compare_at(&b->r, &b->model, ADDR + off);
	compare_lists(&b->r, &b->model);
	expect(registrar_sane(&b->r), "counters");
	registrar_stop(&b->r);
	model_stop(&b->model);
	expect(!host_pages_live, "leak");
}

/* nr entries around offset 2048, the outermost first, that end; one that does not. */
static void nested(u32 nr, u8 selector, bool wide)
{
	struct both b;
	u32 i;

	for (i = 0; i < nr; i++)
		seq[i] = make(1000 + i, wide ? 3 * PAGE : 2000, wide ? ADDR : FAR, selector);
	seq[nr] = make(2048, 4, ADDR + 32, selector);
	start(&b, nr + 1);
	unmap(&b, wide ? ADDR + 2 * PAGE : FAR, FAR + PAGE);
	expect(b.model.nr == 1, "%u", b.model.nr);
	stop(&b);
}

/* The search is bounded: beyond 64 nothing decides, rather than a wrong one. */
static void too_many(u32 nr)
{
	struct estp_match match;
	struct both b;
	u32 i;

	for (i = 0; i < nr; i++)
		seq[i] = make(1000 + i, 2000, FAR, ESTP_PREEMPTION);
	seq[nr] = make(2048, 4, ADDR + 32, ESTP_PREEMPTION);
	start(&b, nr + 1);
	unmap(&b, FAR, FAR + PAGE);
	expect(!registrar_event(&b.r, ADDR + 2048, ESTP_PREEMPTION, 0, &match), "%u ended", nr);
	/* The next registration on the page drops what ended. */
	expect(registrar_add_table(&b.r, &seq[nr], 1), "again");
	model_add_table(&b.model, &seq[nr], 1);
	stop(&b);
}

/* Each look-up counts: a response may lie on many pages, of which the last went. */
static void long_responses(u32 nr, bool decides)
{
	struct estp_match match;
	struct both b;
	u32 i;

	for (i = 0; i < nr; i++) {
		seq[i] = make(1000 + i, 2000, FAR + 8, ESTP_INTERRUPT);
		seq[i].response_len = 16 * PAGE - 1;
	}
	seq[nr] = make(2048, 4, ADDR + 32, ESTP_INTERRUPT);
	start(&b, nr + 1);
	unmap(&b, FAR + 16 * PAGE, FAR + 17 * PAGE);
	expect(registrar_event(&b.r, ADDR + 2048, ESTP_INTERRUPT, 0, &match) == decides, "%u ended", nr);
	if (!decides) {
		expect(registrar_add_table(&b.r, &seq[nr], 1), "again");
		model_add_table(&b.model, &seq[nr], 1);
	}
	stop(&b);
}

/* One that ends around many live ones, side by side. */
static void around(u32 nr, u8 selector)
{
	struct both b;
	u32 i, length = 4000 / nr;

	for (i = 0; i < nr; i++)
		seq[i] = make(8 + i * length, length, ADDR + i, selector);
	seq[nr] = make(0, PAGE, FAR, selector);
	start(&b, nr + 1);
	unmap(&b, FAR, FAR + PAGE);
	expect(b.model.nr == nr, "%u", b.model.nr);
	stop(&b);
}

/* The page's own descriptor takes over when the entry before it ends. */
static void descriptor_next(u8 selector)
{
	struct both b;

	seq[0] = make(100, 50, FAR, selector);
	start(&b, 1);
	seq[1] = make(100, 50, ADDR + 500, selector);
	seq[1].layout = ESTP_LAYOUT_PAGE;
	expect(registrar_add_page(&b.r, ADDR, &seq[1], 1), "page");
	model_add_page(&b.model, ADDR, &seq[1], 1);
	compare_at(&b.r, &b.model, ADDR + 120);
	unmap(&b, FAR, FAR + PAGE);
	stop(&b);
}

/* Ended for good: its page mapped anew and registered again does not bring it back. */
static void not_brought_back(void)
{
	struct both b;

	seq[0] = make(100, 50, FAR, 0);
	start(&b, 1);
	unmap(&b, FAR, FAR + PAGE);
	seq[0] = make(FAR - ADDR + 8, 8, FAR + 8, 0);
	expect(registrar_add_table(&b.r, seq, 1), "anew");
	model_add_table(&b.model, seq, 1);
	compare_at(&b.r, &b.model, FAR + 8);
	stop(&b);
}

/* An INTERRUPT response that runs on to the next page needs that, too. */
static void response_end(u64 unmapped)
{
	struct both b;

	seq[0] = make(100, 50, FAR - 8, ESTP_INTERRUPT);
	seq[0].response_len = 9;
	seq[1] = make(300, 50, ADDR + PAGE - 8, ESTP_INTERRUPT);
	seq[1].response_len = 2 * PAGE + 9;
	seq[2] = make(500, 50, ADDR + PAGE - 8, ESTP_INTERRUPT);
	seq[2].response_len = 8;
	start(&b, 3);
	unmap(&b, unmapped, unmapped + PAGE);
	stop(&b);
}

/* The first and last byte of this page and its neighbours, each as a response. */
static void response_beside(u64 response, u64 unmapped, u8 selector)
{
	struct both b;

	seq[0] = make(100, 50, response, selector);
	seq[0].response_len = selector == ESTP_INTERRUPT;
	start(&b, 1);
	unmap(&b, unmapped, unmapped + PAGE);
	stop(&b);
}

int main(void)
{
	static const s64 beside[] = { -1, 0, PAGE - 1, PAGE };
	u32 nr, i;
	u64 off;

	for (nr = 0; nr <= 64; nr++)
		nested(nr, nr % 3, false);
	claim("up to 64 whose response was unmapped");
	for (nr = 0; nr <= 64; nr++)
		nested(nr, nr % 3, true);
	claim("up to 64 of whose span another page was unmapped");
	for (nr = 65; nr < 300; nr += 13)
		too_many(nr);
	claim("beyond 64 none decides, until something is registered on the page");
	for (nr = 0; nr < 8; nr++)
		long_responses(nr, nr <= 64 / 17);
	claim("those with responses on 17 pages count 17 times");
	for (nr = 1; nr <= 4000; nr += 1 + nr / 5)
		around(nr, nr % 3);
	claim("one around up to 4000 live ones");
	for (nr = 0; nr < 3; nr++)
		descriptor_next(nr);
	claim("an entry that ended gives way to the page's descriptor");
	not_brought_back();
	claim("what ended stays so when its response's page comes again");
	for (off = 0; off < 18 * PAGE; off += PAGE)
		response_end(ADDR + off);
	for (i = 0; i < 4; i++)
		for (nr = 0; nr < 3; nr++) {
			response_beside(ADDR + beside[i], ADDR - PAGE, nr);
			response_beside(ADDR + beside[i], ADDR + PAGE, nr);
		}
	claim("unmapping any page of a response ends the entry");
	return tap_done();
}
