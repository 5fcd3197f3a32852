// SPDX-License-Identifier: MIT
/*
 * The status of estp trace is its command's, whatever became of SIGCHLD before.
 *
 * There are no tracepoints here: the linker puts these functions in the place of the
 * session's (--wrap).
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../tool/estp.h"
#include "../../tool/session.h"
#include "../unit/tap.h"

struct session *__wrap_session_open(u32 buffer_kib, char *why, size_t why_len);
void __wrap_session_close(struct session *session);
bool __wrap_session_start(struct session *session, char *why, size_t why_len);
void __wrap_session_stop(struct session *session);
int __wrap_session_fd(const struct session *session);
void __wrap_session_read(struct session *session);
bool __wrap_session_waiting(const struct session *session);
void __wrap_session_take(struct session *session, u64 time, each_event *each, void *data);
u64 __wrap_session_lost(struct session *session);

struct session *__wrap_session_open(u32 buffer_kib, char *why, size_t why_len)
{
	static int some;

	(void)buffer_kib, (void)why, (void)why_len;
	return (struct session *)&some;
}

void __wrap_session_close(struct session *session)
{
	(void)session;
}

bool __wrap_session_start(struct session *session, char *why, size_t why_len)
{
	(void)session, (void)why, (void)why_len;
	return true;
}

void __wrap_session_stop(struct session *session)
{
	(void)session;
}

int __wrap_session_fd(const struct session *session)
{
	(void)session;
	return -1;
}

void __wrap_session_read(struct session *session)
{
	(void)session;
}

bool __wrap_session_waiting(const struct session *session)
{
	(void)session;
	return false;
}

void __wrap_session_take(struct session *session, u64 time, each_event *each, void *data)
{
	(void)session, (void)time, (void)each, (void)data;
}

u64 __wrap_session_lost(struct session *session)
{
	(void)session;
	return 0;
}

/* Of estp trace, begun by somebody who has done that to SIGCHLD. */
static int status_of(const char *command, void (*sigchld)(int))
{
	char *argv[] = { "trace", "--", "sh", "-c", (char *)command, NULL };
	int status = -1, pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(60);
		signal(SIGCHLD, sigchld);
		_exit(estp_trace(5, argv));
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
	void (*const sigchld[])(int) = { SIG_DFL, SIG_IGN };
	int i, status;

	for (i = 0; i < 2; i++) {
		status = status_of("exit 3", sigchld[i]);
		expect(status == 3, "%d", status);
		status = status_of("exit 0", sigchld[i]);
		expect(status == 0, "%d", status);
		status = status_of("kill -USR1 $$", sigchld[i]);
		expect(status == 128 + SIGUSR1, "%d", status);
		status = status_of("exec /nowhere/at-all 2>/dev/null", sigchld[i]);
		expect(status == 127, "%d", status);
		claim("the command's status, where SIGCHLD was %s", i ? "ignored" : "not ignored");
	}
	return tap_done();
}
