/* SPDX-License-Identifier: MIT */
/*
 * ways.h - one text of a sequence, four ways of running it
 *
 *	plain   on this CPU's data, by the instructions of the ESTP sequence, and nobody is told
 *	estp    the same instructions, and a record elsewhere that they are a sequence
 *	rseq    an rseq critical section, by the sequence of librseq's macros: the number is
 *	        read, the critical section announced by a store, the number compared
 *	bare    on any object: under a lock, or of the thread's own
 *
 * The text addresses its object as AT_kind("8"), 8 bytes in, or, where it does so more
 * often than twice, goes by a register, BASE_kind. The rest of the asm statement is
 * BEFORE_kind(tag) text AFTER_kind(tag), and OUT_, IN_, LABELS_kind in their places.
 *
 * The kernel's word for rseq is an address in rseq_cs, of a record of version, flags,
 * start, length and abort; the four bytes before the abort are the signature that was
 * registered. It is cleared by the kernel, if ever.
 */
#ifndef WAYS_H
#define WAYS_H

#include <stdint.h>
#include <sys/rseq.h>

#include <estp/percpu.h>

#include "isa.h"

#define ALWAYS_INLINE	static inline __attribute__((always_inline))

#define AFTER_plain(tag)	""
#define OUT_plain		, [i] "=&r"(distance)
#define IN_plain		, [cpu] "r"(cpu.offset)
#define LABELS_plain
#define FIND_plain
#define COMMIT_plain(tag)	""
#define UNPUBLISHED_plain(tag, name) ""

#define BEFORE_estp(tag)	ESTP_START(tag) BEFORE_plain(tag)
#define AFTER_estp(tag)		ESTP_END(tag) ESTP_RESTART(tag)
#define AT_estp(offset)		AT_plain(offset)
#define BASE_estp		BASE_plain
#define TO_BASE_estp		TO_BASE_plain
#define OUT_estp		OUT_plain
#define IN_estp			IN_plain
#define LABELS_estp
#define FIND_estp
#define COMMIT_estp(tag)	ESTP_COMMIT(tag)
#define UNPUBLISHED_estp(tag, name) ESTP_UNPUBLISHED(tag, name)

#define TO_BASE_rseq		""
#define OUT_rseq		OUT_plain
#define LABELS_rseq		, aborted
#define FIND_rseq								\
	int number;								\
	void *all = o;								\
										\
ESTP_RESPONSE(aborted);								\
	number = *(volatile int32_t *)&rseq->cpu_id_start;			\
	o = estp_percpu_of(all, number);
#define COMMIT_rseq(tag)	""
#define UNPUBLISHED_rseq(tag, name) ""

#define BEFORE_bare(tag)	""
#define AFTER_bare(tag)		""
#define AT_bare(offset)		AT_rseq(offset)
#define BASE_bare		BASE_rseq
#define TO_BASE_bare		TO_BASE_rseq
#define OUT_bare
#define IN_bare
#define LABELS_bare
#define FIND_bare
#define COMMIT_bare(tag)	""
#define UNPUBLISHED_bare(tag, name) ""

/* What each inline function takes besides, and may leave alone. */
#define CONTEXT			estp_cpu_t cpu, struct rseq *rseq
#define CONTEXT_UNUSED		\
	__attribute__((unused)) intptr_t distance; (void)cpu, (void)rseq

#endif
