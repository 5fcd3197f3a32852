/* SPDX-License-Identifier: MIT */
/*
 * lockfree.h - the same four things by atomic instructions, right whoever else does them
 *
 * On a CPU's own data, found by its number, they are right even for a thread that has
 * been moved since: that is what per-CPU data costs without a kernel's help. On data that
 * all share they are what is done without per-CPU data.
 */
#ifndef LOCKFREE_H
#define LOCKFREE_H

#include <stdbool.h>
#include <stdint.h>

#include <estp/percpu.h>

#include "operations.h"

#define CACHE_LINE	64

/* The tag changes at each exchange: a link that is there again is not taken for unmoved. */
struct lockfree_head {
	struct estp_link *first;
	uint64_t tag;
} __attribute__((aligned(16)));

/* A bounded queue; a slot's turn says whether it is to be put to or taken from. */
struct lockfree_ring {
	uint64_t head __attribute__((aligned(CACHE_LINE)));
	uint64_t tail __attribute__((aligned(CACHE_LINE)));
	struct {
		uint64_t turn, value;
	} slot[256] __attribute__((aligned(CACHE_LINE)));
};

/* Whoever reads waits for position and written to be the same. */
struct lockfree_trace {
	uint64_t position __attribute__((aligned(CACHE_LINE)));
	uint64_t written;
	uint64_t words[8192] __attribute__((aligned(CACHE_LINE)));
};

ALWAYS_INLINE void lockfree_count(intptr_t *counter, intptr_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

ALWAYS_INLINE struct lockfree_head look(struct lockfree_head *head)
{
	uint64_t tag = __atomic_load_n(&head->tag, __ATOMIC_ACQUIRE);

	return (struct lockfree_head) { __atomic_load_n(&head->first, __ATOMIC_ACQUIRE), tag };
}

/* Links are never given back to the system: one that has gone can still be read. */
#define LOCKFREE_LIST(how, name, attribute)					\
ALWAYS_INLINE attribute void lockfree_push_##how(struct lockfree_head *head,	\
						 struct estp_link *link)	\
{										\
	struct lockfree_head old = look(head);					\
	bool done;								\
										\
	do {									\
		__atomic_store_n(&link->next, old.first, __ATOMIC_RELAXED);	\
		EXCHANGE_HEAD_##how(head, &old, link, done);			\
	} while (!done);							\
}										\
										\
ALWAYS_INLINE attribute struct estp_link *lockfree_pop_##how(struct lockfree_head *head) \
{										\
	struct lockfree_head old = look(head);					\
	struct estp_link *next;							\
	bool done;								\
										\
	do {									\
		if (!old.first)							\
			return NULL;						\
		next = __atomic_load_n(&old.first->next, __ATOMIC_RELAXED);	\
		EXCHANGE_HEAD_##how(head, &old, next, done);			\
	} while (!done);							\
	return old.first;							\
}

ATOMICS(LOCKFREE_LIST)

/* While nobody else looks. */
static inline void lockfree_list_begin(struct lockfree_head *head, struct estp_link *link)
{
	link->next = head->first;
	head->first = link;
}

static inline void lockfree_ring_begin(struct lockfree_ring *ring)
{
	for (int i = 0; i < 256; i++)
		ring->slot[i].turn = i;
}

ALWAYS_INLINE bool lockfree_put(struct lockfree_ring *ring, uint64_t value)
{
	uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_RELAXED), turn;

	for (;;) {
		turn = __atomic_load_n(&ring->slot[head % 256].turn, __ATOMIC_ACQUIRE);
		if (turn == head) {
			if (__atomic_compare_exchange_n(&ring->head, &head, head + 1, true,
							__ATOMIC_RELAXED, __ATOMIC_RELAXED))
				break;
		} else if ((int64_t)(turn - head) < 0) {
			return false;
		} else {
			head = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
		}
	}
	ring->slot[head % 256].value = value;
	__atomic_store_n(&ring->slot[head % 256].turn, head + 1, __ATOMIC_RELEASE);
	return true;
}

ALWAYS_INLINE bool lockfree_take(struct lockfree_ring *ring, uint64_t *value)
{
	uint64_t tail = __atomic_load_n(&ring->tail, __ATOMIC_RELAXED), turn;

	for (;;) {
		turn = __atomic_load_n(&ring->slot[tail % 256].turn, __ATOMIC_ACQUIRE);
		if (turn == tail + 1) {
			if (__atomic_compare_exchange_n(&ring->tail, &tail, tail + 1, true,
							__ATOMIC_RELAXED, __ATOMIC_RELAXED))
				break;
		} else if ((int64_t)(turn - tail - 1) < 0) {
			return false;
		} else {
			tail = __atomic_load_n(&ring->tail, __ATOMIC_RELAXED);
		}
	}
	*value = ring->slot[tail % 256].value;
	__atomic_store_n(&ring->slot[tail % 256].turn, tail + 256, __ATOMIC_RELEASE);
	return true;
}

ALWAYS_INLINE void lockfree_write(struct lockfree_trace *trace, const struct record *record)
{
	uint64_t at = __atomic_fetch_add(&trace->position, sizeof(*record), __ATOMIC_RELAXED);

	*(struct record *)((char *)trace->words + (at & 0xffff)) = *record;
	__atomic_fetch_add(&trace->written, sizeof(*record), __ATOMIC_RELEASE);
}

#endif
