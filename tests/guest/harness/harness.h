/* SPDX-License-Identifier: MIT */
/*
 * The harness of the guest tests: what a test file stands on.
 *
 * A test is one file, one property, one function: test().  main() is here; it
 * runs test() in a child with a time limit, so that a livelock or a death is a
 * failure and never a hang.  The test prints TAP on stdout and exits with 0,
 * 1 or, when its machine lacks what the property needs, 77.
 *
 * The parts:
 *
 *   TAP         ok(), is(), diag(), skip(), skip_all(), bail()
 *   ESTP        madv_register() ..., raw madvise(2); stats(); struct table
 *   code        struct code: sequences made at run time, in either layout
 *   registers   struct regs: the whole register file, filled, run, compared
 *   threads     pinning, a victim held inside a sequence, forced preemption
 *   signals     what a handler saw; a signal delivered at exactly one pc
 *   processes   children with a time limit; the kernel's log
 *
 * What depends on the architecture is in tests/guest/<isa>/harness/: its
 * arch.h defines struct regs and the emitters that are declared here.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <uapi/estp.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#include "arch.h"

/* Offsets and lengths of code, in the least that there is: arch.h, INSN_ALIGN. */
#define INSNS(n) ((n) * INSN_ALIGN)
#define INSN_FLOOR(n) ((n) & ~(u64)(INSN_ALIGN - 1))
#define INSN_CEIL(n) INSN_FLOOR((n) + INSN_ALIGN - 1)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The test itself, and how long it takes at most (weak; 30 unless redefined). */
void test(void);
extern const unsigned int test_seconds;

/* TAP ------------------------------------------------------------------ */

/* One line of the report; returns @cond, so that a test can stop early. */
bool ok(bool cond, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* ok(got == want), showing both when they differ. */
#define is(got, want, ...) is_u64((u64)(got), (u64)(want), __VA_ARGS__)
bool is_u64(u64 got, u64 want, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* What a second run would not excuse: that it failed once is enough (see tests/run-guest). */
#define final(check) do {							\
	if (!(check))								\
		diag("final: once is enough");					\
} while (0)
/* A comment on the report. */
void diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* One point that this machine cannot show, and why; counts as passed. */
void skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Nothing here can be shown on this machine: ends with 77.  Before any ok(). */
void skip_all(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* The test itself cannot go on (no memory, an impossible answer): ends with 1. */
void bail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* bail() with errno unless @cond; for calls of the test's own machinery. */
#define must(cond) do {							\
	if (!(cond))							\
		bail("%s:%d: %s: %s", __FILE__, __LINE__, #cond, strerror(errno)); \
} while (0)

/* Time ----------------------------------------------------------------- */

u64 now_ns(void);
u64 now_ms(void);
/* How much slower than a stock one this kernel is: TEST_SLOW in the environment, or 1. */
unsigned int slowness(void);
void sleep_us(unsigned int us);
/*
 * Waits until @cond, giving the CPU away meanwhile; false after @ms.  Sleeping is
 * dear in an emulated guest: at first it only yields.
 */
#define wait_until(cond, ms) ({						\
	u64 end_ = now_ms() + (u64)(ms) * slowness();			\
	unsigned int tries_ = 0;					\
	bool held_;							\
	while (!(held_ = (cond)) && now_ms() < end_) {			\
		if (++tries_ < 2000)					\
			sched_yield();					\
		else							\
			sleep_us(50);					\
	}								\
	held_;								\
})

/* ESTP ----------------------------------------------------------------- */

/* madvise(2) as it is: 0 or a negative errno. */
int madv_register(const void *addr, size_t len);
int madv_unregister(const void *addr, size_t len);
int madv_fence(void);
int madv_fence_cpu(unsigned long cpu);
int madv_query(unsigned int feature);

/* Bails out on a kernel without ESTP; every test of the mechanism starts so. */
void need_estp(void);
/*
 * The same, and registers a page of no importance for good: counters vanish with
 * the last registration of an address space, and a twin is stronger where the
 * process has others.
 */
void need_estp_and_counters(void);
/* Ends with 77 unless at least @nr CPUs are there. */
void need_cpus(int nr);

