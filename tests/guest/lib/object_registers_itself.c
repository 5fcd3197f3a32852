// SPDX-License-Identifier: MIT
/*
 * LIB-1, LIB-2, LIFE-2, LIFE-7, LIFE-9: an object's sequences and pages are registered by its
 * constructor: a program's, a linked library's, a library's that is opened and closed many
 * times at the same address; in constructors, in threads, after fork; dynamic, static-pie and
 * static, with glibc and musl, by GCC and clang, GNU ld and lld with LTO.
 *
 * Method: programs (objects/program.c) that probe NULL in sequences of all their objects, and
 * end with status 0 if that is -1 everywhere. A closed library's code is put back at the same
 * address by hand: there it has to fault. The twin of each program gives its registrations
 * back before it probes, and dies of it.
 *
 * vm: --timeout 240
 * vm: --file build/tests/lib/guest/gcc/program --file build/tests/lib/guest/gcc/libtwo.so
 * vm: --file build/tests/lib/guest/clang/program --file build/tests/lib/guest/clang/libtwo.so
 * vm: --file build/tests/lib/guest/musl/program --file build/tests/lib/guest/musl/libtwo.so
 * vm: --file build/tests/lib/guest/musl/libone.so --file /lib/ld-musl-x86_64.so.1
 * vm: --file build/tests/lib/guest/static-pie/program
 * vm: --file build/tests/lib/guest/static-musl/program
 */
#include "harness.h"

#define FOLDER "build/tests/lib/guest/"

const unsigned int test_seconds = 200;

struct run {
	const char *kind, *mode;
};

static void run(void *arg)
{
	const struct run *run = arg;
	char path[128];

	snprintf(path, sizeof(path), FOLDER "%s/program", run->kind);
	dup2(2, 1);	/* complaints are no TAP */
	execl(path, path, run->mode, (char *)NULL);
	_exit(127);
}

static int ended(const char *kind, const char *mode)
{
	struct run what = { .kind = kind, .mode = mode };

	return run_child(run, &what, 60);
}

void test(void)
{
	static const char *const kinds[] = { "gcc", "clang", "musl", "static-pie", "static-musl" };
	unsigned int i;
	int status;

	need_estp();
	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		status = ended(kinds[i], "check");
		ok(exited_with(status, 0), "%s: every sequence is registered: %s", kinds[i],
		   ending(status));
		status = ended(kinds[i], "twin-inline");
		ok(killed_by(status, SIGSEGV), "%s: given back, an inline one is not: %s",
		   kinds[i], ending(status));
		status = ended(kinds[i], "twin-page");
		ok(killed_by(status, SIGSEGV), "%s: given back, a page is not: %s",
		   kinds[i], ending(status));
	}
}
