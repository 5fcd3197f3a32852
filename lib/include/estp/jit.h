/* SPDX-License-Identifier: MIT */
/*
 * estp/jit.h - sequences in code that is made at run time
 *
 *	code bytes, labels, sequences by labels  --finish-->  a mapping, executable, registered
 *
 *	struct estp_jit *jit;
 *	struct estp_jit_code code;
 *	int start, end, fault, error;
 *
 *	estp_jit_new(&jit, ESTP_LAYOUT_PAGE);
 *	start = estp_jit_here(jit);
 *	estp_jit_emit(jit, load, sizeof(load));
 *	end = estp_jit_here(jit);
 *	estp_jit_emit(jit, ret, sizeof(ret));
 *	fault = estp_jit_here(jit);
 *	estp_jit_emit(jit, fail, sizeof(fail));
 *	estp_jit_fault(jit, start, end, fault, ESTP_ANY);
 *	error = estp_jit_finish(jit, &code, 0);
 *	if (error)
 *		fprintf(stderr, "%s\n", estp_jit_reason(jit));
 *	call(estp_jit_address(jit, start));
 *	estp_jit_delete(jit);
 *	...
 *	estp_jit_unmap(&code);
 *
 * The first error sticks: every later call of that builder returns it and does nothing, so
 * that only estp_jit_finish() need be looked at.  The memory is never writable and
 * executable at once.
 *
 * Two layouts.  ESTP_LAYOUT_PAGE: header and code in one page; a FAULT sequence answers to
 * every cause.  ESTP_LAYOUT_TABLE: no header, code of any length up to ESTP_JIT_LEN_MAX,
 * causes chosen one by one.
 *
 * A builder is used by one thread at a time.  All functions allocate memory or may do so:
 * none is for signal handlers.  errno is left alone.  Link with -lestp.
 */
#ifndef ESTP_JIT_H
#define ESTP_JIT_H

#include <stddef.h>
#include <stdint.h>

#include <estp/abi.h>
#include <estp/asm.h>
#include <estp/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of code that one builder takes; in the page layout it is one page. */
#define ESTP_JIT_LEN_MAX	(16u << 20)

/*
 * Where the address of a label goes into the code: estp_jit_fix().  On arm64 instructions
 * have it in their midst: estp_jit_insn().
 */
#define ESTP_JIT_REL8		0	/* 1 byte, counted from the byte after it */
#define ESTP_JIT_REL32		1	/* 4 bytes, counted from the byte after them */
#define ESTP_JIT_ABS64		2	/* 8 bytes, the address itself */

/* Flags of estp_jit_finish() */
#define ESTP_JIT_UNREGISTERED	1u	/* executable, but no sequences: for comparison */

struct estp_jit;

/* What estp_jit_finish() made. */
struct estp_jit_code {
	void *base;		/* page-aligned; the header, if any, stands here */
	size_t len;		/* bytes of the mapping */
};

/**
 * estp_jit_new() - begin
 * @jit: where the builder goes
 * @layout: ESTP_LAYOUT_PAGE or ESTP_LAYOUT_TABLE
 *
 * Return: 0; -ENOMEM; -EINVAL, no such layout.  On error *@jit is NULL, which the
 * other functions answer with -ENOMEM.
 * Source: SPEC PAGE-1, TAB-1.
 */
ESTP_EXPORT int estp_jit_new(struct estp_jit **jit, unsigned int layout);

/**
 * estp_jit_delete() - the builder goes; what it has finished stays
 * @jit: the builder; NULL does nothing
 */
ESTP_EXPORT void estp_jit_delete(struct estp_jit *jit);

/**
 * estp_jit_emit() - append bytes
 * @jit: the builder
 * @code: the bytes; whatever in them is relative to a place outside of them is yours
 * @len: how many
 *
 * Return: 0; -ENOSPC, more than fits; -ENOMEM.
 */
ESTP_EXPORT int estp_jit_emit(struct estp_jit *jit, const void *code, size_t len);

/**
 * estp_jit_label() - a new label, that has no place yet
 * @jit: the builder
 *
 * Return: the label, 0 or more; a negative errno.
 */
ESTP_EXPORT int estp_jit_label(struct estp_jit *jit);

/**
 * estp_jit_place() - the label's place is here, before what is emitted next
 * @jit: the builder
 * @label: a label that has no place yet
 *
 * Return: 0; -EINVAL, no such label or placed already.
 */
ESTP_EXPORT int estp_jit_place(struct estp_jit *jit, int label);

/**
 * estp_jit_here() - a new label, placed here
 * @jit: the builder
 *
 * Return: the label, 0 or more; a negative errno.
 */
ESTP_EXPORT int estp_jit_here(struct estp_jit *jit);

/**
 * estp_jit_fix() - append bytes that will be a label's address
 * @jit: the builder
 * @label: a label, placed or not yet
 * @kind: ESTP_JIT_REL8, ESTP_JIT_REL32, ESTP_JIT_ABS64
 *
 * Return: 0; -EINVAL, no such label or kind; -ENOSPC; -ENOMEM.  That a label turns out
 * to be too far away is told by estp_jit_finish(): -ERANGE.
 */