/* What /dev/estp says of this address space, or of another process's. */
struct estp_stats stats(void);
struct estp_stats stats_of(pid_t pid);
/* Diversions of this address space so far, by selector: the proof that it happened. */
u64 diverted(int selector);
u64 diverted_all(void);

/*
 * Table layout.  Addresses are plain pointers here; table_register() writes
 * header and entries, registers, and frees them: the kernel has its own copy.
 */
struct table {
	u64 base;
	unsigned int nr, room;
	struct estp_entry *entry;
};
void table_init(struct table *t, const void *base);
/* Adds an entry and returns it, for the fields that only some selectors have. */
struct estp_entry *table_add(struct table *t, int selector, const void *start,
			     u64 len, const void *response);
/* In memory of its own, a page, for one who registers it himself. */
struct estp_table *table_header(const struct table *t);
int table_register(struct table *t);
void table_free(struct table *t);

/* Code ----------------------------------------------------------------- */

/*
 * Pages of code made at run time, with a page of data right behind:
 *
 *   base                 header of the first page (CODE_HEADER bytes kept free)
 *   base + CODE_HEADER   what the emit_ functions append
 *   ...
 *   data                 marks, jump slots; shared with children of fork
 *
 * Offsets count from base.  Emitted code changes no register and no flag,
 * except emit_load() and emit_syscall() once they succeed.  So what a
 * sequence's response finds is compared with what was loaded before it.  (Where
 * emit_mark() and emit_loop() are several instructions, scratch registers are changed
 * in their midst.)
 */
#define CODE_HEADER	ESTP_HEADER_LEN(31u)
#define CODE_SEQ_MAX	31

/* Values of data->landed that the harness itself uses. */
#define LANDED_NOWHERE	0
#define LANDED_ESCAPE	0xe5c

struct code_data {
	volatile u64 exit;		/* where emit_exit() goes */
	volatile u64 hold[16];		/* where each emit_hold() goes, if that is in data */
	volatile u64 word[16];		/* free for tests */
	volatile u32 inside;		/* set by the code when it gets there */
	volatile u32 landed;		/* last emit_land() reached */
	volatile u32 mark[64];		/* free for tests */
};

struct seq {
	int selector;
	u32 start, end, response;	/* offsets */
	u32 mask;			/* INTERRUPT */
	u32 response_len;		/* INTERRUPT; 0 means 1 */
	bool reset_pkey;		/* INTERRUPT */
	u8 causes;			/* FAULT in a table; 0 means ESTP_CAUSE_PAGE */
};

struct code {
	u8 *base;
	u8 *writable;			/* the same pages, elsewhere; or NULL */
	size_t len;			/* of the code pages */
	u32 at;				/* offset of what comes next */
	struct code_data *data;
	unsigned int hold_nr;
	u32 hold_at[16];		/* offsets of the holds */
	u32 escape;			/* a landing with LANDED_ESCAPE */
	unsigned int seq_nr;
	struct seq seq[CODE_SEQ_MAX];
};

struct code *code_new(unsigned int pages);
/* Pages to write code to, and room for one of data behind: the architecture's choice. */
void code_map(struct code *c, size_t data_len);
void code_unmap(struct code *c, size_t data_len);
void code_free(struct code *c);
#define code_addr(c, off) ((void *)((c)->base + (off)))
/* Where to write it. */
#define code_place(c, off) (((c)->writable ? (c)->writable : (c)->base) + (off))
/* Appends raw bytes; the primitive under every emitter. */
u32 emit_bytes(struct code *c, const void *bytes, size_t len);
/* Continues at a given offset; the gap is filled with emit_trap()'s bytes. */
void emit_org(struct code *c, u32 off);

