// SPDX-License-Identifier: MIT
/*
 * MASK-1, MASK-3, TAB-5, QRY-4: a mask bit, the reset of protection keys and a cause
 * are accepted if and only if this kernel can honour them, and QUERY says the same.
 *
 * Method: every mask bit, with and without the reset, in both layouts, and every
 * cause, each registered by itself; what is accepted is then read back from the list.
 */
#include "probe.h"

#define VALUE	0x1000

static void *page;
static struct estp_sequence interrupt_sequence(void)
{
	struct list l = list_own();
	struct estp_sequence found = { 0 };
	u32 i;

	for (i = 0; i < l.nr; i++)
		if (l.seq[i].selector == ESTP_INTERRUPT)
			found = l.seq[i];
	list_free(&l);
	return found;
}

static int try_page(u32 mask, bool reset)
{
	u32 response = probe_seq[ESTP_INTERRUPT].response[0];
	u64 prefix = ESTP_PREFIX(mask, 3, reset);

	memcpy((u8 *)page + response - sizeof(prefix), &prefix, sizeof(prefix));
	return probe_register(page);
}

static int try_table(u32 mask, bool reset)
{
	const struct probe_seq *s = &probe_seq[ESTP_INTERRUPT];
	struct table t;
	struct estp_entry *e;
	int err;

	table_init(&t, page);
	e = table_add(&t, ESTP_INTERRUPT, (u8 *)page + s->start, s->end - s->start,
		      (u8 *)page + s->response[0]);
	e->clear_mask = mask;
	e->flags = reset ? ESTP_ENTRY_RESET_PKEY : 0;
	e->response_len = 3;
	err = table_register(&t);
	table_free(&t);
	return err;
}

static bool honoured(u32 mask, bool reset)
{
	u32 valid = probe_clear_valid & ~ESTP_CLEAR_FP;

	if (!madv_query(ESTP_FEATURE_CLEAR_FP))
		valid |= ESTP_CLEAR_FP;
	return !(mask & ~valid) && (!reset || !madv_query(ESTP_FEATURE_RESET_PKEY));
}

static void one(int (*try)(u32 mask, bool reset), const char *layout, u32 mask, bool reset)
{
	struct estp_sequence found;
	int want = honoured(mask, reset) ? 0 : -ENOEXEC;

	is(try(mask, reset), want, "%s, mask %#x%s: %s", layout, mask,
	   reset ? " with reset of protection keys" : "", want ? "refused" : "accepted");
	found = interrupt_sequence();
	if (want) {
		is(found.start, 0, "and not in the list");
		return;
	}
	ok(found.clear_mask == mask && found.flags == (reset ? ESTP_ENTRY_RESET_PKEY : 0) &&
	   found.response_len == 3, "and so it is listed");
	must(!madv_unregister(page, page_size()));
}

static void masks(int (*try)(u32 mask, bool reset), const char *layout)
{
	u32 i;

	one(try, layout, 0, false);
	one(try, layout, 0, true);
	for (i = 0; i < 32; i++)
		one(try, layout, 1u << i, i % 2);
	one(try, layout, probe_clear_valid & ~ESTP_CLEAR_FP, false);
	one(try, layout, probe_clear_valid, true);
	one(try, layout, ~0u, false);
	one(try, layout, ~0u, true);
}

static void causes(void)
{
	const struct probe_seq *s = &probe_seq[ESTP_FAULT];
	u32 valid = ESTP_CAUSE_PAGE, i;

	if (!madv_query(ESTP_FEATURE_MCEERR))
		valid |= ESTP_CAUSE_MCEERR;
	for (i = 0; i < 256; i++) {
		struct table t;
		int want = i && !(i & ~valid) ? 0 : -ENOEXEC, got;

		table_init(&t, page);
		table_add(&t, ESTP_FAULT, (u8 *)page + s->start, s->end - s->start,
			  (u8 *)page + s->response[0])->causes = i;
		got = table_register(&t);
		table_free(&t);
		if (got != want)
			break;
	}
	is(i, 256, "each set of causes is accepted, or refused for one that is not honoured");
	must(!madv_unregister(page, page_size()));
}

void test(void)
{
	int feature;

	need_estp();
	page = probe_new(VALUE);
	for (feature = ESTP_FEATURE_CLEAR_FP; feature <= ESTP_FEATURE_MCEERR; feature++)
		diag("feature %d: %s", feature, madv_query(feature) ? "no" : "yes");
	masks(try_page, "page");
	masks(try_table, "table");
	causes();
}
