/* SPDX-License-Identifier: MIT */
/*
 * What hostile processes work with: random numbers of a seed, an arena of pages that holds
 * nothing but instructions that fault or spin, zeros (call_no_zeros()) and places to respond to, and headers
 * and tables about it that are right, or nearly; and what they share: who they are, and counts.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "probe.h"

#define ARENA_PAGES	48
/* On each page, behind what faults: code that returns, with room for a prefix before it. */
#define ANSWERS		0x800u
#define ANSWERS_NR	64u
#define ANSWER_DISTANCE	32u
#define HEADER_NR	6u		/* descriptors, at most */
#define ANSWER_VALUE	0x7e570000
/* Between jumps to themselves, so that there is somebody to preempt and to interrupt. */
#define SPIN_DISTANCE	16u

static size_t page;
static u8 *arena;
static __thread u64 state;

static u64 rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dull;
}

static u32 below(u32 nr)
{
	return (u32)(rnd() >> 33) % nr;
}

static u8 *some_page(void)
{
	return arena + below(ARENA_PAGES) * page;
}

static size_t some_len(void)
{
	return below(8) ? (1 + below(4)) * page : 1 + below(20 * page);
}

/* Mostly in the arena; now and then anything. */
static u64 some_address(void)
{
	switch (below(12)) {
	case 0: return rnd();
	case 1: return 0;
	case 2: return ~0ull - below(2 * page);
	case 3: return rnd() >> 17;
	default: return (u64)some_page() + (below(4) ? 0 : below(page));
	}
}

/*
 * Where to go on a page: not into the header, whose words make any instructions. A far return
 * among them makes QEMU tell the kernel of an access of its own, of which that dies.
 */
static u32 some_entry(u32 len)
{
	return ESTP_HEADER_LEN(HEADER_NR) + INSN_ALIGN * below((len - ESTP_HEADER_LEN(HEADER_NR)) / INSN_ALIGN);
}

static u32 some_answer(void)
{
	return ANSWERS + ANSWER_DISTANCE * below(ANSWERS_NR);
}

/* Whatever offset a jump or a response finds: it faults, spins, or returns ANSWER_VALUE. */
static void fill(u8 *p)
{
	size_t i;

	for (i = 0; i < page; i++)
		p[i] = probe_mine[i % probe_mine_len];
	for (i = 0; i < ANSWERS; i += SPIN_DISTANCE)
		memcpy(p + i, probe_spin, probe_spin_len);
	for (i = 0; i < ANSWERS_NR; i++)
		probe_answer(p + ANSWERS + ANSWER_DISTANCE * i, ANSWER_VALUE);
	__builtin___clear_cache((char *)p, (char *)p + page);
}

/* What an INTERRUPT may do to registers: mostly what this machine can. */
static u32 some_mask(void)
{
	u32 mask = below(4) ? (u32)rnd() & (u32)rnd() & probe_clear_valid : 0;

	if (!probe_can_clear_fp())
		mask &= ~ESTP_CLEAR_FP;
	return below(30) ? mask : mask | 1u << below(32);
}

static bool some_reset(void)
{
	return !below(probe_can_reset_pkey() ? 3 : 30);
}

static bool can_answer_memory_errors(void)
{
	return !madv_query(ESTP_FEATURE_MCEERR);
}

static u32 some_causes(void)
{
	return 1 + below(can_answer_memory_errors() || !below(30) ? ESTP_CAUSE_VALID : ESTP_CAUSE_PAGE);
}

/* Of what a thread has written last, what is rare: taken, it counts. */
enum { CLEARS_FP, RESETS_KEYS, MEMORY_ERRORS, RARE_NR };
static __thread bool written[RARE_NR];

static void write_rare(u32 mask, bool reset, u32 causes)
{
	written[CLEARS_FP] |= (mask & ESTP_CLEAR_FP) != 0;
	written[RESETS_KEYS] |= reset;
	written[MEMORY_ERRORS] |= (causes & ESTP_CAUSE_MCEERR) != 0;
}

/* @word: a page of them. */
static void header(u64 *word)
{
	u32 nr = 1 + below(HEADER_NR), at = ESTP_HEADER_LEN(nr), i;
	int selector = below(ESTP_SELECTOR_NR);

	memset(written, 0, sizeof(written));
	word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, nr);
	for (i = 0; i < nr; i++) {
		u32 start = at + INSN_ALIGN * below(64), response = some_answer();
		u32 end = start + INSN_ALIGN * (1 + below(200));

		if (i && !below(3) && selector < ESTP_SELECTOR_NR - 1) {
			selector++;
			at = ESTP_HEADER_LEN(nr);
		}
		word[1 + i] = ESTP_DESCRIPTOR(selector, start, end, response);
		if (selector == ESTP_INTERRUPT) {
			u32 mask = some_mask();
			bool reset = some_reset();

			word[response / 8 - 1] = ESTP_PREFIX(mask, INSN_ALIGN, reset);
			write_rare(mask, reset, 0);
		}
		at = start + INSN_ALIGN;
	}
	if (!below(6))
		word[below(nr + 1)] ^= 1ull << below(64);
}

/* A table about the arena, with its entries behind it in @len bytes of its own; NULL: no memory. */
static struct estp_table *table(size_t *len)
{
	u32 nr = 1 + below(below(10) ? 8 : 300), i;
	struct estp_table *t;
	struct estp_entry *e;

	*len = page + nr * sizeof(*e);
	t = mmap(NULL, *len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (t == MAP_FAILED)
		return NULL;
	e = (void *)((u8 *)t + page);
	t->metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, nr);
	t->base = below(10) ? (u64)arena : some_address();
	t->entries = below(20) ? (u64)e : some_address();
	t->entry_size = below(20) ? sizeof(*e) : below(64);
	t->flags = below(30) ? 0 : 1;
	memset(written, 0, sizeof(written));
	for (i = 0; i < nr; i++) {
		e[i].start = INSN_ALIGN * below(ARENA_PAGES * page / INSN_ALIGN);
		e[i].length = INSN_ALIGN * (1 + below(below(4) ? 64 : 3 * page / INSN_ALIGN));
		e[i].response = below(ARENA_PAGES) * page + (below(8) ? some_answer() : some_entry(page));
		e[i].selector = below(3);
		e[i].causes = e[i].selector == ESTP_FAULT ? some_causes() : 0;
		if (e[i].selector == ESTP_INTERRUPT) {
			e[i].response_len = INSN_ALIGN * (1 + below(4));
			e[i].clear_mask = some_mask();
			e[i].flags = some_reset() ? ESTP_ENTRY_RESET_PKEY : 0;
		}
		write_rare(e[i].clear_mask, e[i].flags & ESTP_ENTRY_RESET_PKEY, e[i].causes);
		if (!below(50))
			((u8 *)&e[i])[below(24)] ^= 1u << below(8);
	}
	return t;
}

/* ---- The processes ------------------------------------------------------------------- */

#define PROCESSES	4
#define OPS_MAX		40

static struct counts {
	u64 done[OPS_MAX], failed[OPS_MAX];
	u64 namespaces;			/* of users, entered by children */
	u64 rare[RARE_NR];		/* registrations with such */
	volatile bool wrong;		/* something was done that cannot be */
	volatile u32 stop;
	volatile pid_t pid[PROCESSES];
} *counts;

static void count_rare(void)
{
	u32 i;

	for (i = 0; i < RARE_NR; i++)
		__atomic_fetch_add(&counts->rare[i], written[i], __ATOMIC_RELAXED);
}

static pid_t some_hostile(void)
{
	return counts->pid[below(PROCESSES)];
}

#endif
