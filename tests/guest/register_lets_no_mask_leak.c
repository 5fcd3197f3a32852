// SPDX-License-Identifier: MIT
/*
 * MASK-5, MASK-6, REG-12: where a PREEMPTION or FAULT span meets an INTERRUPT span
 * that masks something, its response must lie where an INTERRUPT span decides that
 * clears at least as much; else the page or table is malformed.
 *
 * Method: a list of arrangements, drawn below each; every one is tried in both
 * layouts, as PREEMPTION and as FAULT. Refused ones must change nothing; each has a
 * twin beside it that differs in the one thing that matters and is accepted.
 */
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define RAX	(1ull << 0)		/* or x0, x1 */
#define RCX	(1ull << 1)
#define PKEY	(1ull << 32)		/* beside the mask: reset of protection keys */

/* Offsets from AT, behind any header. */
#define AT	0x200
struct span {
	u32 start, end, response;
	u64 mask;
};
#define BOX(start, end, mask) { start, end, 0x180, mask }

static const struct arrangement {
	const char *what;
	bool leaks;
	struct span other;		/* PREEMPTION or FAULT */
	struct span box[3];		/* INTERRUPT; end 0: none */
} arrangements[] = {
	{ "inside a box, response outside", true,
	  { 0x10, 0x20, 0x80, 0 }, { BOX(0x00, 0x40, RCX) } },
	{ "inside a box, response inside", false,
	  { 0x10, 0x20, 0x08, 0 }, { BOX(0x00, 0x40, RCX) } },
	{ "inside a box that masks nothing, response outside", false,
	  { 0x10, 0x20, 0x80, 0 }, { BOX(0x00, 0x40, 0) } },
	{ "a box that only resets protection keys, response outside", true,
	  { 0x10, 0x20, 0x80, 0 }, { BOX(0x00, 0x40, PKEY) } },
	{ "a box that only resets protection keys, response inside", false,
	  { 0x10, 0x20, 0x30, 0 }, { BOX(0x00, 0x40, PKEY) } },

	{ "response at the box's first byte", false,
	  { 0x10, 0x20, 0x04, 0 }, { BOX(0x04, 0x40, RCX) } },
	{ "response before the box's first byte", true,
	  { 0x10, 0x20, 0x03, 0 }, { BOX(0x04, 0x40, RCX) } },
	{ "response at the box's last byte", false,
	  { 0x10, 0x20, 0x3f, 0 }, { BOX(0x00, 0x40, RCX) } },
	{ "response behind the box's last byte", true,
	  { 0x10, 0x20, 0x40, 0 }, { BOX(0x00, 0x40, RCX) } },

	{ "the span ends where the box begins", false,
	  { 0x10, 0x20, 0x80, 0 }, { BOX(0x20, 0x40, RCX) } },
	{ "the span reaches one byte into the box", true,
	  { 0x10, 0x21, 0x80, 0 }, { BOX(0x20, 0x40, RCX) } },
	{ "the span begins where the box ends", false,
	  { 0x40, 0x50, 0x80, 0 }, { BOX(0x20, 0x40, RCX) } },
	{ "the span begins at the box's last byte", true,
	  { 0x3f, 0x50, 0x80, 0 }, { BOX(0x20, 0x40, RCX) } },
	{ "the span holds the box", true,
	  { 0x10, 0x60, 0x80, 0 }, { BOX(0x20, 0x40, RCX) } },

	{ "a second box that clears the same", false,
	  { 0x10, 0x20, 0x80, 0 }, { BOX(0x00, 0x40, RCX), BOX(0x80, 0x90, RCX) } },
	{ "a second box that clears more", false,
	  { 0x10, 0x20, 0x80, 0 }, { BOX(0x00, 0x40, RCX), BOX(0x80, 0x90, RCX | RAX) } },
	{ "a second box that clears another register", true,
	  { 0x10, 0x20, 0x80, 0 }, { BOX(0x00, 0x40, RCX), BOX(0x80, 0x90, RAX) } },
	{ "a second box that clears less", true,
	  { 0x10, 0x20, 0x80, 0 }, { BOX(0x00, 0x40, RCX | RAX), BOX(0x80, 0x90, RCX) } },
	{ "a second box without the reset of protection keys", true,
	  { 0x10, 0x20, 0x80, 0 }, { BOX(0x00, 0x40, RCX | PKEY), BOX(0x80, 0x90, RCX) } },
	{ "a second box with it", false,
	  { 0x10, 0x20, 0x80, 0 }, { BOX(0x00, 0x40, RCX | PKEY), BOX(0x80, 0x90, RCX | PKEY) } },

	{ "a span over two boxes, response where one mask is cleared", true,
	  { 0x10, 0x60, 0x00, 0 }, { BOX(0x00, 0x20, RCX), BOX(0x40, 0x60, RAX) } },
	{ "a span over two boxes, response where both are", false,
	  { 0x10, 0x60, 0x80, 0 }, { BOX(0x00, 0x20, RCX), BOX(0x40, 0x60, RAX),
				     BOX(0x80, 0x90, RAX | RCX) } },

	{ "response where a lesser box decides before a sufficient one", true,
	  { 0x10, 0x20, 0x80, 0 }, { BOX(0x00, 0x40, RCX), BOX(0x70, 0x90, RAX),
				     BOX(0x78, 0x90, RCX) } },
	{ "response where the sufficient one decides", false,
	  { 0x10, 0x20, 0x80, 0 }, { BOX(0x00, 0x40, RCX), BOX(0x70, 0x90, RCX),
				     BOX(0x78, 0x90, RAX) } },
	{ "a box that never decides counts for the span", true,
	  { 0x10, 0x20, 0x00, 0 }, { BOX(0x00, 0x40, RCX), BOX(0x08, 0x40, RAX) } },
	{ "a box that never decides counts for the span, cleared by the first", false,
	  { 0x10, 0x20, 0x00, 0 }, { BOX(0x00, 0x40, RCX | RAX), BOX(0x08, 0x40, RAX) } },
};

