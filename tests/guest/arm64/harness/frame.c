// SPDX-License-Identifier: MIT
/*
 * arm64's signal frames, and the registers of tracees.
 */
#include <asm/sigcontext.h>
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/rseq.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "../../harness/harness.h"

/* The kernel's struct poe_context: one word. */
#ifndef POE_MAGIC
#define POE_MAGIC 0x504f4530
#endif

/* The record of the frame with that magic number, or NULL. */
static struct _aarch64_ctx *record(const ucontext_t *uc, u32 magic)
{
	u8 *at = (u8 *)uc->uc_mcontext.__reserved;

	for (;;) {
		struct _aarch64_ctx *head = (struct _aarch64_ctx *)at;

		if (head->magic == magic)
			return head;
		if (!head->magic || !head->size)
			return NULL;
		if (head->magic == EXTRA_MAGIC)
			at = (u8 *)((struct extra_context *)head)->datap;
		else
			at += head->size;
	}
}

static void get_sve(struct regs *r, const struct sve_context *sve)
{
	u32 vq = sve->vl / 16, i;

	if (sve->vl != regs_vl)
		bail("a frame with vectors of %u bytes", sve->vl);
	if (sve->head.size < SVE_SIG_CONTEXT_SIZE(vq))
		return;				/* nothing but V is in use */
	for (i = 0; i < 32; i++)
		memcpy(r->z + i * regs_vl + 16, (u8 *)sve + SVE_SIG_ZREG_OFFSET(vq, i) + 16,
		       regs_vl - 16);
	memcpy(r->p, (u8 *)sve + SVE_SIG_PREGS_OFFSET(vq), 16 * regs_vl / 8);
	memcpy(r->ffr, (u8 *)sve + SVE_SIG_FFR_OFFSET(vq), regs_vl / 8);
}

void regs_from_frame(struct regs *r, const ucontext_t *uc)
{
	const struct fpsimd_context *fp = (void *)record(uc, FPSIMD_MAGIC);
	const struct sve_context *sve = (void *)record(uc, SVE_MAGIC);
	const struct _aarch64_ctx *poe = record(uc, POE_MAGIC);
	u32 i;

	memset(r, 0, sizeof(*r));
	memcpy(r->x, uc->uc_mcontext.regs, sizeof(r->x));
	r->sp = uc->uc_mcontext.sp;
	r->flags = uc->uc_mcontext.pstate;
	r->rights = poe ? *(const u64 *)(poe + 1) : 0;
	if (!fp)
		return;
	r->fpsr = fp->fpsr;
	r->fpcr = fp->fpcr;
	for (i = 0; i < 32; i++)
		memcpy(r->z + i * regs_vl, &fp->vregs[i], 16);
	if (sve && regs_sve)
		get_sve(r, sve);
}

u64 frame_pc(const ucontext_t *uc)
{
	return uc->uc_mcontext.pc;
}

void frame_set_pc(ucontext_t *uc, u64 pc)
{
	uc->uc_mcontext.pc = pc;
}

u64 frame_sp(const ucontext_t *uc)
{
	return uc->uc_mcontext.sp;
}

void frame_set_sp(ucontext_t *uc, u64 sp)
{
	uc->uc_mcontext.sp = sp;
}

void frame_pass_trap(ucontext_t *uc)
{
	if (*(u32 *)uc->uc_mcontext.pc == 0xd4200000)
		uc->uc_mcontext.pc += 4;
}

/* General registers are restored first, then records are looked at. */
void frame_break(ucontext_t *uc)
{
	record(uc, FPSIMD_MAGIC)->magic = 0x0bad0bad;
}

u64 frame_fault_words(const ucontext_t *uc)
{
	const struct esr_context *esr = (void *)record(uc, ESR_MAGIC);

	return uc->uc_mcontext.fault_address | (esr ? esr->esr : 0);
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
	return tracee_regs(pid).pc;
}

void tracee_set_pc(pid_t pid, u64 pc)
{
	struct user_regs_struct regs = tracee_regs(pid);
	struct iovec iov = { &regs, sizeof(regs) };

	regs.pc = pc;
	must(!ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov));
}

/* Zeros are no instruction here.  What comes back may have cleared any register but sp. */
long call_no_zeros(const void *code)
{
	register long result asm("x0") = 0;
	register const void *to asm("x1") = code;

	asm volatile("str	x29, [sp, #-16]!\n\t"
		     "blr	%1\n\t"
		     "ldr	x29, [sp], #16"
		     : "+r" (result), "+r" (to)
		     : : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",
		       "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x30", "memory",
		       "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14",
		       "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28",
		       "v29", "v30", "v31");
	return result;
}

void frame_no_zeros(ucontext_t *uc)
{
	(void)uc;
}

void tracee_no_zeros(pid_t pid)
{
	(void)pid;
}

u64 dumped_pc(const void *regs)
{
	struct user_regs_struct own;

	memcpy(&own, regs, sizeof(own));
	return own.pc;
}

void tracee_drop_syscall(pid_t pid)
{
	int nr = -1;
	struct iovec iov = { &nr, sizeof(nr) };

	must(!ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov));
}

void tracee_poke(pid_t pid, u64 addr, long word)
{
	must(!ptrace(PTRACE_POKETEXT, pid, addr, word));
}

void tracee_pass_trap(pid_t pid)
{
	u64 pc = tracee_pc(pid);

	if ((u32)ptrace(PTRACE_PEEKTEXT, pid, pc, 0) == 0xd4200000)
		tracee_set_pc(pid, pc + 4);
}

long tracee_breakpoint(pid_t pid, u64 addr)
{
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, pid, addr, 0);
	must(!errno);
	tracee_poke(pid, addr, (word & ~0xffffffffl) | 0xd4200000);
	return word;
}
