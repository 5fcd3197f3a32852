// SPDX-License-Identifier: MIT
/*
 * EVT-7, EVT-6: a diversion by PREEMPTION or FAULT changes no user memory, not the stack
 * either, and not the signal mask.
 *
 * Method: a thread runs on a stack whose memory the main thread can see, through a
 * sequence that is preempted, then through one that faults, waiting before and after
 * each. The whole stack, the page with the code and an alternate signal stack are copied
 * before and compared after; the mask is read from /proc. Where chance preempts the
 * thread before it has been copied, it begins anew.
 */
#include "harness.h"

#define STACK_LEN	131072
#define TRIES		50

static struct victim v;
static char *stack, *before_stack;
static char alternate[65536], before_alternate[65536];
static char before_code[65536];
static struct regs before_in;

static void prepare(void)
{
	stack_t alt = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	sigset_t set;

	memset(alternate, 0x5a, sizeof(alternate));
	must(!sigaltstack(&alt, NULL));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGSEGV);
	must(!pthread_sigmask(SIG_SETMASK, &set, NULL));
}

static u64 blocked(void)
{
	unsigned long long mask = 0;
	char path[40], line[128];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", v.tid);
	f = fopen(path, "re");
	must(f);
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, "SigBlk: %llx", &mask) == 1;
	fclose(f);
	must(found);
	return mask;
}

static u64 before_mask;

static void copy(void)
{
	memcpy(before_stack, stack, STACK_LEN);
	memcpy(before_alternate, alternate, sizeof(alternate));
	memcpy(before_code, v.code->base, v.code->len);
	before_in = v.in;
	before_mask = blocked();
}

static void compare(const char *event)
{
	unsigned int i;

	/* Letting a hold go may be a change to code: ours. */
	for (i = 0; i < v.code->hold_nr; i++)
		memcpy(before_code + v.code->hold_at[i], code_addr(v.code, v.code->hold_at[i]),
		       INSNS(1));
	is(memcmp(before_stack, stack, STACK_LEN), 0, "%s: the stack is the same", event);
	is(memcmp(before_alternate, alternate, sizeof(alternate)), 0, "so is the alternate one");
	is(memcmp(before_code, v.code->base, v.code->len), 0, "so is the code");
	is(memcmp(&before_in, &v.in, sizeof(v.in)), 0, "so are the thread's data");
	is(blocked(), before_mask, "so is the signal mask");
}

static void part(int layout)
{
	u32 start, end, faulting, fault_end, after_preemption, after_fault, done;
	struct code *c = code_new(1);
	unsigned int tries = 0;
	u64 preemptions, faults;
	pthread_attr_t attr;
	cpu_set_t set;

	v = (struct victim) { .code = c, .cpu = cpus_nr() - 1, .prepare = prepare };
	v.entry = emit_inside(c);
	start = emit_hold(c);			/* hold 0, in the span */
	end = c->at;
	emit_land(c, 0xbad);
	after_preemption = emit_mark(c, &c->data->mark[0], 1);
	emit_hold(c);				/* hold 1, outside */
	faulting = emit_load(c);
	fault_end = emit_land(c, 0xbad);
	after_fault = emit_mark(c, &c->data->mark[1], 1);
	emit_hold(c);				/* hold 2, outside */
	done = emit_land(c, 1);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = after_preemption });
	code_describe(c, (struct seq) { .selector = ESTP_FAULT, .start = faulting,
					.end = fault_end, .response = after_fault });
	code_seal(c);
	must(!code_register(c, layout));

	faults = diverted(ESTP_FAULT);
	CPU_ZERO(&set);
	CPU_SET(v.cpu, &set);
	must(!pthread_attr_init(&attr));
	must(!pthread_attr_setaffinity_np(&attr, sizeof(set), &set));
	must(!pthread_attr_setstack(&attr, stack, STACK_LEN));
	for (;;) {
		bool through;

		regs_fill(&v.in, 1);
		regs_set_arg(&v.in, 64);
		code_reset(c);
		memset(stack, 0xa5, STACK_LEN);
		victim_start_attr(&v, &attr);
		copy();
		preemptions = diverted(ESTP_PREEMPTION);
		through = c->data->mark[0];
		preempt(v.cpu);
		must(wait_until(c->data->mark[0], 2000));
		/* Not counted since: it was before the copy, though it has not got to its mark. */
		if ((!through && diverted(ESTP_PREEMPTION) > preemptions) || ++tries == TRIES)
			break;
		code_let_go(c, 1, done);
		must(victim_join(&v, 2000) == 1);
	}
	diag("%s layout", layout_names[layout]);
	compare("PREEMPTION");
	is(diverted(ESTP_PREEMPTION) - preemptions, 1, "the kernel counted it");

	copy();
	code_let_go(c, 1, faulting);
	must(wait_until(c->data->mark[1], 2000));
	compare("FAULT");
	is(diverted(ESTP_FAULT) - faults, 1, "the kernel counted it");

	code_let_go(c, 2, done);
	is(victim_join(&v, 2000), 1, "the thread comes out");
	is(regs_diff(&v.out, &v.in, "after both"), 0, "no register changed");
	pthread_attr_destroy(&attr);
	code_free(c);
}

void test(void)
{
	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	stack = aligned_alloc(65536, STACK_LEN);
	before_stack = malloc(STACK_LEN);
	must(stack && before_stack);
	part(ESTP_LAYOUT_PAGE);
	part(ESTP_LAYOUT_TABLE);
}
