/* SPDX-License-Identifier: MIT */
/*
 * What core/ wants from its host, for tests: memory of the exact size asked for, so
 * that an address sanitizer sees each byte too far, and a count of what is held.
 */
#ifndef ESTP_TEST_HOST_H
#define ESTP_TEST_HOST_H

#include "../../core/core.h"

/* The rules of the kernels that there are. */
extern const struct estp_rules rules_x86_64;	/* 4 KiB pages, protection keys */
extern const struct estp_rules rules_arm64;	/* 4 KiB pages; others: set page_size */

extern u64 host_pages_live;	/* pages and tokens allocated and not freed yet */

/* Frees what no set holds any more; tests with readers put it off. */
extern void (*host_retire)(void *memory);

/* A code page (nr > 0: its sequences in match order) or token, with one reference. */
struct estp_page *host_page(u64 addr, u32 page_size, const struct estp_item *item, u32 nr);
struct estp_page *host_token(u64 wide, const struct estp_sequence *seq);
struct estp_index *host_index(u32 slots, u32 page_size);

/* All that a set holds, and its index. */
void host_set_free(struct estp_set *set);

void *must_alloc(size_t bytes);

#endif /* ESTP_TEST_HOST_H */
