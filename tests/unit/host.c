// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include "host.h"

const struct estp_rules rules_x86_64 = {
	.page_size = 4096,
	.clear_valid = 0x8000ffef,
	.insn_align = 1,
	.causes = 0x1f,
	.reset_pkey = true,
};

const struct estp_rules rules_arm64 = {
	.page_size = 4096,
	.clear_valid = 0xffffffff,
	.insn_align = 4,
	.causes = 0x1f,
	.reset_pkey = true,
};

u64 host_pages_live;

void (*host_retire)(void *memory) = free;

void *must_alloc(size_t bytes)
{
	void *memory = malloc(bytes ? bytes : 1);

	if (!memory)
		abort();
	return memory;
}

struct estp_page *host_page(u64 addr, u32 page_size, const struct estp_item *item, u32 nr)
{
	struct estp_page *page;
	u32 i, wide_nr = 0;

	for (i = 0; i < nr; i++)
		wide_nr += item[i].wide != 0;
	page = must_alloc(ESTP_PAGE_BYTES(nr, wide_nr));
	estp_page_build(page, addr, page_size, item, nr);
	page->refs = 1;
	host_pages_live++;
	return page;
}

struct estp_page *host_token(u64 wide, const struct estp_sequence *seq)
{
	struct estp_page *page = must_alloc(ESTP_PAGE_BYTES(0, 0));

	estp_token_build(page, wide, seq);
	page->refs = 1;
	host_pages_live++;
	return page;
}

struct estp_index *host_index(u32 slots, u32 page_size)
{
	struct estp_index *ix = must_alloc(ESTP_INDEX_BYTES(slots));

	estp_index_init(ix, slots, page_size);
	return ix;
}

void estp_page_drop(struct estp_page *page)
{
	if (--page->refs)
		return;
	host_pages_live--;
	host_retire(page);
}

/* As the kernel's allocator with the module's caches rounds. */
size_t estp_page_cost(size_t bytes)
{
	static const size_t sizes[] = {
		8, 16, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048,
		3072, 4096, 6144, 8192, 12288,
	};
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (bytes <= sizes[i])
			return sizes[i];
	return (bytes + 4095) & ~(size_t)4095;
}

void host_set_free(struct estp_set *set)
{
	u32 i;

	/* A token's or page's key is all that it takes. */
	for (i = 0; i <= set->index->mask; i++) {
		struct estp_page *page = estp_slot_page(set->index->slot[i]);

		if (page && page->key != ~0ull)
			estp_set_remove(set, page->key);
	}
	free(set->index);
	set->index = NULL;
}
