// SPDX-License-Identifier: MIT
/*
 * INT-10: a FAULT that was diverted leaves no trace: the fault address, error code and
 * trap number that a later signal frame of the thread shows are not its own.
 *
 * Method: a fault at an address that holds a secret is diverted; then a signal that
 * the thread sends itself shows its frame. The twin, where a handler took the fault,
 * shows that address in the later frame.
 */
#include "faults.h"

#define RESPONSE	1
#define RECOVERED	2

static struct code *c;
static u32 entry, recovered;
static struct regs in, out;

static void recover(int sig, siginfo_t *info, ucontext_t *uc)
{
	if (sig != SIGUSR1)
		frame_set_pc(uc, (u64)code_addr(c, recovered));
}

static u64 later_words(void *addr)
{
	code_reset(c);
	regs_fill(&in, 1);
	regs_set_arg(&in, (u64)addr);
	regs_run(&in, &out, code_addr(c, entry));
	caught_reset();
	must(!raise(SIGUSR1));
	must(caught->nr == 1 && caught->sig == SIGUSR1);
	return caught->fault_words;
}

void test(void)
{
	u32 end, response;
	unsigned int i;
	void *secret_addr = (void *)0x5ec2e75e0000;	/* nothing is mapped there */

	need_estp_and_counters();
	catch_signal(SIGUSR1, 0);
	catch_signal(SIGSEGV, 0);
	caught_hook = recover;

	c = code_new(1);
	entry = emit_load(c);
	end = emit_land(c, 0xbad);
	response = emit_land(c, RESPONSE);
	recovered = emit_land(c, RECOVERED);
	code_describe(c, (struct seq) { .selector = ESTP_FAULT, .start = entry, .end = end,
					.response = response });
	code_seal(c);
	for (i = 0; i < ARRAY_LEN(layouts); i++) {
		must(!code_register(c, layouts[i]));
		is(later_words(secret_addr), 0, "%s: a later frame shows no fault address, error code or trap number",
		   layout_names[i]);
		is(c->data->landed, RESPONSE, "the fault was diverted");
		must(!code_unregister(c));
	}
	ok(later_words(secret_addr) >= (u64)secret_addr, "twin: a later frame shows the address");
	is(c->data->landed, RECOVERED, "twin: the fault's handler ran");
	code_free(c);
}
