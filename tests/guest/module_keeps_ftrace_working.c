// SPDX-License-Identifier: MIT
/*
 * MOD-5, LIM-15: while the module is loaded kernel.ftrace_enabled cannot be set to 0;
 * the function tracer, the function graph tracer, kprobes and kretprobes on the very functions that
 * are hooked coexist with it: they trace, and it diverts. So do faults of kernel pages.
 *
 * Method: each is switched on, diversions of all three selectors, a registration, and by
 * prober.ko faults of the kernel are made, and the trace is looked at. The twin is the same sysctl once the module has
 * gone, and the trace without the tracer.
 *
 * One CPU on x86_64: QEMU before 8.1, running several, can execute code that another of them has
 * just replaced, which is what tracers do.
 *
 * vm: --no-load --file build/tests/guest/modules/prober.ko
 * vm x86_64: --cpus 1
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "machine.h"
#include "probe.h"
#include "../modules/krn.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define TRACEFS	"/sys/kernel/tracing"
#define ENABLED	"/proc/sys/kernel/ftrace_enabled"

static const char hooked[] =
	MADVISE "\nforce_sig_info_to_task\nunhandled_signal\nuprobe_dup_mmap\n"
	"uprobe_copy_process\nfixup_exception\nsearch_exception_tables\n" HOOKED_HERE;

static size_t page;

static void child(void *arg)
{
	_exit(probe_fault(arg, VALUE) ? 1 : 0);
}

/* A loop that leaves its CPU now and then is preempted sooner or later. */
static long spin(const void *p, int selector)
{
	struct spinner s;

	spinner_start(&s, p, selector, 0);
	if (selector == ESTP_INTERRUPT)
		spinner_event(&s);
	wait_until(s.done, 3000);
	return spinner_end(&s);
}

static long kernel_call(int dev, u32 op, u32 context, u64 address)
{
	struct krn_call c = { .op = op, .context = context, .address = address };

	must(!ioctl(dev, KRN_CALL, &c) && c.in_context);
	return c.result;
}

/* On its own page and estp.ko's, and user memory that has to be brought in. */
static void kernel_works(const char *when)
{
	void *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct krn_places at;
	bool right = true;
	u32 context;
	int dev;

	must(p != MAP_FAILED && !load_file("/estp/build/tests/guest/modules/prober.ko", ""));
	dev = open("/dev/prober", O_RDWR | O_CLOEXEC);
	must(dev >= 0 && !ioctl(dev, KRN_PLACES, &at));
	for (context = KRN_PROCESS; context <= KRN_BREAKPOINT; context++)
		right &= kernel_call(dev, KRN_OWN, context, at.hole) == -EFAULT &&
			 kernel_call(dev, KRN_OWN, context, at.wild) == -EFAULT &&
			 kernel_call(dev, KRN_OWN, context, at.data) == KRN_BYTE(0) &&
			 kernel_call(dev, KRN_FETCH64, context, at.no_device) == -EFAULT;
	right &= kernel_call(dev, KRN_USER | KRN_STORE64, KRN_CONTENDED, (u64)p) == 0;
	ok(right, "%s: kernel pages answer", when);
	close(dev);
	must(!unload_name("prober"));
	munmap(p, page);
}

static void works(const char *when)
{
	void *p = probe_new(VALUE);
	int status, sel;

	is(probe_fault(p, VALUE), -1, "%s: twin: unregistered, no diversion", when);
	is(probe_register(p), 0, "%s: it registers", when);
	is(probe_fault(p, VALUE), 0, "%s: FAULT diverts", when);
	for (sel = 0; sel < 2; sel++)
		is(spin(p, sel), PROBE_VALUE(VALUE, sel, 0), "%s: %s diverts", when,
		   sel ? "INTERRUPT" : "PREEMPTION");
	status = run_child(child, p, 10);
	ok(exited_with(status, 0), "%s: in a child of fork, too", when);
	is(madv_unregister(p, page), 0, "%s: it unregisters", when);
	munmap(p, page);
	kernel_works(when);
}