/* Each returns the offset of its first byte.  Defined by the architecture: */
u32 emit_nop(struct code *c);			/* one instruction */
u32 emit_mark(struct code *c, volatile u32 *word, u32 value);	/* in data; one instruction on x86_64 */
u32 emit_jump(struct code *c);			/* one instruction; where to: code_aim() */
void code_aim(struct code *c, u32 jump, u32 to);	/* before code_seal() */
u32 emit_exit(struct code *c);			/* back to regs_run()'s caller; one instruction */
u32 emit_load(struct code *c);			/* value := 8 bytes at arg */
u32 emit_store(struct code *c);			/* 8 bytes at arg := value */
u32 emit_illegal(struct code *c);
u32 emit_divide(struct code *c);		/* by arg, which is 0 */
u32 emit_syscall(struct code *c);
u32 emit_trap(struct code *c);			/* breakpoint; SIGTRAP */
/* What is under emit_hold() and code_let_go(): goes to *hold, or what stands for it. */
u32 emit_hold_insn(struct code *c, unsigned int hold);
void code_hold_goes(struct code *c, unsigned int hold, u32 to);
/* Goes to @target while --*count (in data) is not 0; changes flags. */
u32 emit_loop(struct code *c, volatile u64 *count, u32 target);
/* An instruction that goes to the next one; emulators take interrupts there. */
u32 emit_step(struct code *c);
/* Secrets into every register that a mask can name; and out again. */
u32 emit_secrets(struct code *c);
u32 emit_wipe(struct code *c);
extern const u32 code_nop_len, code_illegal_len, code_syscall_len;
/* From a trap's own address to the pc that its SIGTRAP shows. */
extern const u32 code_trap_pc;

/*
 * A function void (u64 *counters, const u32 *cpu, u64 spins): adds 1, not
 * atomically and with @spins rounds between load and store, to the counter of
 * the CPU that *cpu names; counters are PERCPU_STRIDE words apart.  [start, end)
 * ends with the commit; the response is the start.
 */
struct percpu_add { u32 start, end; };
struct percpu_add emit_percpu_add(struct code *c);
#define PERCPU_STRIDE 8
/* This thread's CPU number, kept right by the kernel. */
const u32 *cpu_number(void);

/* And made of them: */
/* One instruction that goes to itself until its slot says otherwise. */
u32 emit_hold(struct code *c);
void code_let_go(struct code *c, unsigned int hold, u32 to);
u32 emit_inside(struct code *c);		/* data->inside := 1 */
u32 emit_land(struct code *c, u32 tag);		/* data->landed := tag, and exit */
/* Room for the prefix word of the INTERRUPT response that is emitted next. */
u32 emit_prefix(struct code *c);

/*
 * Describes a sequence.  For INTERRUPT in the page layout emit_prefix() must
 * stand before the response; code_seal() fills it in from the description.
 */
void code_describe(struct code *c, struct seq seq);
/* Writes the page header, appends the escape, makes the code pages executable. */
void code_seal(struct code *c);
/* Registers the described sequences of a sealed code; 0 or a negative errno. */
int code_register(struct code *c, int layout);
int code_unregister(struct code *c);
/* Forgets what the last run left in data: marks, landing, holds. */
void code_reset(struct code *c);
static const int layouts[] = { ESTP_LAYOUT_PAGE, ESTP_LAYOUT_TABLE };
extern const char *const layout_names[];

/* Registers ------------------------------------------------------------ */

/*
 * struct regs (arch.h) is the whole user-visible register file: general
 * registers, flags, stack pointer, all vector and floating point state,
 * protection keys.  The pc is not in it.
 */
/* Every register gets its own value; each 64 bits of it hold SECRET_TAG. */
void regs_fill(struct regs *r, u32 seed);
/* What emit_load(), emit_store() and emit_divide() work with. */
void regs_set_arg(struct regs *r, u64 arg);
u64 regs_arg(const struct regs *r);
void regs_set_value(struct regs *r, u64 value);
u64 regs_value(const struct regs *r);
/* A system call for emit_syscall(), and its result. */
void regs_set_syscall(struct regs *r, long nr, u64 a, u64 b, u64 c, u64 d);
long regs_result(const struct regs *r);
/* What the result's register holds when the call is about to be made. */
long regs_syscall_nr(const struct regs *r);
void regs_copy_sp(struct regs *to, const struct regs *from);
/*
 * Loads *in, goes to @entry, and comes back through emit_exit() with what the
 * registers held then in *out.  Writes in->sp, which it chooses.
 */
