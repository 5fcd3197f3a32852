// SPDX-License-Identifier: MIT
/*
 * x86_64's signal frames, and the registers of tracees.
 */
#include <cpuid.h>
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/rseq.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "../../harness/harness.h"
#include "xstate.h"

#define X_LEGACY	3ull			/* x87 and SSE */

static const int greg_of[GPR_NR] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

#define FP_XSTATE_MAGIC1_	0x46505853u
#define SW_RESERVED		464

/* The frame's XSAVE area, or NULL if it has the legacy part alone. */
static const u8 *frame_xsave(const ucontext_t *uc, u64 *features)
{
	const u8 *fp = (const u8 *)uc->uc_mcontext.fpregs;

	if (!fp || xstate_get(fp + SW_RESERVED, 4) != FP_XSTATE_MAGIC1_)
		return NULL;
	*features = xstate_get(fp + SW_RESERVED + 8, 8);
	return fp;
}

void regs_from_frame(struct regs *r, const ucontext_t *uc)
{
	const u8 *fp = (const u8 *)uc->uc_mcontext.fpregs, *x;
	u64 features = X_LEGACY, bv = X_LEGACY;
	long pkru = frame_rights(uc);
	int i;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < GPR_NR; i++)
		r->gpr[i] = uc->uc_mcontext.gregs[greg_of[i]];
	r->flags = uc->uc_mcontext.gregs[REG_EFL];
	r->rights = pkru < 0 ? 0 : pkru;
	r->gs_base = gs_base();
	if (!fp) {
		memcpy(r->x, regs_x_init, sizeof(r->x));
		return;
	}
	memcpy(r->x, fp, SW_RESERVED);
	x = frame_xsave(uc, &features);
	if (x) {
		bv = xstate_get(x + X_BV, 8) & features & regs_xmask;
		for (i = 2; i < 63; i++)
			if (bv & (1ull << i))
				memcpy(r->x + xstate_off[i], x + xstate_off[i], xstate_len[i]);
	}
	xstate_put(r->x + X_BV, bv, 8);
	xstate_normalise(r->x);
}

long frame_rights(const ucontext_t *uc)
{
	u64 features = 0;
	const u8 *x = frame_xsave(uc, &features);
	u32 len, off, c, d;

	if (!x || !(features & (1ull << XSTATE_PKRU)) || !cpu_has_keys())
		return -1;
	if (!(xstate_get(x + X_BV, 8) & (1ull << XSTATE_PKRU)))
		return 0;
	__cpuid_count(0xd, XSTATE_PKRU, len, off, c, d);
	return xstate_get(x + off, 4);
}

u64 frame_pc(const ucontext_t *uc)
{
	return uc->uc_mcontext.gregs[REG_RIP];
}

void frame_set_pc(ucontext_t *uc, u64 pc)
{
	uc->uc_mcontext.gregs[REG_RIP] = pc;
}

u64 frame_sp(const ucontext_t *uc)
{
	return uc->uc_mcontext.gregs[REG_RSP];
}

void frame_set_sp(ucontext_t *uc, u64 sp)
{
	uc->uc_mcontext.gregs[REG_RSP] = sp;
}

/* int3 reports the pc behind it. */
void frame_pass_trap(ucontext_t *uc)
{
	(void)uc;
}

/* General registers are restored first, the FP state fails after that. */
void frame_break(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = (void *)64;
}

u64 frame_fault_words(const ucontext_t *uc)
{
	return uc->uc_mcontext.gregs[REG_CR2] | uc->uc_mcontext.gregs[REG_ERR] |
	       uc->uc_mcontext.gregs[REG_TRAPNO];
}

/* Threads and tracees -------------------------------------------------------- */

const u32 *cpu_number(void)
{
	const struct rseq *area = (void *)((char *)__builtin_thread_pointer() + __rseq_offset);

	if (!__rseq_size)
		bail("the C library has not registered rseq");
	return &area->cpu_id;
}

static struct user_regs_struct tracee_regs(pid_t pid)
{
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof(regs) };

	must(!ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov));
	return regs;
}

u64 tracee_pc(pid_t pid)
{
	return tracee_regs(pid).rip;
}

void tracee_set_pc(pid_t pid, u64 pc)
{
	struct user_regs_struct regs = tracee_regs(pid);
	struct iovec iov = { &regs, sizeof(regs) };

	regs.rip = pc;
	must(!ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov));
}

/* What comes back may have cleared any register but rsp.  The red zone is stepped over. */
long call_no_zeros(const void *code)
{
	long result = 0;

	asm volatile("sub	$128, %%rsp\n\t"
		     "push	%%rbp\n\t"
		     "call	*%1\n\t"
		     "pop	%%rbp\n\t"
		     "add	$128, %%rsp"
		     : "+a" (result), "+c" (code)
		     : : "rbx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc",
		       "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
		       "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
	return result;
}

void frame_no_zeros(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RAX] = 0;
}

/* The errors of an interrupted system call point nowhere already, and are still asked for. */
void tracee_no_zeros(pid_t pid)
{
	struct user_regs_struct regs = tracee_regs(pid);
	struct iovec iov = { &regs, sizeof(regs) };

	if ((long)regs.rax > 0)
		regs.rax = 0;
	must(!ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov));
}

u64 dumped_pc(const void *regs)
{
	struct user_regs_struct own;

	memcpy(&own, regs, sizeof(own));
	return own.rip;
}

void tracee_drop_syscall(pid_t pid)
{
	struct user_regs_struct regs = tracee_regs(pid);
	struct iovec iov = { &regs, sizeof(regs) };

	regs.orig_rax = -1;
	must(!ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov));
}

void tracee_poke(pid_t pid, u64 addr, long word)
{
	must(!ptrace(PTRACE_POKETEXT, pid, addr, word));
}

void tracee_pass_trap(pid_t pid)
{
	(void)pid;
}

long tracee_breakpoint(pid_t pid, u64 addr)
{
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, pid, addr, 0);
	must(!errno);
	tracee_poke(pid, addr, (word & ~0xffl) | 0xcc);
	return word;
}
