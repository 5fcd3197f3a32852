// SPDX-License-Identifier: MIT
/*
 * runner - several guest tests in one guest, one after the other
 *
 *	run the test -> kill whatever it left -> wait until nobody uses estp.ko
 *
 * A guest's start costs more than most tests.  What a test finds is what it would find
 * in a guest of its own, but for what earlier ones did to the machine.  The module stays
 * loaded: each time that it comes or goes the kernel patches itself, which is where the
 * emulator goes wrong (vm/run, stale_code).  That it could go is asked after each test.
 *
 * "HOOK:TEST" runs a test with the module loaded for it alone, without that hook (there
 * vm/run has left the loading to us); tests/hooks_matter wants that.
 *
 * Arguments are the tests.  What they print passes through; before and after stand lines
 * of ours, of which tests/run-batch makes one TAP stream:
 *
 *	# batch: begin NAME
 *	# batch: end NAME HOW		"exit N", "signal N", "module in use", "not loaded"
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define USERS "/sys/module/estp/refcnt"
#define MODULE "/vm/estp.ko"

static int users(void)
{
	FILE *f = fopen(USERS, "re");
	int nr = -1;

	if (f && fscanf(f, "%d", &nr) != 1)
		nr = -1;
	if (f)
		fclose(f);
	return nr;
}

/* Its teardown can be deferred work: hence the patience that vm/init.c has, too. */
static int module_is_free(void)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	int tries;

	for (tries = 0; tries < 250; tries++) {
		if (!users())
			return 1;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* Modules that a test left behind when it failed. */
static void unload_holders(void)
{
	DIR *dir = opendir("/sys/module/estp/holders");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			syscall(SYS_delete_module, entry->d_name, O_NONBLOCK);
	if (dir)
		closedir(dir);
}

/* The module anew, without @hook. */
static int reload(const char *hook)
{
	char args[128];
	int fd, err;

	unload_holders();
	if (users() >= 0 && (!module_is_free() || syscall(SYS_delete_module, "estp", O_NONBLOCK)))
		return -1;
	snprintf(args, sizeof(args), "without_hook=%s", hook);
	fd = open(MODULE, O_RDONLY | O_CLOEXEC);
	err = fd < 0 ? -1 : syscall(SYS_finit_module, fd, args, 0);
	close(fd);
	return err;
}

/* So that the kernel's log tells during which test it was written. */
static void mark_log(const char *name)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	dprintf(fd, "batch: %s", name);
	close(fd);
}

static int run(const char *program)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		setsid();
		/* Scripts are none without their shell: they have no first line that names it. */
		if (strlen(program) > 3 && !strcmp(program + strlen(program) - 3, ".sh"))
			execl("/bin/sh", "sh", program, (char *)NULL);
		else
			execl(program, program, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	/* All but process 1 and us. */
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	return pid > 0 ? status : -1;
}

int main(int argc, char **argv)
{
	int i, status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 1; i < argc; i++) {
		char *colon = strchr(argv[i], ':');

		mark_log(argv[i]);
		printf("# batch: begin %s\n", argv[i]);
		fflush(stdout);
		if (colon) {
			*colon = 0;
			if (reload(argv[i])) {
				printf("# batch: end %s: not loaded\n", argv[i]);
				return 1;
			}
			status = run(colon + 1);
			*colon = ':';
		} else {
			status = run(argv[i]);
		}
		if (!colon && !module_is_free())
			printf("\n# batch: end %s module in use\n", argv[i]);
		else if (WIFSIGNALED(status))
			printf("\n# batch: end %s signal %d\n", argv[i], WTERMSIG(status));
		else
			printf("\n# batch: end %s exit %d\n", argv[i], WEXITSTATUS(status));
	}
	return 0;
}
