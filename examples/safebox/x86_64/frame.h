/* SPDX-License-Identifier: MIT */
/*
 * A signal's frame, and the registers of who is traced, for handler.c and trace.c:
 * rights are in the frame's XSAVE area.
 */
#ifndef FRAME_H
#define FRAME_H

#include <cpuid.h>
#include <linux/audit.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

#include "box.h"

#define FRAME_ARCH	AUDIT_ARCH_X86_64
#define XSAVE_BV	512	/* in the XSAVE area: which components it holds, */
#define XSAVE_PKRU	9	/* this one among them */
#define TRAP_FLAG	0x100
#define LIVE_WORDS	48	/* what watch_entry() lays down */
#define GATE_HAS_VECTORS 1
#define FRAME_CAN_STEP	1

static inline unsigned int pkru_offset(void)
{
	unsigned int eax, offset, ecx, edx;

	__cpuid_count(0xd, XSAVE_PKRU, eax, offset, ecx, edx);
	return offset;
}

/* What it holds of general registers, and of the others. */
static inline const void *frame_general(const ucontext_t *uc, size_t *len)
{
	*len = sizeof(uc->uc_mcontext);
	return &uc->uc_mcontext;
}

static inline const void *frame_vectors(const ucontext_t *uc, size_t *len)
{
	*len = pkru_offset() + 8;
	return uc->uc_mcontext.fpregs;
}

static inline uint64_t *frame_components(const ucontext_t *uc)
{
	return (uint64_t *)((char *)uc->uc_mcontext.fpregs + XSAVE_BV);
}

static inline uint32_t *frame_rights(const ucontext_t *uc)
{
	return (uint32_t *)((char *)uc->uc_mcontext.fpregs + pkru_offset());
}

/* A component that the frame does not hold is restored as 0, and 0 opens all. */
static inline bool frame_is_open(const ucontext_t *uc)
{
	return !(*frame_components(uc) >> XSAVE_PKRU & 1) || box_is_open(*frame_rights(uc));
}

static inline void frame_open(ucontext_t *uc)
{
	*frame_components(uc) |= 1 << XSAVE_PKRU;
	*frame_rights(uc) = 0;
}

static inline void frame_go_to(ucontext_t *uc, const void *pc)
{
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
}

/* As if a function that does not return had been called. */
static inline void frame_call(ucontext_t *uc, void (*function)(void))
{
	greg_t *sp = &uc->uc_mcontext.gregs[REG_RSP];

	*sp = (*sp & -16) - 8;
	frame_go_to(uc, (const void *)function);
}

/* What the gate has in registers: the key's offset, the rights that it is to have. */
static inline void frame_set_offset(ucontext_t *uc, uint64_t offset)
{
	uc->uc_mcontext.gregs[REG_R9] = (greg_t)offset;
}

static inline void frame_set_operand(ucontext_t *uc)
{
	greg_t *reg = uc->uc_mcontext.gregs;

	reg[REG_RAX] = reg[REG_RCX] = reg[REG_RDX] = 0;
}

static inline void frame_step(ucontext_t *uc, bool on)
{
	if (on)
		uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
	else
		uc->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

static inline void frame_return(ucontext_t *uc)
{
	__asm__ volatile("movq %0, %%rsp\n\tsyscall" : : "r"(uc), "a"(SYS_rt_sigreturn));
}

static inline void relax(void)
{
	__builtin_ia32_pause();
}

/* ---- Of a stopped tracee: 0, or -1 ------------------------------------------------- */

#define DEBUGREG(i)	(void *)(offsetof(struct user, u_debugreg) + 8 * (i))

/* A breakpoint at @pc, or, with NULL, none. */
static inline int tracee_break(pid_t pid, const void *pc)
{
	if (ptrace(PTRACE_POKEUSER, pid, DEBUGREG(7), NULL))
		return -1;
	return pc && (ptrace(PTRACE_POKEUSER, pid, DEBUGREG(0), pc) ||
		      ptrace(PTRACE_POKEUSER, pid, DEBUGREG(7), (void *)1)) ? -1 : 0;
}

static inline int tracee_set_offset(pid_t pid, uint64_t offset)
{
	return ptrace(PTRACE_POKEUSER, pid, (void *)offsetof(struct user, regs.r9), (void *)offset) ? -1 : 0;
}

#endif /* FRAME_H */
