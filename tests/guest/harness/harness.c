// SPDX-License-Identifier: MIT
/*
 * TAP, main(), children, time.
 *
 *   main ---- waits, with the time limit
 *     child - runs test(); everything it starts dies with it
 *
 * So a thread that never comes out of a sequence, a test that is killed and a
 * kernel that loops all end in a report.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "harness.h"

static unsigned int ok_nr, failed_nr;

static void done(void) __attribute__((noreturn));

/* TAP ---------------------------------------------------------------------- */

bool ok(bool cond, const char *fmt, ...)
{
	va_list args;

	printf("%sok %u - ", cond ? "" : "not ", ++ok_nr);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	failed_nr += !cond;
	/* Where it is known that something will fail, what else does is of no interest. */
	if (!cond && getenv("TEST_ENDS_EARLY"))
		done();
	return cond;
}

bool is_u64(u64 got, u64 want, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (ok(got == want, "%s", text))
		return true;
	diag("got %lld (%#llx), should be %lld (%#llx)", (long long)got,
	     (unsigned long long)got, (long long)want, (unsigned long long)want);
	return false;
}

static void line(const char *prefix, const char *fmt, va_list args)
{
	fputs(prefix, stdout);
	vprintf(fmt, args);
	putchar('\n');
}

void diag(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line("# ", fmt, args);
	va_end(args);
}

void skip(const char *fmt, ...)
{
	char prefix[32];
	va_list args;

	snprintf(prefix, sizeof(prefix), "ok %u # SKIP ", ++ok_nr);
	va_start(args, fmt);
	line(prefix, fmt, args);
	va_end(args);
}

void skip_all(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line("1..0 # SKIP ", fmt, args);
	va_end(args);
	fflush(stdout);
	_exit(77);
}

void bail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line("Bail out! ", fmt, args);
	va_end(args);
	fflush(stdout);
	_exit(1);
}

static void done(void)
{
	printf("1..%u\n", ok_nr);
	if (!ok_nr)
		diag("nothing was tested");
	fflush(stdout);
	_exit(failed_nr || !ok_nr);
}

/* Time --------------------------------------------------------------------- */

unsigned int slowness(void)
{
	static unsigned int factor;
	const char *text;

	if (!factor) {
		text = getenv("TEST_SLOW");
		factor = text && atoi(text) > 0 ? atoi(text) : 1;
	}
	return factor;
}

u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

u64 now_ms(void)
{
	return now_ns() / 1000000;
}

void sleep_us(unsigned int us)
{
	struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

/* Processes ---------------------------------------------------------------- */

void *shared(size_t len)
{
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must(mem != MAP_FAILED);
	return mem;
}

/* The wait status of @pid, or -1 once it had to be killed. */
static int wait_child(pid_t pid, unsigned int seconds)
{
	struct pollfd poll_fd = { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	u64 end = now_ms() + seconds * 1000ull * slowness();
	bool late = false;
	int status, nr;

	must(poll_fd.fd >= 0);
	for (;;) {
		u64 now = now_ms();

		nr = now < end ? poll(&poll_fd, 1, end - now) : 0;
		if (nr > 0)
			break;
		if (nr < 0) {
			must(errno == EINTR);
			continue;
		}
		late = true;
		break;
	}
	close(poll_fd.fd);
	if (late)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, __WALL) < 0)
		must(errno == EINTR);
	return late ? -1 : status;
}

int run_child(void (*fn)(void *arg), void *arg, unsigned int seconds)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fn(arg);
		_exit(0);
	}
	return wait_child(pid, seconds);
}

const char *ending(int status)
{
	static char text[64];

	if (status == -1)
		return "time limit";
	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "signal %d%s", WTERMSIG(status),
			 WCOREDUMP(status) ? " (core)" : "");
	else
		snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(status));
	return text;
}

int main(void)
{
	const struct rlimit no_core = { 0, 0 };
	int status;
	pid_t pid;

	setvbuf(stdout, NULL, _IOLBF, 0);
	setrlimit(RLIMIT_CORE, &no_core);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		/* For a debugger: with ESTP_TEST_STOP set it stops here until continued. */
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getenv("ESTP_TEST_STOP"))
			raise(SIGSTOP);
		test();
		done();
	}
	/* Twice as long where the host has other things to do. */
	status = wait_child(pid, 2 * test_seconds);
	kill(-pid, SIGKILL);
	if (status == -1 || WIFSIGNALED(status)) {
		printf("Bail out! the test ended by: %s\n", ending(status));
		return 1;
	}
	return WEXITSTATUS(status);
}
