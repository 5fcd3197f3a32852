// SPDX-License-Identifier: MIT
/*
 * estp run - run a program under ESTP: here, or in a guest by vm/run.
 *
 * What is wrong is said before a guest is started, where it can be known: the program
 * is looked up as a shell would, and its header tells what machine it is for. A guest of
 * this machine's architecture has the host's files as its own (vm/run --host-root); one
 * of another gets the program packed, with its libraries.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <estp/abi.h>

#include "estp.h"
#include "guest.h"
#include "json.h"

#if defined(__x86_64__)
#define ARCH_HERE	"x86_64"
#elif defined(__aarch64__)
#define ARCH_HERE	"arm64"
#else
#error "estp run: which architecture is this?"
#endif

static const struct {
	const char *name, *arch, *version, *flavour;
} kernel[] = {
	{ "6.12", "x86_64", "6.12", "cloud-amd64" },
	{ "6.1", "x86_64", "6.1", "cloud-amd64" },
	{ "rt", "x86_64", "6.12", "rt-amd64" },
	{ "6.12", "arm64", "6.12", "cloud-arm64" },
};

static const struct {
	const char *arch;
	unsigned int elf;
} machine[] = {
	{ "x86_64", EM_X86_64 }, { "arm64", EM_AARCH64 }, { "i386", EM_386 }, { "arm", EM_ARM },
	{ "riscv64", EM_RISCV },
};

enum { WORD_MAX = 1024 };

/* The command for vm/run, and the environment of the program. */
static char *command[WORD_MAX + 1], *environment[WORD_MAX + 1];
static int command_nr, environment_nr;