static void sysctl_refused(const char *when)
{
	int err = write_file(ENABLED, "0\n");

	ok(err && read_number(ENABLED) == 1, "%s: ftrace_enabled stays 1 (%s)", when,
	   strerror(-err));
}

#define in_trace(text) times_in(TRACEFS "/trace", text)

static void tracer(const char *name)
{
	must(!write_file(TRACEFS "/trace", ""));
	must(!write_file(TRACEFS "/current_tracer", name));
	works(name);
	sysctl_refused(name);
	ok(in_trace(MADVISE) >= 2, "%s: it shows calls of madvise", name);
	ok(in_trace("force_sig_info_to_task"), "%s: and of force_sig_info_to_task", name);
	if (!strcmp(name, "function"))
		ok(in_trace("fixup_exception"), "%s: and of fixup_exception", name);
	must(!write_file(TRACEFS "/current_tracer", "nop"));
	must(!write_file(TRACEFS "/trace", ""));
}

static void kprobe_events(const char *kind, const char *fetch)
{
	char names[sizeof(hooked)], *name;
	static char events[4096];
	size_t len = 0;

	memcpy(names, hooked, sizeof(names));
	for (name = strtok(names, "\n"); name; name = strtok(NULL, "\n"))
		len += snprintf(events + len, sizeof(events) - len, "%s:%s_%s %s%s\n", kind, *kind == 'p' ? "at" : "from",
				name, name, strcmp(name, MADVISE) ? "" : fetch);
	must(!write_file(TRACEFS "/kprobe_events", events));
	must(!write_file(TRACEFS "/events/kprobes/enable", "1"));
}

static void no_kprobe_events(void)
{
	must(!write_file(TRACEFS "/events/kprobes/enable", "0"));
	must(!write_file(TRACEFS "/kprobe_events", ""));
	must(!write_file(TRACEFS "/trace", ""));
}

static void each_hit(const char *prefix, const char *what)
{
	static const char *const common[] = {
		MADVISE, "force_sig_info_to_task", "unhandled_signal", "uprobe_dup_mmap", "uprobe_copy_process",
		"fixup_exception", "search_exception_tables",
	};
	char name[64];
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(common); i++) {
		snprintf(name, sizeof(name), "%s_%s:", prefix, common[i]);
		ok(in_trace(name), "%s on %s was hit", what, common[i]);
	}
}

static void kprobes(void)
{
	kprobe_events("p", " advice=" FETCH_ADVICE);
	/* On arm64 nobody asks unhandled_signal() unless told to. */
	must(!write_file("/proc/sys/debug/exception-trace", "1\n"));
	works("a kprobe on each");
	ok(in_trace("advice=0x4553"), "the kprobe shows REGISTER");
	each_hit("at", "a kprobe");
	no_kprobe_events();

	/* These have put their own return address where ours finds the function's caller. */
	kprobe_events("r", "");
	works("a kretprobe on each");
	each_hit("from", "a kretprobe");
	no_kprobe_events();
}

void test(void)
{
	page = page_size();
	must(read_number(ENABLED) == 1);
	must(!module_load(""));
	works("alone");
	sysctl_refused("alone");
	is(in_trace(MADVISE), 0, "twin: no tracer, no trace");

	must(!write_file(TRACEFS "/set_ftrace_filter", hooked));
	must(!write_file(TRACEFS "/set_graph_function", MADVISE "\nforce_sig_info_to_task\n"));
	tracer("function");
	tracer("function_graph");
	kprobes();
	/* Each function of the kernel, for a moment. */
	must(!write_file(TRACEFS "/set_ftrace_filter", ""));
	must(!write_file(TRACEFS "/current_tracer", "function"));
	works("all functions traced");
	must(!write_file(TRACEFS "/current_tracer", "nop"));
	works("afterwards");

	ok(module_unload_soon(), "it unloads");
	is(write_file(ENABLED, "0\n"), 0, "twin: then ftrace_enabled can be set to 0");
	is(write_file(ENABLED, "1\n"), 0, "and to 1");
	must(!module_load(""));
	works("loaded again");
}
