/* SPDX-License-Identifier: MIT */
/*
 * x86_64's part of the harness: the register file, and names for tests of
 * this architecture alone (tests/guest/x86_64/).
 */
#ifndef HARNESS_ARCH_H
#define HARNESS_ARCH_H

/* Offsets that regs.S knows; pinned in regs.c. */
#define REGS_GPR	0
#define REGS_FLAGS	128
#define REGS_X		192
#define REGS_SIZE	(192 + REGS_X_LEN)
#define REGS_X_LEN	3072

#ifndef __ASSEMBLER__

/* An address that no mapping can have: #GP, not a page fault. */
#define WILD_ADDRESS	0x8000000000000000ull
/* What comes of it, and of emit_illegal(). */
#define WILD_CODE	SI_KERNEL
#define ILLEGAL_CODE	ILL_ILLOPN
#define ILLEGAL_NO_WORDS false
/* emit_divide() by zero is a SIGFPE. */
#define DIVISION_FAULTS	1
/* The kernel goes on single-stepping in a signal handler, where nobody traces any more. */
#define STEPS_ON_IN_HANDLER	0
/* Instructions start at multiples of it. */
#define INSN_ALIGN	1u
/* So many bytes of an emit_hold() can lie on the page before. */
#define HOLD_LEFT	3
#define PROBE_ANSWER_LEN 8u
/* What the kernel's log says of faults. */
#define FAULT_LINE	"segfault at"
#define FAULT_LINE_2	"traps: "
/* What a frame that cannot be read back is told as. */
#define BAD_FRAME_CODE	SI_KERNEL
/* Functions that are hooked on this architecture alone. */
#define HOOKED_HERE	"signal_fault\nforce_sigsegv\n"
/* Of these, those that there can be one user of, and in which way. */
#define HOGGED_HERE
/* Those that could have copies (copies.ko). */
#define COPIED		"force_sig_info_to_task", "signal_fault", "force_sigsegv"
/* madvise(2), and its advice, as tracefs fetches it. */
#define MADVISE		"__x64_sys_madvise"
#define FETCH_ADVICE	"+0x60(%di):x32"
/* And of the timer's. */
#define TIMER_INTERRUPTS "LOC:"
/* Where user space ends. */
#define USER_END	(1ull << 47)
/* The row of /proc/interrupts that counts calls of functions on other CPUs. */
#define CALL_INTERRUPTS	"CAL:"
#define REGS_CLEAR_VALID ESTP_X86_64_CLEAR_VALID

#define GPR_RAX	0
#define GPR_RCX	1
#define GPR_RDX	2
#define GPR_RBX	3
#define GPR_RSP	4
#define GPR_RBP	5
#define GPR_RSI	6
#define GPR_RDI	7
/*
 * The next instruction is the last one that lies on its page whole.  An emulator takes
 * interrupts where it likes: at jumps, and at the ends of pages.  So it does there.  A
 * per-CPU addition stands there so that it is cut after the CPU's number has been read.
 */
#define AT_END_OF_PAGE() \
	__asm__ volatile("jmp 1f\n\t.balign 4096, 0x90\n\t.skip 4090, 0x90\n1:" : : : "memory")
/*
 * A per-CPU operation's instructions before any of which the CPU's number has not been
 * read; and those from there on before which the other word that it compares has not.
 */
#define BEFORE_NUMBER	1
#define BEFORE_COMPARISON 2

#define GPR_NR	16

/* emit_load() and its like use rbx as arg and r12 as value. */
#define GPR_ARG		GPR_RBX
#define GPR_VALUE	12

/* CF PF AF ZF SF DF OF, and TF; what a sequence can see change. */
#define FLAGS_VISIBLE	0x200dd5ull
#define FLAG_TF		0x100ull

/* A system call that touches no memory on its way: no stack, no errno. */
static inline long bare_syscall(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;

	__asm__ volatile("syscall" : "+a"(nr) : "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return nr;
}

struct regs {
	uint64_t gpr[GPR_NR];		/* by hardware encoding; rsp is 4 */
	uint64_t flags;
	uint64_t gs_base;
	uint64_t rights;		/* PKRU */
	/* What XSAVE holds, standard format, without PKRU, MPX, CET and AMX. */
	uint8_t x[REGS_X_LEN] __attribute__((aligned(64)));
};

/* State components that regs_run() loads and saves. */
extern uint64_t regs_xmask;
/* PKRU as a signal frame holds it, or -1 if it does not. */
long frame_rights(const ucontext_t *uc);

/* Fields of the legacy area. */
#define X_FCW	0
#define X_FSW	2
#define X_FTW	4
#define X_MXCSR	24
#define X_ST	32
#define X_XMM	160
#define X_BV	512

#endif
#endif
