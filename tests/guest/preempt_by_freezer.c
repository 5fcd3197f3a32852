// SPDX-License-Identifier: MIT
/*
 * PRE-2: being frozen is a PREEMPTION: a process that the cgroup freezer stops in a
 * span goes on at the response when it is thawed.
 *
 * Method: a child waits in a span, in a cgroup of its own, which is frozen and thawed.
 * The twin goes on where it was.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "harness.h"

#define RESPONSE	1
#define LET_GO		2
#define GROUP		"/sys/fs/cgroup/estp-test"

static struct regs *in, *out;

static bool put(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

static bool frozen(void)
{
	char text[256] = "";
	int fd = open(GROUP "/cgroup.events", O_RDONLY | O_CLOEXEC);

	must(fd >= 0);
	must(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return strstr(text, "frozen 1");
}

static void run(struct code *c, u32 entry, u32 go, bool registered, int layout)
{
	const char *name = registered ? layout_names[layout] : "twin";
	char number[16];
	int status;
	u64 seen;
	pid_t pid;

	if (registered)
		must(!code_register(c, layout));
	code_reset(c);
	regs_fill(in, registered);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		pin(cpus_nr() - 1);
		set_fifo(0, 1);
		regs_run(in, out, code_addr(c, entry));
		_exit(0);
	}
	snprintf(number, sizeof(number), "%d", pid);
	must(put(GROUP "/cgroup.procs", number));
	must(wait_until(c->data->inside, 5000));
	must(put(GROUP "/cgroup.freeze", "1"));
	ok(wait_until(frozen(), 5000), "%s: the child is frozen", name);
	is(c->data->landed, LANDED_NOWHERE, "in the span");
	seen = stats_of(pid).diversions[ESTP_PREEMPTION];
	diag("diversions while frozen: %llu", (unsigned long long)seen);
	must(put(GROUP "/cgroup.freeze", "0"));
	if (!registered) {
		sleep_us(20000);
		is(c->data->landed, LANDED_NOWHERE, "thawed, it is where it was");
		code_let_go(c, 0, go);
	} else if (!wait_until(c->data->landed, 2000)) {
		code_let_go(c, 0, c->escape);
	}
	must(waitpid(pid, &status, 0) == pid);
	ok(exited_with(status, 0) && c->data->landed == (registered ? RESPONSE : LET_GO),
	   "thawed, it goes on %s", registered ? "at the response" : "there");
	is(regs_diff(out, in, name), 0, "no register changed");
	if (registered)
		must(!code_unregister(c));
}

void test(void)
{
	struct code *c = code_new(1);
	u32 entry, start, end, go, response;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		skip_all("no cgroup2: %s", strerror(errno));
	in = shared(2 * sizeof(*in));
	out = in + 1;
	entry = emit_inside(c);
	start = emit_hold(c);
	end = c->at;
	go = emit_land(c, LET_GO);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = response });
	code_seal(c);
	run(c, entry, go, true, ESTP_LAYOUT_PAGE);
	run(c, entry, go, true, ESTP_LAYOUT_TABLE);
	run(c, entry, go, false, 0);
	rmdir(GROUP);
	code_free(c);
}
