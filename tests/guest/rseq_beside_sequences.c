// SPDX-License-Identifier: MIT
/*
 * PRE-1, OBL-13: rseq critical sections and sequences of one thread, with the C library's rseq
 * area: each is led where its own mechanism leads it, and neither notices the other, as long as they
 * do not meet.
 *
 * Method: a thread announces a critical section by the store that begins it, waits in it, and is
 * preempted: it must come out at the abort handler, without a diversion. Another announces the same section
 * and waits in a PREEMPTION sequence elsewhere: it must come out at the response. The twins: in the section without announcing it, in the sequence
 * without registration.
 */
#include <linux/rseq.h>
#include <sys/rseq.h>

#include "harness.h"

#define RESPONSE	1
#define COMMITTED	2
#define ABORTED		3

static struct victim v;
static struct rseq_cs *section;

static struct rseq *area(void)
{
	return (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

/* What the code stores, and where to. */
static void announce(void)
{
	regs_set_arg(&v.in, (u64)&area()->rseq_cs);
	regs_set_value(&v.in, (u64)section);
}

static void announce_nothing(void)
{
	regs_set_arg(&v.in, (u64)&area()->rseq_cs);
	regs_set_value(&v.in, 0);
}

static void one(u32 entry, unsigned int hold, void (*prepare)(void), u32 commit, u32 want, u64 diversions,
		const char *what)
{
	u64 before = diverted(ESTP_PREEMPTION);

	v.entry = entry;
	v.prepare = prepare;
	regs_fill(&v.in, entry);
	code_reset(v.code);
	victim_start_with(&v);
	preempt(v.cpu);
	if (want == COMMITTED)
		code_let_go(v.code, hold, commit);
	is(victim_join(&v, 2000), want, "%s", what);
	is(regs_diff(&v.out, &v.in, what), 0, "%s: no register changed", what);
	is(diverted(ESTP_PREEMPTION) - before, diversions, "%s: diversions", what);
}

void test(void)
{
	u32 in_section, section_start, section_end, abort_at, in_sequence, start, end, response, sig = RSEQ_SIG;
	struct code *c = code_new(1);

	need_estp_and_counters();
	need_cpus(2);
	if (!__rseq_size)
		skip_all("the C library has not registered rseq");
	pin(0);
	preempt(1);
	v = (struct victim) { .code = c, .cpu = 1, .fifo = true };

	in_section = emit_store(c);
	section_start = emit_inside(c);
	emit_hold(c);
	section_end = emit_land(c, COMMITTED);
	emit_bytes(c, &sig, sizeof(sig));
	abort_at = emit_land(c, ABORTED);
	in_sequence = emit_store(c);
	emit_inside(c);
	start = emit_hold(c);
	end = emit_land(c, COMMITTED);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start, .end = end,
					.response = response });
	code_seal(c);
	must(!posix_memalign((void **)&section, 32, sizeof(*section)));
	*section = (struct rseq_cs) {
		.start_ip = (u64)code_addr(c, section_start),
		.post_commit_offset = section_end - section_start,
		.abort_ip = (u64)code_addr(c, abort_at),
	};

	must(!code_register(c, ESTP_LAYOUT_PAGE));
	one(in_section, 0, announce, section_end, ABORTED, 0, "preempted in the critical section");
	one(in_sequence, 1, announce, end, RESPONSE, 1, "preempted in the sequence, a section announced");
	one(in_section, 0, announce_nothing, section_end, COMMITTED, 0, "twin, no section announced");
	must(!code_unregister(c));
	one(in_sequence, 1, announce, end, COMMITTED, 0, "twin, not registered");
	one(in_section, 0, announce, section_end, ABORTED, 0, "the critical section, nothing registered");
	code_free(c);
}
