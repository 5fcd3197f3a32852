// SPDX-License-Identifier: MIT
/*
 * One half of a property: a process of its own, its diversions, its end.
 *
 * Registrations belong to an address space and fork hands them on, so the child
 * has all sequences of the parent. The twin differs in one call: it gives them back.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "demo.h"
#include "register.h"

#define HALF_MAX_MS	20000	/* longer than any half takes, by far */

static int device = -1;
static struct estp_stats before;

static bool stats(struct estp_stats *out)
{
	memset(out, 0, sizeof(*out));
	out->mem_fd = -1;
	return device >= 0 && !ioctl(device, ESTP_IOC_STATS, out);
}

uint64_t demo_diversions(int selector)
{
	struct estp_stats now;

	return stats(&now) ? now.diversions[selector] - before.diversions[selector] : 0;
}

void demo_give_back(void)
{
	const size_t all = USER_END - 65536;

	if (madvise(NULL, all, MADV_ESTP_UNREGISTER) && errno != ENOENT && errno != EINVAL)
		demo_say("cannot unregister: %s", strerror(errno));
}

static void child(const struct property *property, struct half *half)
{
	int i;

	/* Without the module there is no device either; main() has said so. */
	device = open(ESTP_DEVICE, O_RDONLY | O_CLOEXEC);
	if (!half->registered)
		demo_give_back();
	if (half->registered || device >= 0)
		demo_must(half, stats(&before), "%s: expected this process's counters, saw: %s",
			  ESTP_DEVICE, strerror(errno));
	property->run(half);
	for (i = 0; i < ESTP_SELECTOR_NR; i++)
		half->diversions[i] = demo_diversions(i);
	half->finished = true;
}

void demo_run(const struct property *property, struct half *half)
{
	struct pollfd ended = { .events = POLLIN };
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		child(property, half);
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0) {
		demo_must(half, false, "cannot fork: %s", strerror(errno));
		return;
	}
	ended.fd = syscall(SYS_pidfd_open, pid, 0);
	if (poll(&ended, 1, HALF_MAX_MS) == 0) {
		demo_must(half, false, "expected it to end, saw it still run after %d s",
			  HALF_MAX_MS / 1000);
		kill(pid, SIGKILL);
	}
	close(ended.fd);
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		demo_must(half, false, "expected it to run to its end, saw it killed by SIG%s",
			  sigabbrev_np(WTERMSIG(status)));
	else
		demo_must(half, half->finished, "expected it to run to its end, saw it exit early");
}

void demo_count(struct half *half, const char *what, uint64_t bad, uint64_t of)
{
	struct check *check = &half->check[half->check_nr];

	if (!demo_must(half, half->check_nr < CHECK_MAX, "CHECK_MAX is too small"))
		return;
	snprintf(check->what, sizeof(check->what), "%s", what);
	check->bad = bad;
	check->of = of;
	half->check_nr++;
	demo_say("%s: %s", what, demo_share(bad, of));
}

bool demo_must(struct half *half, bool ok, const char *format, ...)
{
	va_list args;

	if (ok || half->failure[0])
		return ok;
	va_start(args, format);
	vsnprintf(half->failure, sizeof(half->failure), format, args);
	va_end(args);
	return false;
}

void demo_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("        ", stdout);
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);
	va_end(args);
}

static char *text(void)
{
	static char ring[8][48];
	static unsigned int turn;

	return ring[turn++ % 8];
}

const char *demo_number(uint64_t n)
{
	char digits[24], *out = text();
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	int i, at = 0;

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = 0;
	return out;
}

const char *demo_share(uint64_t bad, uint64_t of)
{
	const char *b = demo_number(bad), *o = demo_number(of);
	char *out = text();

	if (bad && of)
		snprintf(out, 48, "%s of %s (%.1f %%)", b, o, 100.0 * (double)bad / (double)of);
	else
		snprintf(out, 48, "%s of %s", b, o);
	return out;
}

double demo_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
