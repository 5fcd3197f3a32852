// SPDX-License-Identifier: MIT
/*
 * LIB-2, LIB-3: on a kernel without ESTP an object's state is -ENOSYS, and one that requires
 * its sequences ends with status 69 before main(), having said why. Once the module is there
 * the same process tries again and succeeds, and the one that requires starts.
 *
 * Method: programs of objects/program.c, started before the module is loaded; one of them
 * is told through a pipe that it is there.
 *
 * vm: --no-load
 * vm: --file build/tests/lib/guest/gcc/program
 * vm: --file build/tests/lib/guest/static-musl/program
 * vm: --file build/tests/lib/guest/require/program
 */
#include "machine.h"

#define FOLDER "build/tests/lib/guest/"
#define SENTENCE "this program is of no use without its sequences: " \
	"this kernel has no ESTP: the module estp is not loaded\n"

struct started {
	pid_t pid;
	int in, out;	/* what it reads and says */
};

static struct started start(const char *kind, const char *mode)
{
	int in[2], out[2];
	struct started s;
	char path[128];

	must(!pipe(in) && !pipe(out));
	snprintf(path, sizeof(path), FOLDER "%s/program", kind);
	s.pid = fork();
	must(s.pid >= 0);
	if (!s.pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		close(in[1]);
		close(out[0]);
		execl(path, path, mode, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	s.in = in[1];
	s.out = out[0];
	return s;
}

/* Its wait status; what it has said is in @text. */
static int end(struct started *s, char *text, size_t size)
{
	size_t len = 0;
	ssize_t got;
	int status;

	while (len < size - 1 && (got = read(s->out, text + len, size - 1 - len)) > 0)
		len += got;
	text[len] = 0;
	must(waitpid(s->pid, &status, 0) == s->pid);
	close(s->in);
	close(s->out);
	return status;
}

void test(void)
{
	static const char *const kinds[] = { "gcc", "static-musl" };
	struct started waiting[ARRAY_LEN(kinds)], required;
	char text[1024];
	unsigned int i;
	int status;

	must(madv_query(ESTP_FEATURE_VERSION_1) == -EINVAL);
	required = start("require", "check");
	status = end(&required, text, sizeof(text));
	ok(exited_with(status, 69), "required, and not there: %s", ending(status));
	ok(!strcmp(text, SENTENCE), "it says why: %.*s", (int)strcspn(text, "\n"), text);
	must(!setenv("TRY_EARLY", "1", 1));
	required = start("require", "check");
	status = end(&required, text, sizeof(text));
	must(!unsetenv("TRY_EARLY"));
	ok(exited_with(status, 69) && !strcmp(text, SENTENCE), "the same where it had tried before: %s", ending(status));
	for (i = 0; i < ARRAY_LEN(kinds); i++)
		waiting[i] = start(kinds[i], "retry");
	must(!module_load(""));
	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		must(write(waiting[i].in, "!", 1) == 1);
		status = end(&waiting[i], text, sizeof(text));
		if (!ok(exited_with(status, 0), "%s: without, then with: %s", kinds[i],
			ending(status)))
			diag("it says: %s", text);
	}
	required = start("require", "twin-inline");
	status = end(&required, text, sizeof(text));
	ok(killed_by(status, SIGSEGV) && !*text, "required, and there: it has got to main(): %s",
	   ending(status));
}
