// SPDX-License-Identifier: MIT
/*
 * Into a signal handler, and out of it without the kernel's help.
 *
 * rt_sigreturn gives a thread whatever registers and whatever protection key rights the
 * frame holds, and a handler writes what it likes into its frame: for a hostile one this
 * system call is WRPKRU.  But with the gate's sequence no frame ever holds an open box,
 * so nobody needs rights out of a frame any more, and the call can be forbidden (filter.c).
 * This is the way back instead: everything of the frame but the rights.
 */
#include <estp/sequence.h>

#include "../box.h"
#include "../watch.h"

#define UC(field)	"i"(offsetof(ucontext_t, field))
#define GREG(r)		"i"(offsetof(ucontext_t, uc_mcontext.gregs) + 8 * REG_##r)

/*
 * A handler returns to here, the stack pointer at its ucontext:
 *
 *	XRSTOR of all but the rights
 *	the signal mask
 *	rbx, flags and pc to below the interrupted code's red zone; all other registers
 *	pop all three
 *
 * Who jumps to the XRSTOR, rights in eax, meets the test behind it; a signal in between
 * is an INTERRUPT that closes the box and begins again.
 */
__attribute__((naked)) void box_return(void)
{
	__asm__ volatile(
		ESTP_LABEL(restore, again) ":\n\t"
		"movq	%c[fp](%%rsp), %%rbx\n\t"
		"movl	$~0x200, %%eax\n\t"
		"xorl	%%edx, %%edx\n\t"
		ESTP_START(restore)
		ESTP_WAIVE(restore, ESTP_RULE_UNKNOWN)	/* XRSTOR */
		"xrstor64 (%%rbx)\n\t"
		"testl	$0x200, %%eax\n\t"
		"jnz	" ESTP_LABEL(restore, close) "\n\t"
		ESTP_END(restore)
		ESTP_ON_INTERRUPT(restore, ESTP_LABEL(restore, again), ESTP_LABEL(restore, close),
				  0, ESTP_RESET_PKEY)
		"movq	%%rsp, %%rbx\n\t"
		"movl	$14, %%eax\n\t"			/* rt_sigprocmask(SIG_SETMASK, */
		"movl	$2, %%edi\n\t"
		"leaq	%c[mask](%%rbx), %%rsi\n\t"
		"xorl	%%edx, %%edx\n\t"
		"movl	$8, %%r10d\n\t"
		"syscall\n\t"
		"movq	%c[rsp](%%rbx), %%rax\n\t"
		"subq	$128+24, %%rax\n\t"
		"movq	%c[rbx](%%rbx), %%rcx\n\t"
		"movq	%%rcx, (%%rax)\n\t"
		"movq	%c[flags](%%rbx), %%rcx\n\t"
		"movq	%%rcx, 8(%%rax)\n\t"
		"movq	%c[rip](%%rbx), %%rcx\n\t"
		"movq	%%rcx, 16(%%rax)\n\t"
		"movq	%%rax, %c[rsp](%%rbx)\n\t"
		"movq	%c[r8](%%rbx), %%r8\n\t"
		"movq	%c[r9](%%rbx), %%r9\n\t"
		"movq	%c[r10](%%rbx), %%r10\n\t"
		"movq	%c[r11](%%rbx), %%r11\n\t"
		"movq	%c[r12](%%rbx), %%r12\n\t"
		"movq	%c[r13](%%rbx), %%r13\n\t"
		"movq	%c[r14](%%rbx), %%r14\n\t"
		"movq	%c[r15](%%rbx), %%r15\n\t"
		"movq	%c[rdi](%%rbx), %%rdi\n\t"
		"movq	%c[rsi](%%rbx), %%rsi\n\t"
		"movq	%c[rbp](%%rbx), %%rbp\n\t"
		"movq	%c[rdx](%%rbx), %%rdx\n\t"
		"movq	%c[rax](%%rbx), %%rax\n\t"
		"movq	%c[rcx](%%rbx), %%rcx\n\t"
		"movq	%c[rsp](%%rbx), %%rsp\n\t"
		"popq	%%rbx\n\t"
		"popfq\n\t"
		"ret	$128\n\t"
		ESTP_LABEL(restore, close) ":\n\t"
		"movl	%[closed], %%eax\n\t"
		"xorl	%%ecx, %%ecx\n\t"
		"xorl	%%edx, %%edx\n\t"
		"wrpkru\n\t"
		"cmpl	%[closed], %%eax\n\t"
		"jne	" ESTP_LABEL(restore, close) "\n\t"
		"ud2\n\t"
		: : [fp] UC(uc_mcontext.fpregs), [mask] UC(uc_sigmask), [closed] "i"(BOX_CLOSED),
		    [rsp] GREG(RSP), [rbx] GREG(RBX), [flags] GREG(EFL), [rip] GREG(RIP),
		    [r8] GREG(R8), [r9] GREG(R9), [r10] GREG(R10), [r11] GREG(R11),
		    [r12] GREG(R12), [r13] GREG(R13), [r14] GREG(R14), [r15] GREG(R15),
		    [rdi] GREG(RDI), [rsi] GREG(RSI), [rbp] GREG(RBP), [rdx] GREG(RDX),
		    [rax] GREG(RAX), [rcx] GREG(RCX));
}

/* A handler's first instruction: what the thread has in its registers goes to memory. */
__attribute__((naked))
void watch_entry(int signal __attribute__((unused)), siginfo_t *info __attribute__((unused)),
		 void *ucontext __attribute__((unused)))
{
	__asm__(
		"pushq	%rbp\n\t"
		"movq	%rsp, %rbp\n\t"
		"subq	$48*8, %rsp\n\t"
		"movq	%rax, 0(%rsp)\n\t"
		"movq	%rbx, 8(%rsp)\n\t"
		"movq	%rcx, 16(%rsp)\n\t"
		"movq	%r8, 24(%rsp)\n\t"
		"movq	%r9, 32(%rsp)\n\t"
		"movq	%r10, 40(%rsp)\n\t"
		"movq	%r11, 48(%rsp)\n\t"
		"movq	%r12, 56(%rsp)\n\t"
		"movq	%r13, 64(%rsp)\n\t"
		"movq	%r14, 72(%rsp)\n\t"
		"movq	%r15, 80(%rsp)\n\t"
		"movdqu	%xmm0, 128(%rsp)\n\t"
		"movdqu	%xmm1, 144(%rsp)\n\t"
		"movdqu	%xmm2, 160(%rsp)\n\t"
		"movdqu	%xmm3, 176(%rsp)\n\t"
		"movdqu	%xmm4, 192(%rsp)\n\t"
		"movq	%rsp, %rcx\n\t"
		"call	watch_signal\n\t"
		"leave\n\t"
		"ret\n\t");
}
