// SPDX-License-Identifier: MIT
/* The handler: looks at all that a handler can see, then does its worst. */
#include <cpuid.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "watch.h"

#define XSAVE_BV	512	/* in the XSAVE area: which components it holds, */
#define XSAVE_PKRU	9	/* this one among them */
#define TRAP_FLAG	0x100

uint64_t fingerprints[BOX_SLOTS * BOX_WORDS];
uint64_t tag_expected, tag_reserved;

static struct watched *seen;
static enum attack attack;
static unsigned int steps;
static unsigned int pkru_offset;

static uint64_t search(const void *from, size_t len)
{
	const uint64_t *word = from;
	uint64_t found = 0;
	size_t i, j;

	for (i = 0; i < len / 8; i++)
		for (j = 0; j < BOX_SLOTS * BOX_WORDS; j++)
			found += word[i] * FINGER == fingerprints[j];
	return found;
}

static uint32_t *frame_rights(const ucontext_t *uc)
{
	return (uint32_t *)((char *)uc->uc_mcontext.fpregs + pkru_offset);
}

static uint64_t *frame_components(const ucontext_t *uc)
{
	return (uint64_t *)((char *)uc->uc_mcontext.fpregs + XSAVE_BV);
}

/* A component that the frame does not hold is restored as 0, and 0 opens all. */
static bool frame_is_open(const ucontext_t *uc)
{
	return !(*frame_components(uc) >> XSAVE_PKRU & 1) ||
	       (*frame_rights(uc) & BOX_CLOSED) != BOX_CLOSED;
}

__attribute__((used)) static void steal(void)
{
	memcpy(seen->loot, box.keys, sizeof(seen->loot));
	seen->looted = true;
	_exit(0);
}

/* Where a hostile handler returns to. */
__attribute__((naked)) static void thief(void)
{
	__asm__("andq	$-16, %rsp\n\tcall	steal\n\tud2");
}

static void open_frame(ucontext_t *uc)
{
	*frame_components(uc) |= 1 << XSAVE_PKRU;
	*frame_rights(uc) = 0;
}

static void do_worst(ucontext_t *uc)
{
	greg_t *reg = uc->uc_mcontext.gregs;

	switch (attack) {
	case LOOK:
		break;
	case RIGHTS:
	case SIGRETURN:
		open_frame(uc);
		__attribute__((fallthrough));
	case THIEF:
		reg[REG_RIP] = (greg_t)thief;
		break;
	case MIDDLE_RIGHTS:
		open_frame(uc);
		__attribute__((fallthrough));
	case MIDDLE:
		reg[REG_RIP] = (greg_t)box_checked;
		reg[REG_R9] = RESERVED_SLOT * sizeof(box.keys[0]);
		break;
	case STEP:
		if (++steps <= STEPS)
			reg[REG_EFL] |= TRAP_FLAG;
		else
			reg[REG_EFL] &= ~TRAP_FLAG;
		break;
	case SHUT:
		reg[REG_RIP] = (greg_t)box_shut;
		reg[REG_RAX] = reg[REG_RCX] = reg[REG_RDX] = 0;
		break;
	}
	if (attack == SIGRETURN)
		__asm__ volatile("movq %0, %%rsp\n\tsyscall" : : "r"(uc), "a"(SYS_rt_sigreturn));
}

__attribute__((noinline)) void watch_looked(void)
{
	__asm__ volatile("");
}

__attribute__((used))
void watch_signal(int signal, siginfo_t *info, ucontext_t *uc, const uint64_t *live)
{
	const char *pc = (const char *)uc->uc_mcontext.gregs[REG_RIP];
	bool inside = pc >= box_start && pc < box_end;
	const unsigned int live_words = 48;
	uint64_t word;
	size_t i;

	(void)info;
	if (signal == SIGSEGV)
		seen->faults++;
	seen->in_gate += inside || pc == box_again;
	seen->inside += inside;
	seen->key_in_frame += search(&uc->uc_mcontext, sizeof(uc->uc_mcontext));
	seen->key_in_fp += search(uc->uc_mcontext.fpregs, pkru_offset + 8);
	/* Vector registers were pushed at multiples of 16 above the live words. */
	seen->key_in_registers += search(live, live_words * 8);
	seen->frame_open += frame_is_open(uc);
	seen->handler_open += (box_rights() & BOX_CLOSED) != BOX_CLOSED;
	for (i = 0; i < BOX_SLOTS; i++)
		seen->peeked += !box_peek(&box.keys[i][0], &word);
	seen->signals++;
	if (signal == SIGSEGV) {	/* it would come again */
		seen->done = true;
		_exit(0);
	}
	watch_looked();
	do_worst(uc);
	if (attack != STEP)
		attack = LOOK;
}

/* As the kernel takes it: the C library would put its own way back. */
struct kernel_action {
	void (*handler)(int signal, siginfo_t *info, void *ucontext);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

void watch_install(const struct use *use, struct watched *watched)
{
	struct sigaction plain = { .sa_sigaction = watch_entry, .sa_flags = SA_SIGINFO };
	struct kernel_action own = {
		.handler = watch_entry, .flags = SA_SIGINFO | 0x04000000 /* SA_RESTORER */,
		.restorer = box_return, .mask = ~(1ull << (SIGTRAP - 1)),
	};
	unsigned int eax, ecx, edx;

	__cpuid_count(0xd, XSAVE_PKRU, eax, pkru_offset, ecx, edx);
	seen = watched;
	attack = use->attack;
	/* A trap that is blocked, as the tracer's in watch_looked(), would end its handler. */
	sigfillset(&plain.sa_mask);
	sigdelset(&plain.sa_mask, SIGTRAP);
	if (use->fenced_in) {
		syscall(SYS_rt_sigaction, SIGUSR1, &own, NULL, 8);
		syscall(SYS_rt_sigaction, SIGTRAP, &own, NULL, 8);
	} else {
		sigaction(SIGUSR1, &plain, NULL);
		sigaction(SIGTRAP, &plain, NULL);
	}
	if (use->own_faults)
		sigaction(SIGSEGV, &plain, NULL);
}
