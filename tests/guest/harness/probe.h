/* SPDX-License-Identifier: MIT */
/*
 * Probes: pages that tell, by what a C call returns, whether they are registered.
 *
 * The page of a probe has one sequence a selector, at fixed offsets behind the
 * largest header there can be.  Each has two responses, so that a test can tell
 * one registration from the one that replaced it:
 *
 *   0                   header, written by probe_header()
 *   PROBE_CODE ...      FAULT        a load from the argument
 *                       PREEMPTION   a loop that counts its turns until told to stop
 *                       INTERRUPT    another such loop
 *                       two responses each: return PROBE_VALUE(...)
 *
 * The code does not depend on its address: it can be copied, mapped from a file,
 * moved.  FAULT needs no other thread and no luck, so it is what most tests of
 * registration look at.  For the other two a spinner runs in the loop, and the event
 * is forced on it.
 */
#ifndef PROBE_H
#define PROBE_H

#include "harness.h"

#define PROBE_CODE	0x900u

/* The architecture's part: x86_64/harness/probe_code.c. */
struct probe_seq {
	u32 start, end;
	u32 response[2];
};
extern const struct probe_seq probe_seq[ESTP_SELECTOR_NR];
/* Clear mask bits that there are on this architecture. */
extern const u32 probe_clear_valid;
/* What the processor, and the kernel's use of it, leaves of features 4 and 5. */
bool probe_can_clear_fp(void);
bool probe_can_reset_pkey(void);
/* Writes the code with @value; responses' prefix words, too (mask 0). */
void probe_code(u8 *page, u32 value);

/* Mines, below: the shortest instruction that faults, and a response. */
extern const u8 probe_mine[];
extern const u32 probe_mine_len;
/* A jump to itself. */
extern const u8 probe_spin[];
extern const u32 probe_spin_len;
void probe_answer(u8 *at, u32 value);	/* PROBE_ANSWER_LEN bytes at most */

/* What a response returns; values of different probes are 0x100 apart at least. */
#define PROBE_VALUE(value, selector, which) ((long)(value) + (selector) + ((which) << 4))
/* probe_load() did not divert: the signal came. */
#define PROBE_FAULTED	(-1L)

size_t page_size(void);
/*
 * For tables of offsets and lengths that are written down before the page's size is
 * known: there a page is TABLE_PAGE bytes.
 */
#define TABLE_PAGE	0x10000u
static inline u32 in_pages(u32 n)
{
	u32 whole = (n + TABLE_PAGE / 2) / TABLE_PAGE;

	return n - whole * TABLE_PAGE + whole * page_size();
}
/* Pages with all rights, to be changed at will. */
void *pages_new(unsigned int nr);
/* A page with code and header, not registered. */
void *probe_new(u32 value);
/* The header: all three sequences, with response @which. */
void probe_header(void *page, int which);
/* The probe's sequences as entries of a table. */
void probe_entries(struct table *t, void *page, int which);
int probe_register(void *page);
int probe_register_table(void *page, int which);

/* Loads from @addr on the page: what was there, a response's value or PROBE_FAULTED. */
long probe_load(const void *page, const void *addr);
/*
 * Forces one event in the sequence and tells which response it led to: 0 or 1, or
 * -1 if the event passed without a diversion.  Bails out if anything else happens.
 */
int probe(const void *page, u32 value, int selector);
/* FAULT alone: the common question, "is this registered?" */
#define probe_fault(page, value) probe(page, value, ESTP_FAULT)

/* A thread in the loop of PREEMPTION or INTERRUPT. */
struct spinner {
	volatile u32 stop;		/* read and counted by the code: offsets 0 and 8 */
	volatile u64 turns;
	const void *page;
	int selector, cpu;		/* cpu -1: anywhere */
	pthread_t thread;
	volatile pid_t tid;
	volatile long result;
	volatile u32 done;
};
/* Starts it; returns when it turns. */
void spinner_start(struct spinner *s, const void *page, int selector, int cpu);
/*
 * Forces the event once; returns when the loop goes on after it, or has been left.
 * Needs @cpu for PREEMPTION, from a thread that is elsewhere.
 */
void spinner_event(struct spinner *s);
/* Lets it go, if it is there still: 0, or the response's value, or PROBE_FAULTED. */
long spinner_end(struct spinner *s);

/* ---- Mines ----------------------------------------------------------------- */

/*
 * Pages on which every instruction faults, the shortest that there is, so that a fault
 * can be had at each offset; the last MINE_ANSWERS answers of the last page are where
 * sequences can respond to.  Not executed in order: mine_step() goes to one offset.
 */
#define MINE_ANSWERS	32u
struct mines {
	u8 *base;
	size_t len;
	u32 answers;			/* offset of the first answer */
};
struct mines mines_new(unsigned int pages);
#define mine_answer(m, i) ((m)->answers + PROBE_ANSWER_LEN * (i))
/* Which answer a fault at @off leads to; -1: none, the signal came. */
int mine_step(const struct mines *m, u32 off);

/* Runs fn(arg) with SIGSEGV, SIGBUS and SIGILL caught: PROBE_FAULTED, or its result. */
long guarded(long (*fn)(void *arg), void *arg);

/* ---- What /dev/estp lists ------------------------------------------------ */

/* ioctl(2) on /dev/estp: 0 or a negative errno. */
int device_ioctl(unsigned long request, void *arg);

struct list {
	u32 nr;
	struct estp_sequence *seq;	/* in an order that depends on nothing but them */
};
struct list list_of(int mem_fd);	/* -1: one's own */
#define list_own() list_of(-1)
void list_free(struct list *l);
bool list_same(const struct list *a, const struct list *b);
/* Is there exactly one sequence like this? */
bool list_has(const struct list *l, int selector, const void *start, u64 len,
	      const void *response);

/* ---- Nothing changed ------------------------------------------------------- */

/*
 * A guard: a probe that is registered, and what the kernel says of the page set.  A
 * call that fails must leave both as they are.
 */
struct guard {
	void *page;
	u32 value;
	struct estp_stats stats;
	struct list list;
};
void guard_new(struct guard *g, u32 value);
/* Looks anew at what is to stay as it is. */
void guard_renew(struct guard *g);
bool guard_holds(struct guard *g);
/* One line of the report: the call fails with @err (positive), and nothing changed. */
bool refused(struct guard *g, const void *addr, size_t len, int err, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* The same for any call's result. */
bool left_alone(struct guard *g, int got, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
