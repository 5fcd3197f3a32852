/* SPDX-License-Identifier: MIT */
/*
 * arm64's part of the harness: the register file, and what common tests need to know.
 */
#ifndef HARNESS_ARCH_H
#define HARNESS_ARCH_H

/* Offsets that regs.S knows; pinned in regs.c. */
#define REGS_X		0
#define REGS_SP		248
#define REGS_FLAGS	256
#define REGS_FPSR	264
#define REGS_FPCR	272
#define REGS_Z		288
#define REGS_P		1312
#define REGS_FFR	1376
#define REGS_SIZE	1392

/* The longest vector, in bytes, that tests use: regs.c sets it where there is SVE. */
#define REGS_VL_MAX	32

#ifndef __ASSEMBLER__

/* An address that no mapping can have; the top byte alone would be ignored. */
#define WILD_ADDRESS	0x00f0000000000000ull
/* What comes of it, and of emit_illegal(). */
#define WILD_CODE	SEGV_MAPERR
#define ILLEGAL_CODE	ILL_ILLOPC
#define ILLEGAL_NO_WORDS true
/* Division by zero is zero. */
#define DIVISION_FAULTS	0
/* The kernel goes on single-stepping in a signal handler, where nobody traces any more. */
#define STEPS_ON_IN_HANDLER	1
/* Instructions start at multiples of it. */
#define INSN_ALIGN	4u
/* So many bytes of an emit_hold() can lie on the page before: all. */
#define HOLD_LEFT	4
#define PROBE_ANSWER_LEN 16u
/* What the kernel's log says of faults (debug.exception-trace). */
#define FAULT_LINE	"unhandled exception: "
#define FAULT_LINE_2	NULL
/* What a frame that cannot be read back is told as. */
#define BAD_FRAME_CODE	SEGV_ACCERR
/* Functions that are hooked on this architecture alone. */
#define HOOKED_HERE	"do_el0_bti\ndo_fpsimd_exc\ndo_sea\nfpsimd_signal_preserve_current_state\n"
/* Of these, those that there can be one user of, and in which way. */
#define HOGGED_HERE \
	{ "do_fpsimd_exc", false }, { "do_sea", false }, { "do_sea", true }, \
	{ "fpsimd_signal_preserve_current_state", false }, { "fpsimd_signal_preserve_current_state", true },
/* Those that could have copies (copies.ko). */
#define COPIED		"force_sig_info_to_task"
/* madvise(2), and its advice, as tracefs fetches it. */
#define MADVISE		"__arm64_sys_madvise"
#define FETCH_ADVICE	"+0x10(%x0):x32"
/* And of the timer's. */
#define TIMER_INTERRUPTS "arch_timer"
/* Where user space ends, for programs that do not ask for more. */
#define USER_END	(1ull << 48)
/* The row of /proc/interrupts that counts calls of functions on other CPUs. */
#define CALL_INTERRUPTS	"IPI1:"
#define REGS_CLEAR_VALID ESTP_ARM64_CLEAR_VALID
/* Which the C library does not know yet. */
#ifndef PROT_BTI
#define PROT_BTI	0x10
#endif

/*
 * The next four instructions are the last ones of their page.  An emulator takes
 * interrupts where it likes: at jumps, and at the ends of pages.  So it does there.  A
 * per-CPU addition stands there so that it is cut after the CPU's number has been read.
 */
#define AT_END_OF_PAGE() \
	__asm__ volatile("b 1f\n\t.balign 4096\n\t.skip 4080\n1:" : : : "memory")
/*
 * A per-CPU operation's instructions before any of which the CPU's number has not been
 * read; and those from there on before which the other word that it compares has not.
 */
#define BEFORE_NUMBER	2
#define BEFORE_COMPARISON 3

#define GPR_NR		31

/* emit_load() and its like use x19 as arg and x20 as value. */
#define GPR_ARG		19
#define GPR_VALUE	20

/* N Z C V */
#define FLAGS_VISIBLE	0xf0000000ull

/* A system call that touches no memory on its way: no stack, no errno. */
static inline long bare_syscall(long nr, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc	#0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}

struct regs {
	uint64_t x[GPR_NR];
	uint64_t sp;
	uint64_t flags;
	uint64_t fpsr, fpcr;
	uint64_t rights;		/* POR_EL0 */
	/* regs_vl bytes each; without SVE the 16 of V.  Predicates: an eighth of it. */
	uint8_t z[32 * REGS_VL_MAX];
	uint8_t p[16 * REGS_VL_MAX / 8];
	uint8_t ffr[16];
};

/* Bytes a vector, and whether that is SVE. */
extern uint64_t regs_vl, regs_sve;

#endif
#endif
