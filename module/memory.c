// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the sets: at most 96 bytes a page and 32 a descriptor (SPEC MEM-1), charged
 * to whoever registers.
 *
 * kmalloc's sizes double from 256 bytes on, which would waste up to half; caches between
 * them keep the loss under a third.  Pages beyond the largest come from vmalloc.
 */
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "estp.h"
#include "compat/compat.h"

static const struct {
	const char *name;
	u32 size;
} between[] = {
	{ "estp-384", 384 }, { "estp-768", 768 }, { "estp-1536", 1536 },
	{ "estp-3072", 3072 }, { "estp-6144", 6144 }, { "estp-12288", 12288 },
};

#define KMALLOC_DENSE	256	/* up to here kmalloc's sizes lie close enough */

static struct kmem_cache *cache[ARRAY_SIZE(between)];

static size_t kmalloc_cost(size_t bytes)
{
	if (bytes <= 64)
		return 64;
	if (bytes > 64 && bytes <= 96)
		return 96;
	if (bytes > 128 && bytes <= 192)
		return 192;
	return roundup_pow_of_two(bytes);
}

/* The cache that fits closer than kmalloc, or -1. */
static int find_cache(size_t bytes)
{
	int i;

	if (bytes <= KMALLOC_DENSE)
		return -1;
	for (i = 0; i < ARRAY_SIZE(between); i++)
		if (bytes <= between[i].size)
			return between[i].size < kmalloc_cost(bytes) ? i : -1;
	return -1;
}

static bool from_vmalloc(size_t bytes)
{
	return bytes > between[ARRAY_SIZE(between) - 1].size;
}

size_t estp_page_cost(size_t bytes)
{
	int i = find_cache(bytes);

	if (from_vmalloc(bytes))
		return PAGE_ALIGN(bytes);
	return i >= 0 ? between[i].size : kmalloc_cost(bytes);
}

/* As close as it gets: kvmalloc() would round up to a power of two pages. */
static void *alloc(size_t bytes)
{
	int i = find_cache(bytes);

	if (from_vmalloc(bytes))
		return __vmalloc(bytes, GFP_KERNEL_ACCOUNT);
	if (i >= 0)
		return kmem_cache_alloc(cache[i], GFP_KERNEL_ACCOUNT);
	return kmalloc(bytes, GFP_KERNEL_ACCOUNT);
}

/* More than this would be cleared at a stretch (init_on_alloc), were it physically one piece. */
#define AT_A_STRETCH	max_t(size_t, SZ_32K, PAGE_SIZE)

void *estp_array_alloc(size_t nr, size_t size)
{
	const gfp_t flags = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;
	size_t bytes = array_size(nr, size);
	void *p = NULL;

	/* Several pages in one piece are not worth much trouble, as in kvmalloc(). */
	if (bytes <= AT_A_STRETCH)
		p = kmalloc(bytes, flags | (bytes > PAGE_SIZE ? __GFP_NORETRY : 0));
	return p || bytes <= PAGE_SIZE ? p : __vmalloc(bytes, flags);
}

struct estp_page *estp_page_alloc(size_t bytes)
{
	return alloc(bytes);
}

void estp_page_free(struct estp_page *page)
{
	kvfree(page);
}

/* core/ knows no kernel types: its two words are an rcu_head. */
struct page_rcu {
	u64 key;
	struct rcu_head rcu;
};
static_assert(offsetof(struct page_rcu, rcu) == offsetof(struct estp_page, rcu));
static_assert(sizeof(struct rcu_head) == sizeof_field(struct estp_page, rcu));

static refcount_t *refs_of(struct estp_page *page)
{
	BUILD_BUG_ON(sizeof(refcount_t) != sizeof(page->refs));
	return (refcount_t *)&page->refs;
}

static void free_page_rcu(struct rcu_head *rcu)
{
	kvfree(container_of(rcu, struct page_rcu, rcu));
}

void estp_page_drop(struct estp_page *page)
{
	struct page_rcu *p = (struct page_rcu *)page;

	if (refcount_dec_and_test(refs_of(page)))
		estp_kvfree_rcu(p, rcu, free_page_rcu);
}

struct index_rcu {
	struct rcu_head rcu;
};
static_assert(offsetof(struct estp_index, rcu) == 0);

static void free_index_rcu(struct rcu_head *rcu)
{
	kvfree(container_of(rcu, struct index_rcu, rcu));
}

struct estp_index *estp_index_alloc_raw(u32 slots)
{
	return alloc(ESTP_INDEX_BYTES(slots));
}

struct estp_index *estp_index_alloc(u32 slots)
{
	struct estp_index *ix = estp_index_alloc_raw(slots);

	if (ix) {
		estp_index_init(ix, slots, PAGE_SIZE);
		/* So that nobody can choose addresses that meet. */
		ix->mult = get_random_u64() | 1;
	}
	return ix;
}

void estp_index_free(struct estp_index *ix)
{
	struct index_rcu *p = (struct index_rcu *)ix;

	estp_kvfree_rcu(p, rcu, free_index_rcu);
}

int estp_memory_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(between); i++) {
		cache[i] = kmem_cache_create(between[i].name, between[i].size, 0,
					     SLAB_ACCOUNT, NULL);
		if (!cache[i]) {
			estp_memory_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

void estp_memory_exit(void)
{
	int i;

	/* Large ones, and what estp_kvfree_rcu() left to be freed where destroying a cache does not wait for it. */
	rcu_barrier();
	for (i = 0; i < ARRAY_SIZE(between); i++) {
		kmem_cache_destroy(cache[i]);
		cache[i] = NULL;
	}
}
