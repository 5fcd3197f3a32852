/* SPDX-License-Identifier: MIT */
/*
 * A signal's frame, and the registers of who is traced, for handler.c and trace.c:
 * rights are one of the records behind the frame's general registers.
 */
#ifndef FRAME_H
#define FRAME_H

#include <asm/ptrace.h>
#include <elf.h>
#include <linux/audit.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "box.h"
#include "offsets.h"

#define FRAME_ARCH	AUDIT_ARCH_AARCH64
#define POE_RECORD	0x504f4530	/* the kernel's POE_MAGIC */
#define LIVE_WORDS	29		/* what watch_entry() lays down */
#define GATE_HAS_VECTORS 0
#define FRAME_CAN_STEP	0		/* a frame's flags hold no such thing here */

_Static_assert(offsetof(ucontext_t, uc_sigmask) == UC_MASK &&
	       offsetof(ucontext_t, uc_mcontext.regs) == UC_REGS &&
	       offsetof(ucontext_t, uc_mcontext.pc) == UC_PC &&
	       offsetof(ucontext_t, uc_mcontext.pstate) == UC_PC + 8 &&
	       offsetof(ucontext_t, uc_mcontext.__reserved) == UC_RECORDS &&
	       sizeof(siginfo_t) == FRAME_UC, "signal.S is for such frames");

/* What it holds of general registers, and of the others. */
static inline const void *frame_general(const ucontext_t *uc, size_t *len)
{
	*len = UC_RECORDS - UC_REGS;
	return uc->uc_mcontext.regs;
}

static inline const void *frame_vectors(const ucontext_t *uc, size_t *len)
{
	*len = sizeof(uc->uc_mcontext.__reserved);
	return uc->uc_mcontext.__reserved;
}

/* Where the rights are; NULL: there are none, and the thread keeps its own. */
static inline uint64_t *frame_rights(const ucontext_t *uc)
{
	const char *at = (const char *)uc->uc_mcontext.__reserved;
	const char *end = at + sizeof(uc->uc_mcontext.__reserved);
	const struct _aarch64_ctx *head;

	for (; at + 16 <= end; at += head->size) {
		head = (const void *)at;
		if (head->magic == POE_RECORD)
			return (uint64_t *)(head + 1);
		if (head->size < sizeof(*head))
			break;
	}
	return NULL;
}

static inline bool frame_is_open(const ucontext_t *uc)
{
	const uint64_t *rights = frame_rights(uc);

	return rights && box_is_open(*rights);
}

static inline void frame_open(ucontext_t *uc)
{
	uint64_t *rights = frame_rights(uc);

	if (rights)
		*rights = BOX_OPEN;
}

static inline void frame_go_to(ucontext_t *uc, const void *pc)
{
	uc->uc_mcontext.pc = (uintptr_t)pc;
}

/* As if a function that does not return had been called. */
static inline void frame_call(ucontext_t *uc, void (*function)(void))
{
	frame_go_to(uc, (const void *)function);
}

/* What the gate has in registers: the key's offset, the rights that it is to have. */
static inline void frame_set_offset(ucontext_t *uc, uint64_t offset)
{
	uc->uc_mcontext.regs[10] = offset;
}

static inline void frame_set_operand(ucontext_t *uc)
{
	uc->uc_mcontext.regs[9] = BOX_OPEN;
}

static inline void frame_step(ucontext_t *uc, bool on)
{
	(void)uc;
	(void)on;
}

static inline void frame_return(ucontext_t *uc)
{
	register uint64_t nr __asm__("x8") = SYS_rt_sigreturn;

	__asm__ volatile("mov sp, %0\n\tsvc #0" : : "r"((char *)uc - FRAME_UC), "r"(nr));
}

static inline void relax(void)
{
	__asm__ volatile("yield");
}

/* ---- Of a stopped tracee: 0, or -1 ------------------------------------------------- */

/* A breakpoint at @pc, or, with NULL, none. */
static inline int tracee_break(pid_t pid, const void *pc)
{
	/* One instruction (four bytes), in user mode (2), enabled (1). */
	struct user_hwdebug_state state = {
		.dbg_regs[0] = { .addr = (uintptr_t)pc, .ctrl = pc ? 0xf << 5 | 2 << 1 | 1 : 0 },
	};
	struct iovec first = { &state, offsetof(struct user_hwdebug_state, dbg_regs[1]) };

	return ptrace(PTRACE_SETREGSET, pid, (void *)NT_ARM_HW_BREAK, &first) ? -1 : 0;
}

static inline int tracee_set_offset(pid_t pid, uint64_t offset)
{
	struct user_pt_regs regs;
	struct iovec all = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &all))
		return -1;
	regs.regs[10] = offset;
	return ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &all) ? -1 : 0;
}

#endif /* FRAME_H */