static u32 box_nr(const struct arrangement *a)
{
	u32 nr = 0;

	while (nr < ARRAY_LEN(a->box) && a->box[nr].end)
		nr++;
	return nr;
}

/* Prefix words: each box has a response of its own, behind everything. */
static u32 box_response(u32 i)
{
	return AT + INSNS(0x180 + 0x20 * i);
}

static int by_word(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static int as_page(const struct arrangement *a, int selector, u8 *page)
{
	u64 *word = (u64 *)page;
	u32 i, nr = box_nr(a);

	word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, nr + 1);
	word[1] = ESTP_DESCRIPTOR(selector, AT + INSNS(a->other.start), AT + INSNS(a->other.end),
				  AT + INSNS(a->other.response));
	for (i = 0; i < nr; i++) {
		u64 prefix = ESTP_PREFIX(a->box[i].mask, 1, a->box[i].mask & PKEY);

		word[2 + i] = ESTP_DESCRIPTOR(ESTP_INTERRUPT, AT + INSNS(a->box[i].start),
					      AT + INSNS(a->box[i].end), box_response(i));
		memcpy(page + box_response(i) - 8, &prefix, 8);
	}
	qsort(word + 1, nr + 1, 8, by_word);
	return madv_register(page, page_size());
}

static int as_table(const struct arrangement *a, int selector, u8 *page)
{
	u8 *at = page + AT;
	struct table t;
	int err;
	u32 i;

	table_init(&t, page);
	/* Any order will do: the last box first, the other in between. */
	for (i = box_nr(a); i-- > 0;) {
		struct estp_entry *e = table_add(&t, ESTP_INTERRUPT, at + INSNS(a->box[i].start),
						 INSNS(a->box[i].end - a->box[i].start),
						 page + box_response(i));

		e->clear_mask = a->box[i].mask;
		e->flags = a->box[i].mask & PKEY ? ESTP_ENTRY_RESET_PKEY : 0;
		if (i == box_nr(a) - 1)
			table_add(&t, selector, at + INSNS(a->other.start),
				  INSNS(a->other.end - a->other.start), at + INSNS(a->other.response));
	}
	err = table_register(&t);
	table_free(&t);
	return err;
}

static void try(struct guard *guard, const struct arrangement *a, int selector, int layout)
{
	static const char *const names[] = { "PREEMPTION", "INTERRUPT", "FAULT" };
	u8 *page = pages_new(1);
	u32 i;
	int err;

	for (i = 0; i < box_nr(a); i++)
		if ((a->box[i].mask & PKEY) && madv_query(ESTP_FEATURE_RESET_PKEY)) {
			skip("%s: no protection keys", a->what);
			return;
		}
	err = layout == ESTP_LAYOUT_PAGE ? as_page(a, selector, page) :
					   as_table(a, selector, page);
	if (a->leaks)
		left_alone(guard, err, ENOEXEC, "%s, %s: %s", layout_names[layout],
			   names[selector], a->what);
	else
		is(err, 0, "twin: %s, %s: %s", layout_names[layout], names[selector], a->what);
	if (!err)
		must(!madv_unregister(page, page_size()));
	munmap(page, page_size());
}

/* It is a rule of one page or table: over two, it is the authors' affair. */
static void apart(struct guard *guard)
{
	const struct arrangement whole = {
		"", true, { 0x10, 0x20, 0x80, 0 }, { BOX(0x00, 0x40, RCX) },
	};
	struct arrangement box_only = whole;
	u8 *page = pages_new(1);
	struct table t;

	box_only.other = (struct span) { 0x100, 0x110, 0x100, 0 };
	is(as_page(&box_only, ESTP_FAULT, page), 0, "a page with the box");
	table_init(&t, page);
	table_add(&t, ESTP_FAULT, page + AT + INSNS(0x10), INSNS(0x10), page + AT + INSNS(0x80));
	is(table_register(&t), 0, "a table with the span over it");
	table_free(&t);
	must(!madv_unregister(page, page_size()));
	guard_renew(guard);
	left_alone(guard, as_page(&whole, ESTP_FAULT, page), ENOEXEC, "twin: both in one page");
}

void test(void)
{
	struct guard guard;
	unsigned int i, layout;

	need_estp();
	guard_new(&guard, VALUE);
	for (layout = 0; layout < ARRAY_LEN(layouts); layout++) {
		for (i = 0; i < ARRAY_LEN(arrangements); i++) {
			try(&guard, &arrangements[i], ESTP_PREEMPTION, layout);
			try(&guard, &arrangements[i], ESTP_FAULT, layout);
		}
	}
	apart(&guard);
}
