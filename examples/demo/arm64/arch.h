/* SPDX-License-Identifier: MIT */
/* What the demo's C code needs to know of arm64. */
#ifndef DEMO_ARCH_H
#define DEMO_ARCH_H

#include <asm/sigcontext.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

/* Between the program's half and the kernel's; the top byte alone would be ignored. */
#define NON_CANONICAL	((void *)0x00f0000000000000ull)
/* Division by zero is zero. */
#define DIVISION_FAULTS	0
/* Every address that a program gets unasked is below. */
#define USER_END	(1ul << 48)
/* From one ESTP page of the section estp_text to the next: see page.h. */
#define SEQUENCE_PAGE	65536

/* The registers of entry.S, general ones first. */
struct live {
	uint64_t general[32];
	uint64_t vector[64];
};

/* What gate.S loads: five general registers, v0..7 and v16..23, in 64-bit words. */
#define GATE_GENERAL	5
#define GATE_VECTOR	32
#define GATE_SECRETS	(GATE_GENERAL + GATE_VECTOR)

struct vault {
	uint64_t general[8];	/* the last three are never loaded */
	uint64_t vector[32];
};

/* General registers that an INTERRUPT of gate.S clears. */
static const int gate_cleared[] = { 2, 3, 9, 10, 11, 12, 13 };

static inline uintptr_t frame_pc(const ucontext_t *uc)
{
	return (uintptr_t)uc->uc_mcontext.pc;
}

static inline uint64_t frame_register(const ucontext_t *uc, int which)
{
	return uc->uc_mcontext.regs[which];
}

/* First and second argument of the interrupted function. */
static inline uint64_t frame_argument(const ucontext_t *uc, int nr)
{
	return uc->uc_mcontext.regs[nr];
}

/* The frame's general registers. */
static inline const void *frame_general(const ucontext_t *uc, size_t *len)
{
	*len = offsetof(mcontext_t, __reserved);
	return &uc->uc_mcontext;
}

/* All its records, the one of floating point among them. */
static inline const void *frame_fp(const ucontext_t *uc, size_t *len)
{
	*len = sizeof(uc->uc_mcontext.__reserved);
	return uc->uc_mcontext.__reserved;
}

static inline const char *thread_pointer(void)
{
	return __builtin_thread_pointer();
}

#endif /* DEMO_ARCH_H */
