/* SPDX-License-Identifier: GPL-2.0-only */
/* x86_64: the questions that every event asks. */
#ifndef ESTP_ARCH_X86_64_INLINE_H
#define ESTP_ARCH_X86_64_INLINE_H

#include <asm/syscall.h>

/*
 * orig_ax is the system call's number until the thread's next entry by another way;
 * exceptions and interrupts set it to -1, and so does rt_sigreturn once it has
 * restored the registers.
 */
static inline bool estp_arch_in_syscall(struct pt_regs *regs)
{
	return syscall_get_nr(current, regs) != -1;
}

static inline long estp_arch_syscall_nr(struct pt_regs *regs)
{
	return syscall_get_nr(current, regs);
}

/* Spans are 64-bit code; a thread that strayed into a 32-bit segment is on no page. */
static inline bool estp_arch_native(struct pt_regs *regs)
{
	return user_64bit_mode(regs);
}

static inline void estp_arch_divert(struct pt_regs *regs, unsigned long response)
{
	instruction_pointer_set(regs, response);
}

#endif /* ESTP_ARCH_X86_64_INLINE_H */