__attribute__((format(printf, 2, 3), noreturn))
static void fail(int status, const char *format, ...)
{
	va_list args;

	fputs("estp run: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

static void usage(FILE *to)
{
	fputs("usage: estp run [OPTIONS] [--] PROGRAM [ARGUMENT]...\n"
	      "Runs a program under ESTP, in a guest with a stock kernel and estp.ko. It has the files,\n"
	      "working directory, environment, stdin, stdout, stderr and terminal that it would have here,\n"
	      "but what it writes to files is gone with the guest.\n\n"
	      "  --kernel K         6.12 (default), 6.1 or rt, the real-time kernel\n"
	      "  --arch ISA         " ARCH_HERE " (default), x86_64 or arm64\n"
	      "  --cpus N           virtual CPUs (2)\n"
	      "  --mem M            memory in MiB (512)\n"
	      "  --file HOST:GUEST  the file HOST is GUEST in the guest, too\n"
	      "  --env K=V          a further environment variable\n"
	      "  --no-module        without estp.ko, to compare\n"
	      "  --host             no guest: right here, where the module is loaded\n\n"
	      "Exit status: the program's, or its signal; 119 no module here (--host); 120 kernel trouble;\n"
	      "121 the guest died; 122 estp.ko could not be unloaded; 123 the emulator's fault; 125 not set\n"
	      "up; 126 the program cannot be run; 127 there is no such program.\n", to);
}

static void add(char *word)
{
	if (command_nr == WORD_MAX)
		fail(RUN_NOT_SET_UP, "more than %d arguments", WORD_MAX - 1);
	command[command_nr++] = word;
}

static void add_option(char *option, const char *value)
{
	add(option);
	add((char *)value);
}

/* NAME=VALUE, in place of what NAME was. */
static void set_variable(char *word)
{
	size_t len = strcspn(word, "=") + 1;
	int i;

	for (i = 0; i < environment_nr && strncmp(environment[i], word, len); i++)
		;
	if (i == WORD_MAX)
		fail(RUN_NOT_SET_UP, "more than %d environment variables", WORD_MAX);
	environment[i] = word;
	if (i == environment_nr)
		environment_nr++;
}

static const char *variable(const char *name)
{
	size_t len = strlen(name);
	int i;

	for (i = 0; i < environment_nr; i++)
		if (!strncmp(environment[i], name, len) && environment[i][len] == '=')
			return environment[i] + len + 1;
	return NULL;
}

/* ---- The program --------------------------------------------------------------------- */

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* Where PROGRAM is, as a shell would find it; fails by 126 or 127. */
static char *find_program(char *name)
{
	const char *dir = variable("PATH"), *end;
	char *path, *unfit = NULL;
	struct stat st;

	if (strchr(name, '/')) {
		if (stat(name, &st))
			fail(errno == ENOENT || errno == ENOTDIR ? RUN_NOT_FOUND : RUN_NOT_RUNNABLE,
			     "%s: %s", name, strerror(errno));
		if (!S_ISREG(st.st_mode))
			fail(RUN_NOT_RUNNABLE, "%s is no file", name);
		if (access(name, X_OK))
			fail(RUN_NOT_RUNNABLE, "%s may not be executed: %s", name, strerror(errno));
		return name;
	}
	if (!dir)
		dir = "/usr/local/bin:/usr/bin:/bin";
	for (;; dir = end + 1) {
		end = strchrnul(dir, ':');
		if (asprintf(&path, "%.*s/%s", end == dir ? 1 : (int)(end - dir), end == dir ? "." : dir,
			     name) < 0)
			fail(RUN_NOT_SET_UP, "out of memory");
		if (is_program(path))
			return path;
		if (!stat(path, &st) && S_ISREG(st.st_mode))
			unfit = path;
		if (!*end)
			break;
	}
	if (unfit)
		fail(RUN_NOT_RUNNABLE, "%s may not be executed", unfit);
	fail(RUN_NOT_FOUND, "%s: there is no such program in PATH", name);
}

/* That it can run on @arch, by its first bytes. */
static void check_program(const char *path, const char *arch)
{
	union {
		Elf64_Ehdr elf;
		char text[64];
	} head = { 0 };
	const char *other = NULL;
	size_t i;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0 || (n = read(fd, &head, sizeof(head))) < 0)
		fail(RUN_NOT_RUNNABLE, "%s cannot be read: %s", path, strerror(errno));
	close(fd);
	if (n < 20 || memcmp(head.text, ELFMAG, SELFMAG)) {
		if (strcmp(arch, ARCH_HERE))
			fail(RUN_NOT_RUNNABLE, "%s is no ELF program: a guest of another architecture can run nothing else", path);
		return;
	}
	for (i = 0; i < sizeof(machine) / sizeof(*machine); i++)
		if (head.elf.e_machine == machine[i].elf)
			other = machine[i].arch;
	if (head.elf.e_ident[EI_DATA] != ELFDATA2LSB || !other)
		fail(RUN_NOT_RUNNABLE, "%s is for another machine (ELF's number %u), not for %s", path,
		     head.elf.e_machine, arch);
	if (head.elf.e_type != ET_EXEC && head.elf.e_type != ET_DYN)
		fail(RUN_NOT_RUNNABLE, "%s is no program: it is an ELF file of another type", path);
	if (!strcmp(other, arch) || (!strcmp(other, "i386") && !strcmp(arch, "x86_64")))
		return;
	for (i = 0; i < sizeof(kernel) / sizeof(*kernel); i++)
		if (!strcmp(other, kernel[i].arch))
			fail(RUN_NOT_RUNNABLE, "%s is for %s, not for %s; see --arch", path, other, arch);
	fail(RUN_NOT_RUNNABLE, "%s is for %s, not for %s", path, other, arch);
}

/* ---- Options ------------------------------------------------------------------------- */

static void check_number(const char *option, const char *value, long min, long max)
{
	char *end;
	long n = strtol(value, &end, 10);

	if (end == value || *end || n < min || n > max)
		fail(RUN_NOT_SET_UP, "--%s wants a number from %ld to %ld, not '%s'", option, min, max, value);
}

static bool has_dots(const char *path)
{
	for (; path; path = strchr(path, '/')) {
		path += strspn(path, "/");
		if (strcspn(path, "/") == 2 && !strncmp(path, "..", 2))
			return true;
	}
	return false;
}

/* HOST:GUEST, HOST up to the first colon. */
static void check_file(const char *value)
{
	const char *colon = strchr(value, ':');
	char *host;

	if (!colon || colon == value || colon[1] != '/')
		fail(RUN_NOT_SET_UP, "--file wants HOST:GUEST, GUEST being an absolute path, not '%s'", value);
	/* On the way there it lies in a folder of the host, which that could lead out of. */
	if (has_dots(colon + 1))
		fail(RUN_NOT_SET_UP, "--file: GUEST may have no '..' in it: '%s'", colon + 1);
	host = strndup(value, colon - value);
	if (!host || access(host, R_OK))
		fail(RUN_NOT_SET_UP, "--file: %s: %s", host, strerror(errno));
	free(host);
}

/* vm/run, of the tree that this is built in, or of where it is installed. */
static char *find_vm(void)
{
	static const char * const places[] = { "../../vm/run", "../share/estp/vm/run" };
	char here[PATH_MAX + 64], *slash;
	ssize_t n = readlink("/proc/self/exe", here, PATH_MAX);
	size_t i;

	if (n < 0)
		fail(RUN_NOT_SET_UP, "/proc/self/exe: %s", strerror(errno));
	here[n] = '\0';
	slash = strrchr(here, '/') + 1;
	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		char *found;

		strcpy(slash, places[i]);
		found = realpath(here, NULL);
		if (found && !access(found, X_OK))
			return found;
		free(found);
	}
	strcpy(slash, places[1]);
	fail(RUN_NOT_SET_UP, "there is no %s: neither installed nor in the folder where it was built", here);
}

