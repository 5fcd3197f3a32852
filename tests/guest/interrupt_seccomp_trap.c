// SPDX-License-Identifier: MIT
/*
 * INT-6, INT-7, INT-8, INT-9, LIM-27: a SIGSYS that seccomp raises for a system call in an
 * INTERRUPT span is an INTERRUPT: the frame's pc and si_call_addr are the response, and so
 * is what the call left of the pc in a register, unless that is masked.
 *
 * Method: a child lets seccomp trap one system call, and makes it in a span that
 * goes on behind the call (the frame's pc is the instruction after it). The twin's
 * handler reads both addresses.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "harness.h"

#define RESPONSE	1
#define AFTER		2
#define TRAPPED		SYS_getpriority

static struct results {
	u64 pc, call_addr, diversions, landed;
	size_t secrets;
	unsigned int frame_wrong, out_wrong;
} *results;

static struct code *code;
static u32 entry, after_call, response, mask;

static void make(void)
{
	u32 end;

	code = code_new(1);
	entry = emit_nop(code);
	emit_syscall(code);
	after_call = emit_nop(code);
	end = emit_land(code, AFTER);
	emit_prefix(code);
	response = emit_land(code, RESPONSE);
	code_describe(code, (struct seq) { .selector = ESTP_INTERRUPT, .start = entry,
					   .end = end, .response = response, .mask = mask });
	code_seal(code);
}

static void trap_one_call(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TRAPPED, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_LEN(filter), filter };

	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	must(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void child(void *arg)
{
	static struct regs in, out, want;
	bool registered = *(bool *)arg;

	if (registered)
		must(!code_register(code, ESTP_LAYOUT_PAGE));
	trap_one_call();
	catch_signal(SIGSYS, 0);
	caught_reset();
	regs_fill(&in, 5);
	regs_set_syscall(&in, TRAPPED, 0, 0, 0, 0);
	regs_run(&in, &out, code_addr(code, entry));
	want = in;
	regs_spoil_by_syscall(&want, code_addr(code, registered ? response : after_call),
			      regs_syscall_nr(&in));
	if (registered)
		regs_clear(&want, mask, false);
	if (caught->nr != 1)
		_exit(1);
	results->pc = caught->pc;
	results->call_addr = (u64)caught->info.si_call_addr;
	results->secrets = caught->stack_secrets + caught->live_secrets;
	results->frame_wrong = regs_diff(&caught->frame, &want, "frame");
	results->out_wrong = regs_diff(&out, &want, "thread");
	results->landed = code->data->landed;
	results->diversions = diverted(ESTP_INTERRUPT);
}

static void run(bool registered)
{
	int status;

	memset(results, 0, sizeof(*results));
	code_reset(code);
	status = run_child(child, &registered, 10);
	ok(exited_with(status, 0), "%s: one SIGSYS reached the handler (%s)",
	   registered ? "registered" : "twin", ending(status));
}

void test(void)
{
	need_estp_and_counters();
	results = shared(sizeof(*results));
	mask = 0;
	make();
	run(true);
	is(results->pc, (u64)code_addr(code, response), "empty mask: the frame's pc is the response");
	is(results->frame_wrong, 0, "where SYSCALL left the pc there is the response");
	is(results->out_wrong, 0, "for the thread, too");

	mask = REGS_CLEAR_VALID;
	make();
	run(true);
	is(results->pc, (u64)code_addr(code, response), "the frame's pc is the response");
	is(results->call_addr, (u64)code_addr(code, response), "si_call_addr is the response");
	is(results->secrets, 0, "no secret anywhere");
	is(results->frame_wrong, 0, "the frame's masked registers are 0");
	is(results->out_wrong, 0, "and the thread's");
	is(results->landed, RESPONSE, "the thread goes on there");
	is(results->diversions, 1, "the kernel counted it");

	run(false);
	is(results->pc, (u64)code_addr(code, after_call), "twin: pc is behind the call");
	is(results->call_addr, (u64)code_addr(code, after_call), "twin: si_call_addr, too");
	ok(results->secrets > 20, "twin: secrets are found");
	is(results->frame_wrong + results->out_wrong, 0, "twin: no register changed");
	is(results->landed, AFTER, "twin: the thread goes on behind the call");
}
