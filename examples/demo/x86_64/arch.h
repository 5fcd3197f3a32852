/* SPDX-License-Identifier: MIT */
/* What the demo's C code needs to know of x86_64. */
#ifndef DEMO_ARCH_H
#define DEMO_ARCH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

/* Every address from here to the kernel's half is no address at all. */
#define NON_CANONICAL	((void *)0x8000000000000000ull)

#define DIVISION_FAULTS	1
/* Every address that a program gets unasked is below. */
#define USER_END	(1ul << 47)
/* From one ESTP page of the section estp_text to the next. */
#define SEQUENCE_PAGE	4096

/* The registers of entry.S, general ones first. */
struct live {
	uint64_t general[16];
	uint64_t vector[32];
};

/* What gate.S loads: five general registers and all of xmm0..15, in 64-bit words. */
#define GATE_GENERAL	5
#define GATE_VECTOR	32
#define GATE_SECRETS	(GATE_GENERAL + GATE_VECTOR)

struct vault {
	uint64_t general[8];	/* the last three are never loaded */
	uint64_t vector[32];
};

/* General registers that an INTERRUPT of gate.S clears, as ucontext names them. */
static const int gate_cleared[] = {
	REG_RAX, REG_RCX, REG_RDX, REG_R8, REG_R9, REG_R10, REG_R11,
};

static inline uintptr_t frame_pc(const ucontext_t *uc)
{
	return (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
}

static inline uint64_t frame_register(const ucontext_t *uc, int which)
{
	return (uint64_t)uc->uc_mcontext.gregs[which];
}

/* First and second argument of the interrupted function. */
static inline uint64_t frame_argument(const ucontext_t *uc, int nr)
{
	return (uint64_t)uc->uc_mcontext.gregs[nr ? REG_RSI : REG_RDI];
}

/* The frame's general registers. */
static inline const void *frame_general(const ucontext_t *uc, size_t *len)
{
	*len = sizeof(uc->uc_mcontext);
	return &uc->uc_mcontext;
}

/* The frame's floating-point area: legacy part, and XSAVE's if it says so. */
static inline const void *frame_fp(const ucontext_t *uc, size_t *len)
{
	const char *fp = (const char *)uc->uc_mcontext.fpregs;
	uint32_t sw_reserved[2];

	*len = 512;
	memcpy(sw_reserved, fp + 464, sizeof(sw_reserved));
	if (sw_reserved[0] == 0x46505853)
		*len = sw_reserved[1];
	return fp;
}

static inline const char *thread_pointer(void)
{
	const char *tp;

	__asm__("mov %%fs:0, %0" : "=r"(tp));
	return tp;
}

#endif /* DEMO_ARCH_H */
