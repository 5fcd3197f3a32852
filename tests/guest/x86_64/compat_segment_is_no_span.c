// SPDX-License-Identifier: MIT
/*
 * OBL-17: a thread that is in a 32-bit code segment is in no span, whatever its pc: its faults and
 * signals are delivered with the true pc.
 *
 * Method: the same bytes, an instruction that faults and one that goes to itself, are entered by a far
 * jump (QEMU before 8 makes far returns as if the kernel read the stack), with the segment of 32-bit code and, as the twin, with that of 64-bit code. The spin is left by
 * a signal, from a thread on another CPU, and by a preemption.
 */
#include "probe.h"

#define CS_32		0x23
#define CS_64		0x33
#define DIVERTED	77
#define HANDLED		55
#define STACK		(256u << 10)

/* int enter(cs, at): what is in eax in the end. */
__asm__(
	"	.text\n"
	"enter:	pushq	%rbx\n"
	"	pushq	%rbp\n"
	"	pushq	%r12\n"
	"	pushq	%r13\n"
	"	pushq	%r14\n"
	"	pushq	%r15\n"
	"	movq	%rsp, enter_sp(%rip)\n"
	"	xorl	%eax, %eax\n"
	"	pushq	%rdi\n"
	"	movl	%esi, -4(%rsp)\n"
	"	ljmpl	*-4(%rsp)\n"
	"enter_response:\n"
	"	movl	$77, %eax\n"
	"enter_back:\n"
	"	movq	enter_sp(%rip), %rsp\n"
	"	popq	%r15\n"
	"	popq	%r14\n"
	"	popq	%r13\n"
	"	popq	%r12\n"
	"	popq	%rbp\n"
	"	popq	%rbx\n"
	"	ret\n"
	"	.local	enter_sp\n"
	"	.comm	enter_sp, 8, 8\n");
int enter(u64 cs, const void *at);
extern const char enter_response[], enter_back[];

static u8 *code;		/* below 4 GiB */
enum { LOAD = 0, SPIN = 16, RESPONSE = 32 };	/* offsets of what is executed */
static volatile u64 seen_pc;
static volatile u32 seen_cs, entering;
static pid_t victim;

static void *low(size_t len)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	must(at != MAP_FAILED);
	return at;
}

static void handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	u64 csgsfs = uc->uc_mcontext.gregs[REG_CSGSFS];

	seen_pc = frame_pc(uc);
	seen_cs = csgsfs & 0xffff;
	uc->uc_mcontext.gregs[REG_CSGSFS] = (csgsfs & ~0xffffull) | CS_64;
	uc->uc_mcontext.gregs[REG_RAX] = HANDLED;
	frame_set_pc(uc, (u64)enter_back);
}

static void arm(int sig)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	must(!sigaction(sig, &action, NULL));
	seen_pc = seen_cs = 0;
}

/* With a stack below 4 GiB: an interrupt of 32-bit code need not keep more of the stack pointer. */
static pthread_t begin(void *(*fn)(void *cs), u64 cs)
{
	pthread_attr_t attr;
	pthread_t thread;

	must(!pthread_attr_init(&attr) && !pthread_attr_setstack(&attr, low(STACK), STACK));
	must(!pthread_create(&thread, &attr, fn, (void *)cs));
	return thread;
}

static void *fault(void *cs)
{
	return (void *)(long)enter((u64)cs, code + LOAD);
}

static void by_fault(u64 cs)
{
	u64 before = diverted(ESTP_FAULT);
	void *result;
	int got;

	arm(SIGSEGV);
	must(!pthread_join(begin(fault, cs), &result));
	got = (long)result;
	is(got, cs == CS_32 ? HANDLED : DIVERTED, "a fault, %s: %s", cs == CS_32 ? "32 bits" : "twin, 64 bits",
	   got == DIVERTED ? "diverted" : "a signal");
	if (cs == CS_32)
		ok(seen_pc == (u64)code + LOAD && seen_cs == CS_32, "the handler sees pc and segment");
	is(diverted(ESTP_FAULT) - before, cs == CS_64, "%d diversion", cs == CS_64);
}

static void *spin(void *cs)
{
	pin(1);
	victim = gettid_();
	entering = 1;
	return (void *)(long)enter((u64)cs, code + SPIN);
}

/* Preempted first, which only the 64-bit one's span is about. */
static void by_events(u64 cs)
{
	u64 preempted = diverted(ESTP_PREEMPTION);
	unsigned long ticks;
	pthread_t thread;
	void *got;

	arm(SIGUSR1);
	thread = begin(spin, cs);
	must(wait_until(entering, 5000));
	if (cs == CS_32) {
		ticks = stat_number(victim, STAT_USER_TICKS);
		must(wait_until(stat_number(victim, STAT_USER_TICKS) > ticks + 1, 10000));
		preempt(1);
		is(diverted(ESTP_PREEMPTION), preempted, "preempted, 32 bits: no diversion");
		must(!syscall(SYS_tgkill, getpid(), victim, SIGUSR1));
	} else {
		wait_until(diverted(ESTP_PREEMPTION) > preempted || (preempt(1), false), 5000);
	}
	must(!pthread_join(thread, &got));
	is((long)got, cs == CS_32 ? HANDLED : DIVERTED, "%s: %s", cs == CS_32 ? "a signal, 32 bits" :
	   "twin, preempted, 64 bits", (long)got == DIVERTED ? "diverted" : "a handler");
	if (cs == CS_32)
		ok(seen_pc == (u64)code + SPIN && seen_cs == CS_32, "the handler sees pc and segment");
	else
		ok(diverted(ESTP_PREEMPTION) > preempted, "the kernel counted it");
	entering = 0;
}

void test(void)
{
	/* A span's response is in its mapping: there it goes to enter_response. */
	const u64 response = (u64)enter_response;
	static const u8 movabs[] = { 0x48, 0xb8 }, go[] = { 0xff, 0xe0 };
	static const u8 load[] = { 0x8b, 0x00 /* mov (%eax/%rax), %eax */ }, jump[] = { 0xeb, 0xfe };
	struct table t;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	code = low(page_size());
	memcpy(code + LOAD, load, sizeof(load));
	memcpy(code + SPIN, jump, sizeof(jump));
	memcpy(code + RESPONSE, movabs, sizeof(movabs));
	memcpy(code + RESPONSE + 2, &response, sizeof(response));
	memcpy(code + RESPONSE + 10, go, sizeof(go));
	table_init(&t, code);
	table_add(&t, ESTP_FAULT, code + LOAD, sizeof(load), code + RESPONSE)->causes = ESTP_CAUSE_SEGV;
	table_add(&t, ESTP_PREEMPTION, code + SPIN, sizeof(jump), code + RESPONSE);
	must(!table_register(&t));
	table_free(&t);
	by_fault(CS_32);
	by_fault(CS_64);
	by_events(CS_32);
	by_events(CS_64);
}
