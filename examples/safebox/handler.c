// SPDX-License-Identifier: MIT
/* The handler: looks at all that a handler can see, then does its worst. */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frame.h"
#include "tracee.h"
#include "watch.h"

uint64_t fingerprints[BOX_SLOTS * BOX_WORDS];
uint64_t tag_expected, tag_reserved;

static struct watched *seen;
static enum attack attack;
static unsigned int steps;

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

/* Where a hostile handler returns to. */
static void steal(void)
{
	memcpy(seen->loot, box.keys, sizeof(seen->loot));
	seen->looted = true;
	_exit(0);
}

static void do_worst(ucontext_t *uc)
{
	switch (attack) {
	case LOOK:
		break;
	case RIGHTS:
	case SIGRETURN:
		frame_open(uc);
		__attribute__((fallthrough));
	case THIEF:
		frame_call(uc, steal);
		break;
	case MIDDLE_RIGHTS:
		frame_open(uc);
		__attribute__((fallthrough));
	case MIDDLE:
		frame_go_to(uc, box_checked);
		frame_set_offset(uc, RESERVED_SLOT * sizeof(box.keys[0]));
		break;
	case STEP:
		frame_step(uc, ++steps <= STEPS);
		break;
	case SHUT:
		frame_go_to(uc, box_shut);
		frame_set_operand(uc);
		break;
	}
	if (attack == SIGRETURN)
		frame_return(uc);
}

__attribute__((noinline)) void watch_looked(void)
{
	__asm__ volatile("");
}

__attribute__((used))
void watch_signal(int signal, siginfo_t *info, ucontext_t *uc, const uint64_t *live)
{
	const char *pc = (const char *)frame_pc(uc);
	bool inside = pc >= box_start && pc < box_end;
	const void *part;
	uint64_t word;
	size_t i, len;

	(void)info;
	if (signal == SIGSEGV)
		seen->faults++;
	seen->in_gate += inside || pc == box_again;
	seen->inside += inside;
	part = frame_general(uc, &len);
	seen->key_in_frame += search(part, len);
	part = frame_vectors(uc, &len);
	seen->key_in_fp += search(part, len);
	seen->key_in_registers += search(live, LIVE_WORDS * 8);
	seen->frame_open += frame_is_open(uc);
	seen->handler_open += box_is_open(box_rights());
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
