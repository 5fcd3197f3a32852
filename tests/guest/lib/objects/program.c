// SPDX-License-Identifier: MIT
/*
 * The program of the registration tests.
 *
 *	program check        everything works; what does not is told on stdout, status 1
 *	program twin-inline  gives all registrations back, and probes: dies
 *	program twin-page    likewise
 *	program retry        starts without ESTP, waits for a byte on stdin, tries again
 *
 * With LIBRARIES it is linked with libone.so and opens libtwo.so beside itself.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <estp/object.h>
#include "object.h"

#define ROUNDS 200
/* Bytes of the largest page. */
#define PAGE_MAX 65536

const struct exports *program_exports(void);

static int complaints;
static size_t page_len;

#define check(cond, ...) \
	((cond) ? 0 : (printf("%d: ", __LINE__), printf(__VA_ARGS__), putchar('\n'), complaints++))

/* Sequences that the kernel has of this process. */
static unsigned long sequences(void)
{
	struct estp_stats stats = { .mem_fd = -1 };
	int fd = open(ESTP_DEVICE, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, ESTP_IOC_STATS, &stats)) {
		perror(ESTP_DEVICE);
		exit(1);
	}
	close(fd);
	return stats.sequences;
}

/* One object works: where memory is good, where it is not. */
static void probe(const struct exports *o, const char *name)
{
	static const long good = 4711;
	unsigned int nr, pages, features;
	int error = o->status(&nr, &pages, &features);

	check(!error && !o->error(), "%s: error %d", name, error);
	check(nr == 1 && pages == 1, "%s: %u sequences, %u pages", name, nr, pages);
	check(features & 1u << ESTP_FEATURE_VERSION_1 && features & 1u << ESTP_FEATURE_TABLE,
	      "%s: features %#x", name, features);
	check(o->inline_probe(&good) == 4711 && o->page_probe(&good) == 4711, "%s: good", name);
	check(o->inline_probe(NULL) == -1 && o->page_probe(NULL) == -1, "%s: NULL", name);
	check(!o->early_error && o->early_inline == -1 && o->early_page == -1,
	      "%s: in its constructor: error %d, %ld, %ld", name, o->early_error,
	      o->early_inline, o->early_page);
}

static void *thread(void *arg)
{
	probe(arg, "program, in a thread");
	return NULL;
}

static void threads_and_fork(const struct exports *program)
{
	pthread_t id;
	int status;
	pid_t pid;

	pthread_create(&id, NULL, thread, (void *)program);
	pthread_join(id, NULL);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		complaints = 0;
		probe(program, "program, in a child");
		fflush(stdout);
		_exit(complaints);
	}
	waitpid(pid, &status, 0);
	check(!status, "the child's status is %#x", status);
}

#ifdef LIBRARIES
const struct exports *one_exports(void);
extern struct program_early one_saw;

/* The program was asked by a library's constructor, before its own had run. */
struct program_early program_early(void)
{
	struct program_early early = { .before = estp_object_error() };

	early.registered = program_exports()->retry();
	if (!early.registered)
		early.probed = program_exports()->inline_probe(NULL);
	return early;
}

static sigjmp_buf fault_jump;

static void on_fault(int sig)
{
	siglongjmp(fault_jump, sig);
}

