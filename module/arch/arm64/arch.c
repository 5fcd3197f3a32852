// SPDX-License-Identifier: GPL-2.0-only
/*
 * arm64: clearing registers, frames.
 */
#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/fpsimd.h>
#include <asm/neon.h>
#include <asm/sysreg.h>

#include "../arch.h"

/* ---- FP/SIMD ------------------------------------------------------------------- */

/*
 * A handler inherits the live vector registers, so these have to be cleared as well as
 * what the frame is made of.  kernel_neon_begin() does half of it: it writes the state to
 * memory and disowns this CPU's registers.  Another one's may hold it still, and would be
 * taken for right if the thread came back there before it is in user space, as it may when its
 * frame's page has to be brought in: so no CPU's are the thread's (fpsimd_flush_task_state()).
 * User space is entered from what is in memory then.
 *
 * SVE state that is not tracked is zero when next used, and so are P and FFR: what a fresh
 * program has.
 */
static void clear_fp(void)
{
	struct thread_struct *thread = &current->thread;

	kernel_neon_begin();
	memset(&thread->uw.fpsimd_state, 0, sizeof(thread->uw.fpsimd_state));
	thread->fp_type = FP_STATE_FPSIMD;
	thread->fpsimd_cpu = NR_CPUS;
	kernel_neon_end();
}

void estp_arch_clear(struct pt_regs *regs, u32 mask, bool reset_pkey)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(regs->regs); i++)
		if (mask & BIT(i))
			regs->regs[i] = 0;
	if (mask & ESTP_CLEAR_FP)
		clear_fp();
	/* The frame is written with all keys open, and gets the value of now. */
	if (reset_pkey) {
		write_sysreg_s(POR_EL0_INIT, SYS_POR_EL0);
		isb();
	}
}

/* ---- Frames ---------------------------------------------------------------------- */

/* The frame hook comes after restarts. */
struct estp_frame estp_arch_frame(struct pt_regs *regs, const struct k_sigaction *ka)
{
	return (struct estp_frame) { .pc = instruction_pointer(regs) };
}

void estp_arch_frame_divert(struct pt_regs *regs, struct estp_frame *frame, unsigned long pc)
{
	estp_arch_divert(regs, pc);
	frame->pc = pc;
}

void estp_arch_no_trap(void)
{
}

int estp_arch_init(struct estp_rules *rules)
{
	rules->insn_align = 4;
	rules->clear_valid = ESTP_ARM64_CLEAR_VALID;
	/*
	 * SME's state has places of its own, which no kernel that we know switches on; FPMR is
	 * written to the frame from the register, whoever's that is.
	 */
	if (!system_supports_fpsimd() || system_supports_sme() || system_supports_fpmr())
		rules->clear_valid &= ~ESTP_CLEAR_FP;
	rules->reset_pkey = system_supports_poe();
	return 0;
}
