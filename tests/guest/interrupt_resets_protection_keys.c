// SPDX-License-Identifier: MIT
/*
 * MASK-7, MASK-8, QRY-4, LIM-10: an INTERRUPT that resets protection keys gives the thread
 * the kernel's default rights before the frame is written: sigreturn brings
 * nothing else back. Without the reset the thread's own rights are in the frame. That default is
 * the one of when the module was loaded, also where the kernel was given another one since.
 *
 * Method: a thread that has opened some keys takes a signal in the span, by a
 * launch and by a signal from elsewhere. Its rights (PKRU, POR_EL0) are read from the frame and, after the
 * handler, from the thread. The twin keeps its own.
 */
#include <sys/mount.h>

#include "machine.h"

#define RESPONSE	1
#define LET_GO		2
#define INIT_PKRU	"/sys/kernel/debug/x86/init_pkru"

static struct regs in, out, want;
static u32 launch_off, start, end, response, entry;
static u64 opened;

static struct code *make(bool reset, u32 mask)
{
	struct code *c = code_new(1);

	launch_off = emit_launch(c);
	entry = emit_inside(c);
	start = emit_hold(c);
	end = emit_land(c, LET_GO);
	emit_prefix(c);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_INTERRUPT, .start = start, .end = end,
					.response = response, .mask = mask, .reset_pkey = reset });
	code_seal(c);
	return c;
}

static void check(const struct code *c, const struct regs *from, const struct regs *to,
		  bool registered, bool reset, u32 mask, const char *how)
{
	want = *from;
	if (registered)
		regs_clear(&want, mask, reset);
	is(caught->nr, 1, "%s%s, reset %d, mask %#x: one handler ran", registered ? "" : "twin, ",
	   how, reset, mask);
	is(caught->frame.rights, registered && reset ? default_rights() : opened,
	   "the frame holds the %s rights", registered && reset ? "default" : "thread's own");
	is(to->rights, registered && reset ? default_rights() : opened, "so does the thread after it");
	is(regs_diff(&caught->frame, &want, "frame"), 0, "nothing else changed in the frame");
	is(regs_diff(to, &want, "thread"), 0, "nor in the thread");
	(void)c;
}

static void by_launch(int layout, bool registered, bool reset, u32 mask)
{
	struct code *c = make(reset, mask);

	if (registered)
		must(!code_register(c, layout));
	caught_reset();
	regs_fill(&in, 3);
	in.rights = opened;
	code_let_go(c, 0, end);
	is(launch(c, launch_off, (u64)code_addr(c, start), SIGUSR1, &in, &out),
	   registered ? RESPONSE : LET_GO, "goes on where it should");
	check(c, &in, &out, registered, reset, mask, "launched");
	code_free(c);
}

static void from_elsewhere(int layout, bool registered, bool reset, u32 mask)
{
	static struct victim v;
	struct code *c = make(reset, mask);

	if (registered)
		must(!code_register(c, layout));
	v = (struct victim) { .code = c, .entry = entry, .cpu = cpus_nr() - 1 };
	caught_reset();
	regs_fill(&v.in, 4);
	v.in.rights = opened;
	code_reset(c);
	victim_start_with(&v);
	sleep_us(10000);		/* past the mark */
	must(!syscall(SYS_tgkill, getpid(), v.tid, SIGUSR1));
	must(wait_until(caught->nr, 2000));
	if (!registered)
		code_let_go(c, 0, end);
	is(victim_join(&v, 2000), registered ? RESPONSE : LET_GO, "goes on where it should");
	check(c, &v.in, &v.out, registered, reset, mask, "from elsewhere");
	code_free(c);
}

void test(void)
{
	const u32 masks[] = { 0, REGS_CLEAR_VALID };
	unsigned int i, reset;
	char was[32];

	need_estp_and_counters();
	need_cpus(2);
	if (!cpu_has_keys()) {
		is(madv_query(ESTP_FEATURE_RESET_PKEY), -EINVAL, "without protection keys the feature is absent");
		skip("this CPU has no protection keys to be reset");
		return;
	}
	is(madv_query(ESTP_FEATURE_RESET_PKEY), 0, "the feature is there");
	pin(0);
	catch_signal(SIGUSR1, 0);
	opened = rights_opened(rights_opened(default_rights(), 3, true), 5, false);
	must(opened != default_rights());
	for (i = 0; i < ARRAY_LEN(masks); i++) {
		for (reset = 0; reset <= 1; reset++) {
			by_launch(layouts[i], true, reset, masks[i]);
			from_elsewhere(layouts[!i], true, reset, masks[i]);
		}
	}
	by_launch(0, false, true, 0);
	from_elsewhere(0, false, true, 0);

	/* x86_64's can be changed. */
	must(!mount("none", "/sys/kernel/debug", "debugfs", 0, NULL) || errno == EBUSY);
	if (access(INIT_PKRU, F_OK)) {
		skip("this kernel's default rights cannot be changed");
		return;
	}
	snprintf(was, sizeof(was), "%s", read_file(INIT_PKRU));
	must(!write_file(INIT_PKRU, "0x50"));
	must(strtoul(read_file(INIT_PKRU), NULL, 16) == 0x50 && default_rights() != 0x50);
	by_launch(0, true, true, 0);
	must(!write_file(INIT_PKRU, was));
}