void regs_run(struct regs *in, struct regs *out, const void *entry);
/* What the kernel's clearing by a mask makes of them. */
void regs_clear(struct regs *r, u32 mask, bool reset_pkey);
/* Protection keys, and this thread's rights to them: PKRU, POR_EL0. */
bool cpu_has_keys(void);
u64 read_rights(void);
void write_rights(u64 rights);
/* The kernel's own default, as a fresh thread without changes has it. */
u64 default_rights(void);
/* @rights, and @key as well, for reading or for both. */
u64 rights_opened(u64 rights, int key, bool writable);
/* What a completed system call leaves behind of the registers it spoils. */
void regs_spoil_by_syscall(struct regs *r, const void *pc_after, long result);
/* Differences, each shown by diag() with @what unless that is NULL; 0 if none. */
unsigned int regs_diff(const struct regs *got, const struct regs *want, const char *what);
/* Like it, without the registers that carry a handler's arguments. */
unsigned int regs_diff_live(const struct regs *got, const struct regs *want, const char *what);
/* The register file that a signal frame holds. */
void regs_from_frame(struct regs *r, const ucontext_t *uc);
u64 frame_pc(const ucontext_t *uc);
void frame_set_pc(ucontext_t *uc, u64 pc);
u64 frame_sp(const ucontext_t *uc);
void frame_set_sp(ucontext_t *uc, u64 sp);
/* Past the breakpoint instruction that it stands at, where a trap leaves it there. */
void frame_pass_trap(ucontext_t *uc);
/* Makes it one that rt_sigreturn cannot read to its end. */
void frame_break(ucontext_t *uc);
/* The fault address, error code and trap number that the frame holds, or'ed. */
u64 frame_fault_words(const ucontext_t *uc);

#define SECRET_TAG 0x5ec2e75eu
/* How often the tag occurs in memory, at any alignment. */
size_t secrets_in(const void *mem, size_t len);

/* Threads -------------------------------------------------------------- */

pid_t gettid_(void);
void pin_tid(pid_t tid, int cpu);
void pin(int cpu);
int cpus_nr(void);
/* 0: back to SCHED_OTHER.  Not inherited by threads and children. */
void set_fifo(pid_t tid, int priority);
/*
 * Forces whatever runs on @cpu off it: a SCHED_FIFO thread pinned there is
 * woken, and has run when this returns.  From any CPU.
 */
void preempt(int cpu);
/* The same; meanwhile, the CPU's thread being off it, calls fn(arg) there. */
void preempt_with(int cpu, void (*fn)(void *arg), void *arg);
/* In two: from the one to the other @cpu's thread is off it.  Not from that CPU. */
void preempt_begin(int cpu);
void preempt_end(int cpu);
/* Times that a thread has left its CPU so far. */
u64 switches_of(pid_t tid);
/* Of /proc/PID/stat: the state's letter, 'X' if there is no such thread; a number, which has to be there. */
enum stat_word {		/* proc(5)'s numbers */
	STAT_STATE = 3,
	STAT_USER_TICKS = 14,
	STAT_CPU = 39,		/* that it is on, or was last */
};
char state_of(pid_t tid);
unsigned long stat_number(pid_t tid, enum stat_word nr);

/*
 * A thread that runs code from @entry with known registers.  The code tells
 * by emit_inside() when it is there, usually before an emit_hold().
 */
struct victim {
	struct code *code;
	u32 entry;
	int cpu;
	struct regs in, out;
	void (*prepare)(void);		/* called in the thread, if set */
	bool fifo;			/* kernel workers do not preempt it */
	/* filled in by victim_start() */
	pthread_t thread;
	volatile pid_t tid;
	volatile int done;
};
/* Starts it; returns when it is inside.  in is filled unless @keep_regs. */
void victim_start(struct victim *v);
void victim_start_with(struct victim *v);	/* v->in as the caller made it */
void victim_start_attr(struct victim *v, const pthread_attr_t *attr);
/* The tag it landed with.  After @ms it is let out: LANDED_ESCAPE. */
u32 victim_join(struct victim *v, unsigned int ms);
/* Waits until thread @tid sleeps in a system call (or a fault: nr -1). */
bool wait_asleep(pid_t tid, unsigned int ms);

/* Userfaultfd: who touches a page that is withheld, and has none yet, sleeps until it is given. */
int userfault_open(void);	/* -1, and errno, where the kernel has none */
void userfault_withhold(int fd, void *mem, size_t len);
/* The page that somebody is about to sleep for, each once; NULL: nobody. */
void *userfault_next(int fd);
/* Gives the page and wakes who sleeps for it; zeroes if there is no @content. */
void userfault_give(int fd, void *page, const void *content);
/* Lets who sleeps for it try again: needed only where it was not given. */
void userfault_wake(int fd, void *page);