ESTP_EXPORT int estp_jit_fix(struct estp_jit *jit, int label, unsigned int kind);

/**
 * estp_jit_insn() - append an instruction that refers to a label
 * @jit: the builder
 * @insn: one that has a distance from itself, which is 0 here: on arm64 B, BL, B.cond,
 * CBZ, CBNZ, TBZ, TBNZ, ADR, LDR and LDRSW (literal)
 * @label: a label, placed or not yet
 *
 * Return: 0; -EINVAL, no such label, or no such instruction, as all are on x86_64, where
 * estp_jit_fix() suffices; -ENOSPC; -ENOMEM.  That a label turns out to be too far away is
 * told by estp_jit_finish(): -ERANGE.
 */
ESTP_EXPORT int estp_jit_insn(struct estp_jit *jit, uint32_t insn, int label);

/**
 * estp_jit_preemption() - a PREEMPTION sequence
 * @jit: the builder
 * @start: label of its first instruction
 * @end: label of the first instruction after it
 * @response: label of where a preempted or signalled thread goes on
 *
 * Sequences may be added in any order, before or after their labels are placed.  Of
 * overlapping ones of one selector the lowest start decides (SPEC PAGE-9, TAB-7).
 *
 * Return: 0; -EINVAL, no such label; -ENOSPC, more than 255 (page) or 65535 (table);
 * -ENOMEM.
 */
ESTP_EXPORT int estp_jit_preemption(struct estp_jit *jit, int start, int end, int response);

/**
 * estp_jit_fault() - a FAULT sequence
 * @jit: the builder
 * @start: label of its first instruction
 * @end: label of the first instruction after it
 * @response: label of where a faulting thread goes on
 * @causes: ESTP_SEGV ... or-ed; in the page layout ESTP_ANY
 *
 * Return: as of estp_jit_preemption(); -EINVAL also for other causes on a page.
 */
ESTP_EXPORT int estp_jit_fault(struct estp_jit *jit, int start, int end, int response,
			       unsigned int causes);

/**
 * estp_jit_interrupt() - an INTERRUPT sequence
 * @jit: the builder
 * @start: label of its first instruction
 * @end: label of the first instruction after it
 * @response: a label that estp_jit_response() places, before or after this call
 *
 * Return: as of estp_jit_preemption().
 */
ESTP_EXPORT int estp_jit_interrupt(struct estp_jit *jit, int start, int end, int response);

/**
 * estp_jit_response() - place the response of INTERRUPT sequences here
 * @jit: the builder
 * @response: a label that has no place yet
 * @end: label of the first byte after the response; placed later
 * @mask: registers to clear, ESTP_RAX ... or-ed
 * @flags: ESTP_RESET_PKEY or 0
 *
 * In the page layout the prefix word is put before it: code must not run into it.
 *
 * Return: 0; -EINVAL, no such label or placed already; -ENOSPC; -ENOMEM.
 * Source: SPEC PAGE-7, MASK-1 to MASK-3.
 */
ESTP_EXPORT int estp_jit_response(struct estp_jit *jit, int response, int end,
				  uint32_t mask, unsigned int flags);

/**
 * estp_jit_finish() - validate, lay out, make executable, register
 * @jit: the builder; takes nothing more afterwards
 * @code: what was made
 * @flags: 0 or ESTP_JIT_UNREGISTERED
 *
 * All or nothing.  Makes system calls, and may sleep.  Code without a sequence is made
 * executable like any other, and there is nothing to register.
 *
 * Return: 0; the error that stuck; -EINVAL, a label has no place, an INTERRUPT's response
 * was not placed by estp_jit_response(), or it was called before;
 * -ERANGE, a label is too far away for its fix; -ENOEXEC, malformed, estp_jit_reason()
 * tells which sequence and why; -ENOSPC, the code does not fit, or a limit of this
 * process; -ENOMEM; -ENOSYS, the kernel has no ESTP; -EACCES or -EPERM, this process may
 * not make memory executable.
 * Source: SPEC REG-2, REG-3, REG-14, PAGE, TAB, MASK.
 */
ESTP_EXPORT int estp_jit_finish(struct estp_jit *jit, struct estp_jit_code *code,
				unsigned int flags);

/**
 * estp_jit_address() - where a label is
 * @jit: a finished builder
 * @label: a label
 *
 * Return: its address; NULL if there is none.
 */
ESTP_EXPORT void *estp_jit_address(const struct estp_jit *jit, int label);

/**
 * estp_jit_reason() - the last error in words
 * @jit: the builder; NULL too
 *
 * Return: a sentence without a full stop, that lives as long as the builder; never NULL.
 */
ESTP_EXPORT const char *estp_jit_reason(const struct estp_jit *jit);

/**
 * estp_jit_unmap() - the code goes, and with it its registrations
 * @code: what estp_jit_finish() made; NULL in base does nothing
 *
 * No thread may be in it, or come back to it.
 * Source: SPEC LIFE-7.
 */
ESTP_EXPORT void estp_jit_unmap(struct estp_jit_code *code);

#ifdef __cplusplus
}
#endif

#endif /* ESTP_JIT_H */
