// SPDX-License-Identifier: MIT
/*
 * What signal handlers see, and signals that arrive at exactly one pc.
 */
#include "harness.h"

extern void handler_entry(int sig, siginfo_t *info, void *uc);
void handle(int sig, siginfo_t *info, ucontext_t *uc);

struct regs handler_live;
struct caught *caught;
void (*caught_hook)(int sig, siginfo_t *info, ucontext_t *uc);
void (*launch_hook)(ucontext_t *uc);

__attribute__((constructor))
static void make_caught(void)
{
	caught = shared(sizeof(*caught));
}

void caught_reset(void)
{
	memset(caught, 0, sizeof(*caught));
}

/*
 * The tag is compared without its top bit, which some registers' formats need;
 * it is split, lest the search find itself.
 */
size_t secrets_in(const void *mem, size_t len)
{
	volatile u32 half = SECRET_TAG >> 16;
	const u8 *p = mem;
	size_t i, nr = 0;

	for (i = 0; i + 4 <= len; i++)
		nr += (p[i + 3] & 0x7f) == half >> 8 && p[i + 2] == (half & 0xff) &&
		      p[i + 1] == (SECRET_TAG >> 8 & 0xff) && p[i] == (SECRET_TAG & 0xff);
	return nr;
}

/*
 * From the frame up to what was in use before the signal, red zone included;
 * or, on an alternate stack, up to its end.
 */
static size_t stack_len(u64 sp, const ucontext_t *uc)
{
	u64 end = frame_sp(uc), alt = (u64)uc->uc_stack.ss_sp;

	if (!(uc->uc_stack.ss_flags & SS_DISABLE) && sp > alt &&
	    sp <= alt + uc->uc_stack.ss_size)
		end = alt + uc->uc_stack.ss_size;
	return end > sp && end - sp < 1 << 20 ? end - sp : 0;
}

/* Called by handler_entry, which has filled handler_live. */
void handle(int sig, siginfo_t *info, ucontext_t *uc)
{
	int saved = errno;

	caught->sig = sig;
	caught->info = *info;
	caught->pc = frame_pc(uc);
	caught->sp = frame_sp(uc);
	caught->fault_words = frame_fault_words(uc);
	caught->live_secrets = secrets_in(&handler_live, sizeof(handler_live));
	caught->live = handler_live;
	regs_from_frame(&caught->frame, uc);
	caught->stack_secrets = secrets_in(uc, stack_len((u64)uc, uc));
	if (sig == SIGTRAP)
		frame_pass_trap(uc);
	if (caught_hook)
		caught_hook(sig, info, uc);
	__atomic_add_fetch(&caught->nr, 1, __ATOMIC_SEQ_CST);
	errno = saved;
}

void catch_signal(int sig, int flags)
{
	struct sigaction action = {
		.sa_sigaction = handler_entry,
		.sa_flags = flags | SA_SIGINFO,
	};

	must(!sigaction(sig, &action, NULL));
}

/* Launching ------------------------------------------------------------------ */

static u64 launch_pc;
static int launch_sig;

static void launch_handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)info;
	frame_set_pc(uc, launch_pc);
	if (launch_sig)
		sigdelset(&uc->uc_sigmask, launch_sig);
	if (launch_hook)
		launch_hook(uc);
}

u32 emit_launch(struct code *c)
{
	u32 at = emit_trap(c);

	emit_land(c, 0xbad);		/* the launching handler was not called */
	return at;
}

u32 launch(struct code *c, u32 launch_off, u64 pc, int sig, struct regs *in, struct regs *out)
{
	struct sigaction action = {
		.sa_sigaction = launch_handler,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	}, old_action;
	static char stack[65536];
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) }, old_alt;
	sigset_t set, old_set;

	launch_pc = pc;
	launch_sig = sig;
	c->data->landed = LANDED_NOWHERE;
	/* The launching frame, full of secrets, not where the other will be. */
	must(!sigaltstack(NULL, &old_alt));
	if (old_alt.ss_flags & SS_DISABLE)
		must(!sigaltstack(&alt, NULL));
	must(!sigaction(SIGTRAP, &action, &old_action));
	sigemptyset(&set);
	if (sig)
		sigaddset(&set, sig);
	must(!pthread_sigmask(SIG_BLOCK, &set, &old_set));
	if (sig)
		must(!syscall(SYS_tgkill, getpid(), gettid_(), sig));
	regs_run(in, out, code_addr(c, launch_off));
	must(!pthread_sigmask(SIG_SETMASK, &old_set, NULL));
	must(!sigaction(SIGTRAP, &old_action, NULL));
	must(!sigaltstack(&old_alt, NULL));
	return c->data->landed;
}
