// SPDX-License-Identifier: MIT
/*
 * MOD-2, LIM-15: where a hook cannot be installed, loading fails with a sentence in the
 * kernel's log that names it, and leaves nothing behind; whoever wants a function after
 * estp.ko has it gets the error.
 *
 * Method: another module takes one of the hooked functions, each in turn, in the way of
 * which there can be but one. The twin is the load that follows when it has let go; and
 * an attempt of that module while estp.ko is loaded. What a kernel without one of them
 * does is seen by looking for another name in its place (absent_hook=): the log names what
 * is missing, and nothing else: nothing has been hooked yet. So it does where another module
 * has functions named as a compiler names copies of ours. With
 * kernel.ftrace_enabled at 0 the log says that, and so it does where ftrace has shut itself down.
 *
 * One CPU on x86_64: QEMU before 8.1, running several, can execute code that another of them has
 * just replaced, which is what loading and unloading does.
 *
 * vm: --no-load --file build/tests/guest/modules/hog.ko
 * vm: --file build/tests/guest/modules/copies.ko --file build/tests/guest/modules/ends_ftrace.ko
 * vm x86_64: --cpus 1
 */
#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define HOG	"/estp/build/tests/guest/modules/hog.ko"
#define COPIES	"/estp/build/tests/guest/modules/copies.ko"
#define END	"/estp/build/tests/guest/modules/ends_ftrace.ko"

static const struct {
	const char *function;
	bool direct;
} hooks[] = {
	{ MADVISE, false },
	{ "force_sig_info_to_task", false },
	{ "unhandled_signal", false },
	{ "fixup_exception", false },
	{ "search_exception_tables", false },
	{ "uprobe_dup_mmap", false },
	{ "uprobe_copy_process", false },
	{ MADVISE, true },
	{ "force_sig_info_to_task", true },
	{ "unhandled_signal", true },
	{ "fixup_exception", true },
	{ "search_exception_tables", true },
	{ "uprobe_dup_mmap", true },
	{ "uprobe_copy_process", true },
	HOGGED_HERE
};

static int hog(unsigned int i)
{
	char args[64];

	snprintf(args, sizeof(args), "function=%s direct=%d", hooks[i].function, hooks[i].direct);
	return load_file(HOG, args);
}

static const char *const needed[] = {
	MADVISE, "force_sig_info_to_task", "unhandled_signal", "uprobe_dup_mmap",
	"uprobe_copy_process", "fixup_exception", "search_exception_tables", "signal_deliver",
	"sched_process_exec", "sched_process_exit",
};

static void nothing_left(void)
{
	ok(!module_loaded() && access(ESTP_DEVICE, F_OK) &&
	   access("/sys/kernel/tracing/events/estp", F_OK) && madv_query(0) == -EINVAL,
	   "nothing of it is left");
}

static void refused_for(const char *args, const char *said, const char *what)
{
	int log = klog_open(), err;

	must(log >= 0);
	err = module_load(args);
	if (!ok(err, "%s: it does not load", what))
		module_unload_soon();
	is(klog_count(log, said, NULL), 1, "the log says: %s", said);
	close(log);
	nothing_left();
}

static void refused_without(const char *name)
{
	char args[64], said[96];

	snprintf(args, sizeof(args), "absent_hook=%s", name);
	snprintf(said, sizeof(said), "%s (-2): this kernel has no such thing to hook", name);
	refused_for(args, said, name);
}

/* Functions that anybody has ever hooked since the kernel was started; -1 where it does not tell (before 6.5). */
static int touched(void)
{
	const char *at = read_file("/sys/kernel/tracing/touched_functions");
	int nr = 0;

	if (access("/sys/kernel/tracing/touched_functions", R_OK))
		return -1;
	for (; (at = strchr(at, '\n')); at++)
		nr++;
	return nr;
}

/* Functions of which a compiler would have made others for some of their callers: no hook sees these. */
static void copied(void)
{
	static const char *const name[] = { COPIED };
	const char *absent = "absent_hook=fixup_exception";
	unsigned int i;
	char said[128];
	int log;

	must(!load_file(COPIES, ""));
	for (i = 0; i < ARRAY_LEN(name); i++) {
		snprintf(said, sizeof(said), "%s (-76): this kernel has copies of it", name[i]);
		refused_for("", said, "copies of functions");
	}
	log = klog_open();
	must(log >= 0);
	ok(module_load(absent), "these, and a function that is absent: it does not load");
	is(klog_count(log, "cannot hook", NULL), ARRAY_LEN(name) + 1, "all are named");
	close(log);
	nothing_left();
	must(!unload_name("copies"));
}

/* Nothing after this can load it. */
static void after_the_end_of_ftrace(void)
{
	int log;

	must(!load_file(END, ""));
	log = klog_open();
	must(log >= 0);
	ok(module_load(""), "with ftrace at its end it does not load");
	ok(klog_count(log, "ftrace has shut itself down", NULL) >= ARRAY_LEN(hooks) / 2, "the log says why, of each");
	close(log);
	nothing_left();
}

void test(void)
{
	char here[] = HOOKED_HERE, *name;
	void *p = probe_new(VALUE);
	unsigned int i, nr;
	int err, log, before = touched();

	for (i = 0; i < ARRAY_LEN(needed); i++)
		refused_without(needed[i]);
	for (name = strtok(here, "\n"); name; name = strtok(NULL, "\n"))
		refused_without(name);
	if (touched() < 0)
		skip("this kernel does not tell which functions have been hooked");
	else
		is(touched(), before, "nothing has been hooked until here");
	copied();
	for (i = 0; i < ARRAY_LEN(hooks); i++) {
		const char *name = hooks[i].function;

		must(!hog(i));
		log = klog_open();
		must(log >= 0);
		err = module_load("");
		if (!ok(err, "%s is taken: it does not load", name))
			module_unload_soon();
		diag("%s", strerror(-err));
		nr = klog_count(log, name, NULL);
		ok(nr >= 1, "the log names %s", name);
		nothing_left();
		must(!unload_name("hog"));
		close(log);
	}
	must(!write_file("/proc/sys/kernel/ftrace_enabled", "0\n"));
	refused_for("", "kernel.ftrace_enabled is 0", "ftrace switched off");
	must(!write_file("/proc/sys/kernel/ftrace_enabled", "1\n"));

	is(module_load(""), 0, "twin: with all of them free it loads");
	is(probe_register(p), 0, "and works");
	is(probe_fault(p, VALUE), 0, "it diverts");
	for (i = 0; i < ARRAY_LEN(hooks); i++) {
		err = hog(i);
		if (!ok(err, "another module does not get %s now", hooks[i].function))
			unload_name("hog");
	}
	is(probe_fault(p, VALUE), 0, "it diverts still");
	must(!madv_unregister(p, page_size()));
	ok(module_unload_soon(), "it unloads");
	nothing_left();
	after_the_end_of_ftrace();
}