/* The same code at the same address, but nobody has registered it. */
static void occupy(const char *page, const void *copy, long (*entry)(const long *), const char *name)
{
	void *at = mmap((void *)page, page_len, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	volatile long probed = 0;

	if (check(at == page, "%s: its place is taken", name))
		return;
	memcpy(at, copy, page_len);
	__builtin___clear_cache(at, (char *)at + page_len);
	if (!sigsetjmp(fault_jump, 1)) {
		probed = entry(NULL);
		check(0, "%s: what took its place was diverted, and said %ld", name, probed);
	}
	munmap(at, page_len);
}

static const char *page_of(const void *code)
{
	return (const char *)((uintptr_t)code & -page_len);
}

static void open_and_close(const char *path)
{
	unsigned long before = sequences();
	const char *last = NULL;
	unsigned int i, reused = 0;

	signal(SIGSEGV, on_fault);
	for (i = 0; i < ROUNDS; i++) {
		static char inline_copy[PAGE_MAX], page_copy[PAGE_MAX];
		void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		const struct exports *(*exports)(void);
		struct exports two;

		if (check(library, "%s", dlerror()))
			return;
		*(void **)&exports = dlsym(library, "two_exports");
		probe(exports(), "two");
		check(sequences() == before + 2, "%lu sequences, not %lu", sequences(), before + 2);
		two = *exports();
		reused += two.page == last;
		last = two.page;
		memcpy(inline_copy, page_of((void *)two.inline_probe), page_len);
		memcpy(page_copy, two.page, page_len);
		check(!dlclose(library), "%s", dlerror());
		if (dlopen(path, RTLD_NOW | RTLD_NOLOAD)) {
			/* musl never unmaps a library: it stays registered, once. */
			check(sequences() == before + 2, "it stays: %lu sequences", sequences());
			probe(&two, "two, closed but there");
			reused = ROUNDS;
			continue;
		}
		check(sequences() == before, "closed: %lu sequences, not %lu", sequences(), before);
		if (i % 8 == 0) {
			occupy(page_of((void *)two.inline_probe), inline_copy, two.inline_probe, "inline");
			occupy(two.page, page_copy, two.page_probe, "page");
		}
		if (complaints)
			break;
	}
	signal(SIGSEGV, SIG_DFL);
	check(reused >= ROUNDS / 2, "the address was had again %u times of %u only", reused, i);
}

static void check_libraries(void)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 32);

	probe(one_exports(), "one");
	check(one_saw.before == -EAGAIN, "before its constructor: %d", one_saw.before);
	check(!one_saw.registered && one_saw.probed == -1, "registered early: %d, probed %ld",
	      one_saw.registered, one_saw.probed);
	check(sequences() == 4, "%lu sequences of two objects", sequences());
	path[len] = 0;
	strcpy(strrchr(path, '/') + 1, "libtwo.so");
	open_and_close(path);
	probe(one_exports(), "one, afterwards");
}
#else
static void check_libraries(void)
{
	check(sequences() == 2, "%lu sequences of one object", sequences());
}
#endif

static void wait_and_retry(const struct exports *program)
{
	unsigned int nr, pages, features;
	char byte;

	check(program->error() == -ENOSYS && program->early_error == -ENOSYS,
	      "without ESTP: %d, %d", program->error(), program->early_error);
	check(program->status(&nr, &pages, &features) == -ENOSYS && !features && nr == 1,
	      "status");
	check(program->retry() == -ENOSYS, "retried too early");
	if (read(0, &byte, 1) != 1)
		exit(2);
	check(program->error() == -ENOSYS, "nobody has asked yet");
	check(!program->retry(), "retried: %d", program->error());
	check(program->inline_probe(NULL) == -1 && program->page_probe(NULL) == -1, "NULL");
}

int main(int argc, char **argv)
{
	const struct exports *program = program_exports();
	const char *mode = argc > 1 ? argv[1] : "";

	page_len = (size_t)sysconf(_SC_PAGESIZE);
	if (!strcmp(mode, "check")) {
		probe(program, "program");
		threads_and_fork(program);
		check_libraries();
	} else if (!strncmp(mode, "twin-", 5)) {
		if (madvise(NULL, (size_t)-65536, MADV_ESTP_UNREGISTER))
			return 3;
		(mode[5] == 'i' ? program->inline_probe : program->page_probe)(NULL);
		return 4;
	} else if (!strcmp(mode, "retry")) {
		wait_and_retry(program);
	} else {
		return 5;
	}
	fflush(stdout);
	return complaints != 0;
}
