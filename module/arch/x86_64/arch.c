// SPDX-License-Identifier: GPL-2.0-only
/*
 * x86_64: clearing registers, restarts, traps.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/percpu.h>
#include <linux/signal.h>
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xcr.h>
#include <asm/pkru.h>

#include "../arch.h"

/* ---- Protection keys --------------------------------------------------------- */

static u32 default_pkru __ro_after_init;

/*
 * The kernel's default is not exported, but every new kernel thread starts with it.
 * (So a later change through debugfs x86/init_pkru is not seen: SPEC LIM.)
 */
static int read_default_pkru(void *done)
{
	default_pkru = read_pkru();
	/* Not a return: a load that fails would take the code away under it. */
	kthread_complete_and_exit(done, 0);
}

static int learn_default_pkru(void)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct task_struct *task = kthread_run(read_default_pkru, &done, "estp_pkru");

	if (IS_ERR(task)) {
		pr_err("no thread to learn the default rights of protection keys from (%ld); not loaded\n",
		       PTR_ERR(task));
		return PTR_ERR(task);
	}
	wait_for_completion(&done);
	return 0;
}

/* ---- FP/SIMD ------------------------------------------------------------------- */

/*
 * XRSTOR from an image whose header says that nothing is in use puts every
 * component that is asked for into its initial state; FCW comes with x87's initial
 * state, MXCSR is read from the image.
 */
static const struct {
	struct fxregs_state legacy;
	struct xstate_header header;
} fresh __aligned(64) = {
	.legacy = { .cwd = 0x37f, .mxcsr = MXCSR_DEFAULT, .mxcsr_mask = 0 },
};

/* Everything that XSAVE holds but protection keys; shadow stack is XSAVES's alone. */
static u64 fp_components(void)
{
	return xgetbv(XCR_XFEATURE_ENABLED_MASK) & ~(u64)XFEATURE_MASK_PKRU;
}

/*
 * irqs off: the state is either in this CPU's registers or in memory, and stays there
 * meanwhile.  (An interrupt that uses the FPU moves it; under PREEMPT_RT siglock alone does
 * not keep interrupts away.)
 */
static void clear_fp_irqs_off(void)
{
	struct fpu *fpu = &current->thread.fpu;
	u64 mask = fp_components();
	struct xregs_state *x;

	if (!test_thread_flag(TIF_NEED_FPU_LOAD)) {
		asm volatile("xrstor64 %[image]"
			     : : [image] "m" (fresh), "a" ((u32)mask), "d" ((u32)(mask >> 32))
			     : "memory");
		return;
	}

	x = &fpu->fpstate->regs.xsave;
	x->header.xfeatures &= ~mask;
	x->i387.cwd = 0x37f;
	x->i387.mxcsr = MXCSR_DEFAULT;
	/* Registers of this CPU may still hold the state as it was: do not believe them. */
	fpu->last_cpu = -1;
}

static void clear_fp(void)
{
	unsigned long flags;

	local_irq_save(flags);
	clear_fp_irqs_off();
	local_irq_restore(flags);
}

/* ---- General registers ----------------------------------------------------------- */

#define GPR(name)	(offsetof(struct pt_regs, name) / sizeof(long))

/* By hardware encoding; rsp, bit 4, is refused at registration. */
static const u8 gpr[16] = {
	GPR(ax), GPR(cx), GPR(dx), GPR(bx), GPR(sp), GPR(bp), GPR(si), GPR(di),
	GPR(r8), GPR(r9), GPR(r10), GPR(r11), GPR(r12), GPR(r13), GPR(r14), GPR(r15),
};

void estp_arch_clear(struct pt_regs *regs, u32 mask, bool reset_pkey)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(gpr); i++)
		if (mask & BIT(i))
			((unsigned long *)regs)[gpr[i]] = 0;
	/* The kernel enters handlers with fresh FP state of itself. */
	if (mask & ESTP_CLEAR_FP)
		clear_fp();
	if (reset_pkey)
		write_pkru(default_pkru);
}

/* ---- Restarts ---------------------------------------------------------------------- */

#define SYSCALL_INSN_LEN	2

/* What handle_signal() is going to do, done in the mind. */
struct estp_frame estp_arch_frame(struct pt_regs *regs, const struct k_sigaction *ka)
{
	struct estp_frame frame = { .pc = instruction_pointer(regs) };

	if (!estp_arch_in_syscall(regs))
		return frame;
	frame.in_syscall = true;
	switch (syscall_get_error(current, regs)) {
	case -ERESTARTSYS:
		frame.restart = ka->sa.sa_flags & SA_RESTART;
		break;
	case -ERESTARTNOINTR:
		frame.restart = true;
		break;
	}
	if (frame.restart)
		frame.pc -= SYSCALL_INSN_LEN;
	return frame;
}

void estp_arch_frame_divert(struct pt_regs *regs, struct estp_frame *frame, unsigned long pc)
{
	unsigned long before = instruction_pointer(regs);

	/* SYSCALL left the pc behind it there, which may have been taken back since, to restart it. */
	if (frame->in_syscall && (regs->cx == before || regs->cx == before + SYSCALL_INSN_LEN))
		regs->cx = pc;
	if (frame->restart) {
		regs->ax = regs->orig_ax;
		regs->orig_ax = -1;
		frame->restart = false;
	}
	estp_arch_divert(regs, pc);
	frame->pc = pc;
}

/* ---- Traps --------------------------------------------------------------------------- */

/*
 * A frame that cannot be written ends as SIGSEGV from the kernel, which looks like
 * that of a #GP but for the trap number, and that would be the last trap's.
 */
void estp_arch_no_trap(void)
{
	current->thread.trap_nr = 0;
}

int estp_arch_init(struct estp_rules *rules)
{
	rules->insn_align = 1;
	rules->clear_valid = ESTP_X86_64_CLEAR_VALID;
	if (!boot_cpu_has(X86_FEATURE_OSXSAVE))
		rules->clear_valid &= ~ESTP_CLEAR_FP;
	rules->reset_pkey = boot_cpu_has(X86_FEATURE_OSPKE);
	return rules->reset_pkey ? learn_default_pkru() : 0;
}
