/* SPDX-License-Identifier: MIT */
/*
 * A process that uses the box, what its signal handler does, and what it sees.
 */
#ifndef WATCH_H
#define WATCH_H

#include "box.h"

/* What the handler does besides looking. */
enum attack {
	LOOK,
	THIEF,		/* returns to code that reads the box */
	MIDDLE,		/* returns into the gate behind its check, a reserved slot in hand */
	RIGHTS,		/* THIEF, and opens the box in the frame's rights */
	MIDDLE_RIGHTS,	/* MIDDLE, and the same */
	SIGRETURN,	/* RIGHTS, by a system call of its own instead of a return */
	STEP,		/* returns with the trap flag set, for STEPS steps; on x86_64 */
	SHUT,		/* returns to where the gate closes the box, open rights in the register */
};

#define STEPS	200

struct use {
	bool registered;	/* the gate; else this is a twin */
	bool fenced_in;		/* returns by box_return(); the kernel's way is forbidden */
	bool storm;		/* signals come by themselves: nobody traces */
	bool own_faults;	/* SIGSEGV has a handler, too */
	enum attack attack;
};

/* Shared by the process and its judge.  Nothing in it is secret but what was stolen. */
struct watched {
	volatile bool ready, stop, done, leave;
	volatile uint64_t passes, wrong, left_open, refused, reserved_signed;
	volatile uint64_t signals, in_gate, inside, faults;
	volatile uint64_t key_in_frame, key_in_fp, key_in_registers;
	volatile uint64_t frame_open, handler_open, peeked;
	volatile bool looted;
	uint64_t loot[BOX_SLOTS * BOX_WORDS];
};

/* Fingerprints of the keys, made while the box was open: word * FINGER. */
#define FINGER	0x9e3779b97f4a7c15ull
extern uint64_t fingerprints[BOX_SLOTS * BOX_WORDS];
extern uint64_t tag_expected, tag_reserved;
#define SLOT	1
#define WORD	0x123456789abcdef0
#define RESERVED_SLOT	6

/* In the process: handlers, then box_sign() until told to stop.  Does not return. */
__attribute__((noreturn)) void watch_run(const struct use *use, struct watched *watched);
/* The process reaches this at the end of each handler; a tracer stops it here. */
void watch_looked(void);

void watch_entry(int signal, siginfo_t *info, void *ucontext);
void watch_signal(int signal, siginfo_t *info, ucontext_t *uc, const uint64_t *live);
void watch_install(const struct use *use, struct watched *watched);
void box_return(void);
/* Allows this process no system call from now on but those that cannot open a box. */
int filter_install(void);

/* The judge's: a process stopped at an address of its code, by hardware breakpoint. */
int trace_until(pid_t pid, const void *pc, int signal);
/* The addresses of the instructions that it executes in [from, to); how many. */
int trace_list(pid_t pid, const void *from, const void *to, const char **list, int room);
/* Lets it go on by itself. */
void trace_end(pid_t pid);

#endif /* WATCH_H */
