/* SPDX-License-Identifier: MIT */
/*
 * Instructions that fault, for the tests of FAULT and INTERRUPT: each with the
 * signal that it would become. Kinds of one architecture alone are in its folder.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include "harness.h"

struct fault_kind {
	const char *name;
	u32 (*emit)(struct code *c);	/* the instruction */
	void *(*arg)(void);		/* makes what it works on */
	int sig, si_code;
	/* The frame's address, error code and trap number are all 0 for this kind. */
	bool no_words;
};

static inline void *fault_map(int prot, int fd)
{
	void *mem = mmap(NULL, sysconf(_SC_PAGESIZE), prot,
			 fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

	must(mem != MAP_FAILED);
	return mem;
}

static inline void *fault_null(void)
{
	return NULL;
}

static inline void *fault_unmapped(void)
{
	void *mem = fault_map(PROT_NONE, -1);

	must(!munmap(mem, sysconf(_SC_PAGESIZE)));
	return mem;
}

static inline void *fault_no_access(void)
{
	return fault_map(PROT_NONE, -1);
}

static inline void *fault_read_only(void)
{
	return fault_map(PROT_READ, -1);
}

static inline void *fault_truncated(void)
{
	int fd = memfd_create("empty", MFD_CLOEXEC);
	void *mem = fault_map(PROT_READ, fd);

	close(fd);
	return mem;
}

static inline void *fault_wild(void)
{
	return (void *)WILD_ADDRESS;
}

static const struct fault_kind fault_kinds[] = {
	{ "NULL", emit_load, fault_null, SIGSEGV, SEGV_MAPERR },
	{ "unmapped address", emit_load, fault_unmapped, SIGSEGV, SEGV_MAPERR },
	{ "PROT_NONE", emit_load, fault_no_access, SIGSEGV, SEGV_ACCERR },
	{ "store to read-only memory", emit_store, fault_read_only, SIGSEGV, SEGV_ACCERR },
	{ "address that cannot be", emit_load, fault_wild, SIGSEGV, WILD_CODE },
	{ "truncated file", emit_load, fault_truncated, SIGBUS, BUS_ADRERR },
	{ "illegal instruction", emit_illegal, fault_null, SIGILL, ILLEGAL_CODE, ILLEGAL_NO_WORDS },
#if DIVISION_FAULTS
	{ "division by zero", emit_divide, fault_null, SIGFPE, FPE_INTDIV, true },
#endif
};

#endif
