// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The answer to an event.
 *
 * What an event reads is one slot for its page, and, only after a hit whose span or
 * response reaches another page, one or two more to see whether that entry has ended.
 */
#include "core.h"

u64 estp_response_pages(const struct estp_index *ix, const struct estp_page *page, u32 i,
			u64 *last)
{
	const struct estp_code *code = &page->code[i];

	*last = estp_code_response(page, code);
	/* Only INTERRUPT has a length. */
	if (i >= page->end[2 * ESTP_INTERRUPT - 1] && i < page->end[2 * ESTP_INTERRUPT + 1])
		*last += code->one.response_len - 1;
	return estp_code_response(page, code) & ~(u64)(ix->page_size - 1);
}

/* Is every page of an entry's response still the one that it was meant for? */
static bool response_alive(const struct estp_index *ix, const struct estp_page *page, u32 i,
			   u32 *finds)
{
	u64 last, key = estp_response_pages(ix, page, i, &last);

	for (; key <= last; key += ix->page_size) {
		unsigned long slot = estp_index_find(ix, key);

		++*finds;
		if (!slot || estp_slot_page(slot)->birth > page->stamp)
			return false;
	}
	return true;
}

/* Of an entry whose span or response reaches another page. */
static noinline bool reaches(const struct estp_index *ix, const struct estp_page *page, u32 i,
			     u32 *finds)
{
	u16 bits = page->code[i].bits;

	if (bits & ESTP_CODE_WIDE) {
		++*finds;
		if (!estp_index_find(ix, estp_token_key(estp_page_wide(page, i))))
			return false;
	}
	return !(bits & ESTP_CODE_FAR) || response_alive(ix, page, i, finds);
}

/* @finds: grows by the look-ups that it takes to tell. */
static inline bool alive(const struct estp_index *ix, const struct estp_page *page, u32 i,
			 u32 *finds)
{
	return likely(!(page->code[i].bits & (ESTP_CODE_WIDE | ESTP_CODE_FAR))) ||
	       reaches(ix, page, i, finds);
}

/*
 * Once the first one proves ended the search is linear, and bounded.  Not by the number of those that have ended: a
 * response has up to 17 pages, and each look-up may pass ESTP_PROBES slots.
 */
#define FINDS_MAX	64	/* look-ups for ended entries, after which no further one is passed over */
#define LOOK_MAX	4096	/* entries that are looked at */

/* The first of [i, end) that covers off, has the cause, and has not ended. */
static noinline const struct estp_code *first_alive(const struct estp_index *ix,
						    const struct estp_page *page, u32 i,
						    u32 end, u32 off, u8 selector, u8 cause)
{
	u32 looks, finds = 0;

	for (looks = 0; i < end && page->code[i].start <= off && looks < LOOK_MAX;
	     i++, looks++) {
		const struct estp_code *code = &page->code[i];

		if (code->last < off)
			continue;
		if (selector == ESTP_FAULT && !(code->bits >> cause & 1))
			continue;
		if (alive(ix, page, i, &finds))
			return code;
		if (finds > FINDS_MAX)
			break;
	}
	return NULL;
}

/* The entry that decides at off, of run entries [lo, end); NULL if none does. */
static inline const struct estp_code *winner(const struct estp_index *ix,
					     const struct estp_page *page, u32 lo, u32 end,
					     u32 off, u8 selector, u8 cause)
{
	const struct estp_code *code = estp_first_cover(page, lo, end, off, cause);

	if (!code || !(code->bits & (ESTP_CODE_WIDE | ESTP_CODE_FAR)))
		return code;
	return first_alive(ix, page, code - page->code, end, off, selector, cause);
}

bool estp_match_ending(const struct estp_index *ix, const struct estp_page *page, u64 pc,
		       u8 selector, u8 cause, struct estp_match *match)
{
	u32 run = 2u * selector, off = pc - page->key;
	u32 start = run ? page->end[run - 1] : 0, tables = page->end[run];
	const struct estp_code *code = NULL;

	if (start != tables)
		code = winner(ix, page, start, tables, off, selector, cause);
	if (!code)
		code = winner(ix, page, tables, page->end[run + 1], off, selector, cause);
	if (!code)
		return false;

	estp_match_fill(page, code, selector, match);
	return true;
}

bool estp_set_alive(const struct estp_index *ix, const struct estp_page *page, u32 i)
{
	u32 finds = 0;

	return alive(ix, page, i, &finds);
}

u64 estp_set_sequence(const struct estp_index *ix, const struct estp_page *page, u32 i,
		      struct estp_sequence *out)
{
	const struct estp_code *code = &page->code[i];
	u64 wide = code->bits & ESTP_CODE_WIDE ? estp_page_wide(page, i) : 0;

	*out = (struct estp_sequence) {
		.start = page->key + code->start,
		.length = code->last - code->start + 1u,
		.response = estp_code_response(page, code),
		.causes = code->bits & ESTP_CODE_CAUSES,
		.flags = code->bits & ESTP_CODE_RESET_PKEY ? ESTP_ENTRY_RESET_PKEY : 0,
	};
	estp_page_kind(page, i, &out->selector, &out->layout);
	if (out->selector == ESTP_INTERRUPT) {
		out->response_len = code->one.response_len;
		out->clear_mask = code->one.mask_lo | (u32)code->one.mask_hi << 16;
	}
	if (wide) {
		unsigned long slot = estp_index_find(ix, estp_token_key(wide));

		if (slot) {
			out->start = estp_slot_page(slot)->birth;
			out->length = estp_slot_page(slot)->stamp;
		}
	}
	return wide;
}
