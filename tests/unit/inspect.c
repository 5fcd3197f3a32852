// SPDX-License-Identifier: MIT
/*
 * Looking into a registrar's set: as an event does, as a tool does, and as whoever wrote
 * it would.
 */
#include "host.h"
#include "registrar.h"

bool registrar_event(const struct registrar *r, u64 pc, u8 selector, u8 cause,
		     struct estp_match *match)
{
	const struct estp_page *page = estp_index_page(r->set.index, pc);

	return page && estp_match(r->set.index, page, pc, selector, cause, match);
}

u32 registrar_list(const struct registrar *r, struct estp_sequence *out, u32 room)
{
	const struct estp_index *ix = r->set.index;
	u32 s, i, nr = 0;

	for (s = 0; s <= ix->mask; s++) {
		const struct estp_page *page = estp_slot_page(ix->slot[s]);

		if (!page || estp_key_is_token(page->key) || ix->slot[s] & ESTP_SLOT_VOID)
			continue;
		for (i = 0; i < estp_page_entries(page); i++) {
			struct estp_sequence seq;

			if (!estp_set_alive(ix, page, i))
				continue;
			estp_set_sequence(ix, page, i, &seq);
			if (seq.start < page->key)
				continue;
			if (nr < room)
				out[nr] = seq;
			nr++;
		}
	}
	return nr;
}

bool registrar_sane(const struct registrar *r)
{
	const struct estp_set *set = &r->set;
	u64 pages = 0, code_pages = 0, tokens = 0, bytes = 0;
	u32 used = 0, s;

	for (s = 0; s <= set->index->mask; s++) {
		unsigned long slot = set->index->slot[s];
		const struct estp_page *page = estp_slot_page(slot);

		used += slot != 0;
		if (!slot || page->key == ~0ull)
			continue;
		if (estp_index_find(set->index, page->key) != slot)
			return false;
		bytes += estp_page_cost(estp_page_bytes(page));
		if (estp_key_is_token(page->key)) {
			tokens++;
			continue;
		}
		pages++;
		code_pages += !(slot & ESTP_SLOT_VOID) && estp_page_entries(page);
		if (page->key < set->index->lo ||
		    page->key + set->index->page_size > set->index->lo + set->index->len)
			return false;
	}
	return pages == set->pages && code_pages == set->code_pages &&
	       tokens == set->tokens && bytes == set->bytes && used <= set->index->used &&
	       8ull * set->index->used <= 5 * (set->index->mask + 1ull);
}

u64 registrar_bytes(const struct registrar *r)
{
	return r->set.bytes + estp_page_cost(ESTP_INDEX_BYTES((u64)r->set.index->mask + 1));
}