static void choose_kernel(const char *name, const char *arch)
{
	size_t i;

	for (i = 0; i < sizeof(kernel) / sizeof(*kernel); i++)
		if (!strcmp(kernel[i].name, name) && !strcmp(kernel[i].arch, arch)) {
			add_option("--kernel", kernel[i].version);
			add_option("--flavour", kernel[i].flavour);
			return;
		}
	for (i = 0; i < sizeof(kernel) / sizeof(*kernel); i++)
		if (!strcmp(kernel[i].arch, arch))
			fail(RUN_NOT_SET_UP, "there is no kernel '%s' for %s: 6.12%s", name, arch,
			     strcmp(arch, "x86_64") ? "" : ", 6.1 or rt");
	fail(RUN_NOT_SET_UP, "--arch wants x86_64 or arm64, not '%s'", arch);
}

/* The environment in a file that has no name: arguments could be seen by others. */
static void add_environment(void)
{
	static char path[32];
	/* 3 is the socket's (guest.c). */
	int fd = fcntl(memfd_create("environment", MFD_CLOEXEC), F_DUPFD, 4), i;

	for (i = 0; fd >= 0 && i < environment_nr; i++)
		if (dprintf(fd, "%s%c", environment[i], 0) < 0)
			fail(RUN_NOT_SET_UP, "the environment: %s", strerror(errno));
	if (fd < 0)
		fail(RUN_NOT_SET_UP, "the environment: %s", strerror(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	add_option("--env-file", path);
}

/* Whoever runs this is who the program runs as. */
static void add_user(void)
{
	int nr = getgroups(0, NULL), i;
	gid_t *groups = calloc(nr > 0 ? nr : 1, sizeof(*groups));
	char *user;
	size_t len;
	FILE *text = open_memstream(&user, &len);

	if (!groups || !text)
		fail(RUN_NOT_SET_UP, "out of memory");
	nr = getgroups(nr, groups);
	if (nr < 0)
		fail(RUN_NOT_SET_UP, "the caller's groups: %s", strerror(errno));
	fprintf(text, "%u:%u", geteuid(), getegid());
	for (i = 0; i < nr; i++)
		fprintf(text, "%c%u", i ? ',' : ':', groups[i]);
	free(groups);
	if (fclose(text))
		fail(RUN_NOT_SET_UP, "out of memory");
	add_option("--user", user);
}

/*
 * Its scripts, and what they call, take much from the environment: a kernel's name, make's
 * and the compiler's flags, where cd looks, the language of what apt says. They get what is
 * meant for them, no more; what is asked of vm/run is in its arguments.
 */
static void keep_environment(void)
{
	static const char * const meant[] = {
		"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME",
		/* For apt, which downloads the kernel. */
		"http_proxy", "https_proxy", "no_proxy",
	};
	static char *kept[sizeof(meant) / sizeof(*meant) + 2] = { "LC_ALL=C" };
	int nr = 1;
	size_t i;

	for (i = 0; i < sizeof(meant) / sizeof(*meant); i++) {
		const char *value = getenv(meant[i]);

		if (value && asprintf(&kept[nr++], "%s=%s", meant[i], value) < 0)
			fail(RUN_NOT_SET_UP, "out of memory");
	}
	environ = kept;
}

static int run_here(char *path, char **argv)
{
	if (madvise(NULL, ESTP_FEATURE_VERSION_1, MADV_ESTP_QUERY))
		fail(RUN_NO_MODULE, "the running kernel has no ESTP: estp.ko is not loaded, or denied");
	environment[environment_nr] = NULL;
	execve(path, argv, environment);
	if (errno == ENOEXEC) {
		/* A script without its first line; execvp() knows what to do. */
		environ = environment;
		execvp(path, argv);
	}
	fail(errno == ENOENT ? RUN_NOT_FOUND : RUN_NOT_RUNNABLE, "cannot run %s: %s", path, strerror(errno));
}

int estp_run_program(int argc, char **argv)
{
	static const struct option options[] = {
		{ "kernel", required_argument, NULL, 'k' },
		{ "arch", required_argument, NULL, 'a' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "mem", required_argument, NULL, 'm' },
		{ "file", required_argument, NULL, 'f' },
		{ "env", required_argument, NULL, 'e' },
		{ "no-module", no_argument, NULL, 'n' },
		{ "host", no_argument, NULL, 'H' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL },
	};
	const char *kernel_name = "6.12", *arch = ARCH_HERE;
	bool host = false, of_guest = false;
	char **word, *path;
	int option, i;

	for (word = environ; *word; word++)
		set_variable(*word);
	command_nr = 1 + GUEST_WORD_NR;
	add("--stdio");
	add_option("--timeout", "0");
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		of_guest |= option != 'H' && option != 'e';
		switch (option) {
		case 'k':
			kernel_name = optarg;
			break;
		case 'a':
			arch = optarg;
			break;
		case 'c':
			check_number("cpus", optarg, 1, 255);
			add_option("--cpus", optarg);
			break;
		case 'm':
			check_number("mem", optarg, 128, 1 << 20);
			add_option("--mem", optarg);
			break;
		case 'f':
			check_file(optarg);
			add_option("--file", optarg);
			break;
		case 'e':
			if (*optarg == '=' || !strchr(optarg, '='))
				fail(RUN_NOT_SET_UP, "--env wants NAME=VALUE, not '%s'", optarg);
			set_variable(optarg);
			break;
		case 'n':
			add("--no-module");
			break;
		case 'H':
			host = true;
			break;
		case 'h':
			usage(stdout);
			return finish_output("estp run") ? RUN_NOT_SET_UP : 0;
		case ':':
			fail(RUN_NOT_SET_UP, "%s lacks its value; see estp run --help", argv[optind - 1]);
		default:
			fail(RUN_NOT_SET_UP, "there is no option %s; see estp run --help", argv[optind - 1]);
		}
	}
	if (optind == argc)
		fail(RUN_NOT_SET_UP, "which program? See estp run --help");
	if (host && of_guest)
		fail(RUN_NOT_SET_UP, "--host goes with --env only: there is no guest that other options could be about");
	choose_kernel(kernel_name, arch);
	argv += optind;
	path = find_program(argv[0]);
	check_program(path, arch);
	if (host)
		return run_here(path, argv);

	command[0] = find_vm();
	if (!strcmp(arch, ARCH_HERE)) {
		add("--host-root");
		add_user();
	} else {
		argv[0] = path;
	}
	add_environment();
	add("--");
	for (i = 0; argv[i]; i++)
		add(argv[i]);
	command[command_nr] = NULL;
	keep_environment();
	return guest_run(command);
}
