// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * One code page, compiled.  struct estp_code in core.h says how and why.
 */
#include "core.h"

/* A word behind the entries; those are multiples of 4 bytes. */
typedef u64 __attribute__((aligned(4))) word_t;

#define TOKEN_SHIFT	16	/* above the index of the entry */

_Static_assert(sizeof(struct estp_code) == 20, "20 bytes an entry");
_Static_assert(offsetof(struct estp_page, code) == 60, "60 bytes before the entries");

static word_t *wide_words(const struct estp_page *page)
{
	return (word_t *)&page->code[estp_page_entries(page)];
}

static u16 reach_of(u32 last)
{
	return last >= 0xffff ? 0xffff : last + 1;
}

static u16 further(u16 a, u16 b)
{
	return a > b ? a : b;
}

static void build_entry(struct estp_code *code, const struct estp_code *before, u64 addr,
			u32 page_size, const struct estp_item *item)
{
	const struct estp_sequence *seq = &item->seq;
	u64 end = seq->start + seq->length, away = seq->response - addr;
	u32 cause;
	u16 reach;

	code->start = seq->start > addr ? seq->start - addr : 0;
	code->last = (end < addr + page_size ? end - addr : page_size) - 1;
	code->response_lo = (u32)away;
	code->bits = (u16)((away >> 32 & 0xff) << ESTP_CODE_HI_SHIFT) | seq->causes;
	if (seq->flags & ESTP_ENTRY_RESET_PKEY)
		code->bits |= ESTP_CODE_RESET_PKEY;
	if (item->wide)
		code->bits |= ESTP_CODE_WIDE;
	if (away >= page_size || away + seq->response_len > page_size)
		code->bits |= ESTP_CODE_FAR;

	reach = reach_of(code->last);
	if (seq->selector == ESTP_FAULT) {
		for (cause = 0; cause < ESTP_CAUSE_NR; cause++)
			code->reach[cause] = further(before ? before->reach[cause] : 0,
						     seq->causes >> cause & 1 ? reach : 0);
	} else {
		code->one.reach = further(before ? before->one.reach : 0, reach);
		code->one.response_len = seq->response_len;
		code->one.mask_lo = (u16)seq->clear_mask;
		code->one.mask_hi = seq->clear_mask >> 16;
	}
}

/* Not by assigning a whole struct: its size has padding, in which code[] begins. */
static void page_begin(struct estp_page *page, u64 key)
{
	__builtin_memset(page, 0, offsetof(struct estp_page, code));
	page->key = key;
}

void estp_page_build(struct estp_page *page, u64 addr, u32 page_size,
		     const struct estp_item *item, u32 nr)
{
	u32 i, run = 0, wide_nr = 0;
	word_t *wide;

	page_begin(page, addr);
	for (i = 0; i < nr; i++) {
		u32 its_run = estp_run(item[i].seq.selector, item[i].seq.layout);
		bool first = i == 0;

		estp_relax(i);
		for (; run < its_run; run++) {
			page->end[run] = i;
			first = true;
		}
		build_entry(&page->code[i], first ? NULL : &page->code[i - 1], addr,
			    page_size, &item[i]);
	}
	for (; run < ESTP_RUN_NR; run++)
		page->end[run] = nr;

	wide = wide_words(page);
	for (i = 0; i < nr; i++) {
		estp_relax(i);
		if (item[i].wide)
			wide[wide_nr++] = item[i].wide << TOKEN_SHIFT | i;
	}
	page->wide_nr = wide_nr;
}

void estp_token_build(struct estp_page *page, u64 wide, const struct estp_sequence *seq)
{
	page_begin(page, estp_token_key(wide));
	page->birth = seq->start;
	page->stamp = seq->length;
}

u64 estp_page_wide(const struct estp_page *page, u32 i)
{
	const word_t *wide = wide_words(page);
	u32 lo = 0, hi = page->wide_nr;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;
		u32 at = wide[mid] & ESTP_PAGE_ENTRY_MAX;

		if (at == i)
			return wide[mid] >> TOKEN_SHIFT;
		if (at < i)
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

u64 estp_page_token(const struct estp_page *page, u32 k)
{
	return wide_words(page)[k] >> TOKEN_SHIFT;
}

void estp_page_kind(const struct estp_page *page, u32 i, u8 *selector, u8 *layout)
{
	u32 run = 0;

	while (i >= page->end[run])
		run++;
	*selector = run / 2;
	*layout = run % 2 ? ESTP_LAYOUT_PAGE : ESTP_LAYOUT_TABLE;
}