/* Signals -------------------------------------------------------------- */

/* What the last signal's handler found; in memory shared with children. */
struct caught {
	volatile unsigned int nr;	/* handlers run so far */
	int sig;
	siginfo_t info;
	u64 pc, sp, fault_words;
	struct regs frame, live;	/* live: at the handler's first instruction */
	size_t stack_secrets;		/* on the signal stack, frame included */
	size_t live_secrets;
};
extern struct caught *caught;
/* Installs the handler that fills it; @flags as for sigaction (SA_SIGINFO is added). */
void catch_signal(int sig, int flags);
/* Called at the handler's end, if set; may change the frame. */
extern void (*caught_hook)(int sig, siginfo_t *info, ucontext_t *uc);
void caught_reset(void);

/*
 * A signal at exactly one pc: emit_launch() traps; the trap's handler sets the
 * frame's pc to @pc and unblocks the pending @sig, so that sigreturn restores
 * the registers and the signal is delivered before the instruction at @pc.
 * Returns where the code landed.
 */
u32 emit_launch(struct code *c);
u32 launch(struct code *c, u32 launch_off, u64 pc, int sig, struct regs *in, struct regs *out);
/* Called with the launching frame, if set, for further changes to it. */
extern void (*launch_hook)(ucontext_t *uc);

/* Tracees: general registers of a stopped one, by ptrace. */
u64 tracee_pc(pid_t pid);
void tracee_set_pc(pid_t pid, u64 pc);
/*
 * For jumps to where there may be zeros: they are to fault.  On x86_64 they are instructions, which write to where
 * rax points; that is nowhere then.  What is called may clear all registers but the stack pointer.
 */
long call_no_zeros(const void *code);
void frame_no_zeros(ucontext_t *uc);
void tracee_no_zeros(pid_t pid);
/* The pc of general registers as core files have them (elf_gregset_t). */
u64 dumped_pc(const void *regs);
/* At the entry of a system call: it is not to be made. */
void tracee_drop_syscall(pid_t pid);
/* A breakpoint at an address, for tracee_poke(); returns what was there. */
long tracee_breakpoint(pid_t pid, u64 addr);
void tracee_poke(pid_t pid, u64 addr, long word);
/* Past the breakpoint instruction that it stands at, where a trap leaves it there. */
void tracee_pass_trap(pid_t pid);

/*
 * The program's own instructions.  walk() calls run(), which executes [start, end); what
 * there is of it goes to @at, up to @room addresses in rising or any order.  Returns how many.
 * It changes the action of SIGTRAP.  Breakpoints go to code that is writable and executable;
 * what stood there is returned.
 */
unsigned int walk(void (*run)(void), u64 start, u64 end, u64 *at, unsigned int room);
u32 breakpoint_insert(void *at);
void breakpoint_remove(void *at, u32 was);
/*
 * From now on an indirect branch into the pages of [start, end), which are writable and executable, has to land on
 * an instruction that is meant for it.  Code that has not run yet; false: this machine, or kernel, cannot demand it.
 */
bool landing_pads_needed(const void *start, const void *end);

/* Processes ------------------------------------------------------------ */

/* Zeroed memory shared with children of fork. */
void *shared(size_t len);
/* Runs fn(arg) in a child; its wait status, or -1 if it was killed after @seconds. */
int run_child(void (*fn)(void *arg), void *arg, unsigned int seconds);
#define exited_with(status, code) (WIFEXITED(status) && WEXITSTATUS(status) == (code))
#define killed_by(status, sig) (WIFSIGNALED(status) && WTERMSIG(status) == (sig))
/* "exit 3", "signal 11 (core)", "time limit": for messages; static storage. */
const char *ending(int status);

/* The kernel's log from now on; -1 where it cannot be read. */
int klog_open(void);
/* What the lines have in common that tell of a program's fault without a handler. */
#define klog_faults(fd) klog_count(fd, FAULT_LINE, FAULT_LINE_2)
/* Lines since klog_open() (or the last call) with @a or @b (may be NULL) in them. */
unsigned int klog_count(int fd, const char *a, const char *b);

#endif
