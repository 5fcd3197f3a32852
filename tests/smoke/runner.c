// SPDX-License-Identifier: MIT
/*
 * runner - several guest tests in one guest, one after the other
 *
 * Each argument is a program that prints TAP; what it says is passed on as comments,
 * and whether it passed is one line of TAP here.  A guest's start costs more than most
 * tests, and a handful of them tells most of what can be wrong with a kernel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(char *program)
{
	int out[2], status;
	char line[1024];
	FILE *from;
	pid_t pid;

	if (pipe(out))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(out[1], 1);
		close(out[0]);
		close(out[1]);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	from = fdopen(out[0], "r");
	while (from && fgets(line, sizeof(line), from))
		if (strncmp(line, "ok ", 3))
			printf("# %s", line);
	if (from)
		fclose(from);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	int i, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%d\n", argc - 1);
	for (i = 1; i < argc; i++) {
		const char *name = strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i];
		int result = run(argv[i]);

		if (result == 77)
			printf("ok %d - %s # SKIP\n", i, name);
		else
			printf("%sok %d - %s\n", result ? "not " : "", i, name);
		failed |= result && result != 77;
	}
	return failed;
}
