// SPDX-License-Identifier: MIT
/*
 * A 32-bit program, without a library: what its signals and faults look like, written to its
 * output as struct compat_report.
 *
 * Each try is some instructions and the place to go on at; the handler notes what it was given and goes there.
 */
#include <stddef.h>
#include <stdint.h>

#include "report.h"

typedef uint32_t u32;

/* The kernel's, by the 32-bit table. */
enum { SYS_exit = 1, SYS_write = 4, SYS_getpid = 20, SYS_pause = 29, SYS_kill = 37, SYS_setitimer = 104,
       SYS_rt_sigaction = 174, SYS_madvise = 219 };
enum { SIGILL = 4, SIGTRAP = 5, SIGFPE = 8, SIGUSR1 = 10, SIGSEGV = 11, SIGALRM = 14 };
#define SA_SIGINFO	4
#define SA_RESTORER	0x04000000

struct info {
	int signo, error, code;
	u32 addr;
};
struct context {
	u32 flags, link, stack[3], gs, fs, es, ds, di, si, bp, sp, bx, dx, cx, ax, trap, err, ip, cs, eflags;
};

static struct compat_report report;
static volatile u32 resume, signals;

static int call(int nr, u32 a, u32 b, u32 c, u32 d)
{
	__asm__ volatile("int $0x80" : "+a"(nr) : "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
	return nr;
}

__asm__(".globl restorer\nrestorer:\n\tmovl $173, %eax\n\tint $0x80\n");
extern const char restorer[];

static void handler(int sig, struct info *info, struct context *uc)
{
	struct compat_seen *seen = &report.seen[report.nr % COMPAT_SEEN_MAX];

	signals++;
	if (sig == SIGALRM)
		return;
	*seen = (struct compat_seen) {
		.sig = sig, .code = info->code, .trap = uc->trap, .err = uc->err,
		.addr = sig == SIGUSR1 ? 0 : info->addr, .ip = sig == SIGUSR1 ? 0 : uc->ip,
		.registers = uc->si == 0x51515151 && uc->di == 0xd1d1d1d1,
	};
	report.nr++;
	if (resume)
		uc->ip = resume;
	resume = 0;
}

#define TRY(insns)								\
	__asm__ volatile("movl $1f, %0\n\t" insns "\n1:"			\
			 : "=m"(resume) : "S"(0x51515151), "D"(0xd1d1d1d1)	\
			 : "eax", "ecx", "edx", "memory", "cc")

static void catch(int sig)
{
	struct { u32 handler, flags, restorer, mask[2]; } action = {
		(u32)handler, SA_SIGINFO | SA_RESTORER, (u32)restorer, { 0, 0 },
	};

	report.failed |= call(SYS_rt_sigaction, sig, (u32)&action, 0, 8);
}

void start(void)
{
	static const int caught[] = { SIGILL, SIGTRAP, SIGFPE, SIGUSR1, SIGSEGV, SIGALRM };
	static u32 timer[4] = { 0, 3000, 0, 3000 };
	static char page[4096] __attribute__((aligned(4096)));
	u32 i;

	for (i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		catch(caught[i]);
	TRY("movl 0x10, %%eax");
	TRY("movl %%eax, restorer");			/* read-only */
	TRY("movl $0x1234, %%eax\n\tmovl %%eax, %%ds");
	TRY("xorl %%edx, %%edx\n\txorl %%ecx, %%ecx\n\tdivl %%ecx");
	TRY("ud2");
	TRY("int3");
	TRY("movl $0x7fffffff, %%eax\n\taddl $1, %%eax\n\tinto");
	TRY("hlt");
	resume = 0;
	call(SYS_kill, call(SYS_getpid, 0, 0, 0, 0), SIGUSR1, 0, 0);

	/* Preempted and interrupted asleep, some times. */
	signals = 0;
	call(SYS_setitimer, 0, (u32)timer, 0, 0);
	while (signals < 5)
		report.interrupted |= call(SYS_pause, 0, 0, 0, 0) != -4 /* EINTR */;
	timer[1] = timer[3] = 0;
	call(SYS_setitimer, 0, (u32)timer, 0, 0);

	report.normal = call(SYS_madvise, (u32)page, 4096, 0, 0);
	for (i = 0; i < 4; i++)
		report.ours[i] = call(SYS_madvise, 0, 0, 0x4553 + i, 0);
	report.bits = sizeof(void *) * 8;
	call(SYS_exit, call(SYS_write, 1, (u32)&report, sizeof(report), 0) != sizeof(report), 0, 0, 0);
	__builtin_unreachable();
}
