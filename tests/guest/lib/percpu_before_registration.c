// SPDX-License-Identifier: MIT
/*
 * CPU-1: before this object's constructor has run there is no token, and an operation
 * with what there is instead does not run: it dies.
 *
 * Method: functions in .preinit_array and early in .init_array ask for a token, and let a
 * child use it. The twin is the same after estp_object_register(), still before the
 * constructor.
 */
#include "operations.h"

struct seen {
	int token, cid, death, registered, after, added;
	ptrdiff_t offset;
	intptr_t word;
};
static struct seen preinit, early;

static intptr_t word;

static void look(struct seen *s)
{
	estp_cpu_t c;
	pid_t pid;

	s->token = estp_cpu(&c);
	s->cid = estp_cid(&c);
	s->offset = c.offset;
	pid = fork();
	if (!pid) {
		estp_add(&word, 1, c);
		_exit(0);
	}
	waitpid(pid, &s->death, 0);
}

static void before_all(void)
{
	look(&preinit);
}

static void before_101(void)
{
	intptr_t *v;
	int cpu_nr;

	look(&early);
	early.registered = estp_object_register();
	early.after = estp_cpu(&cpu);
	v = estp_percpu_alloc(sizeof(*v), 0);
	early.added = estp_add(v, 1, cpu);
	for (cpu_nr = 0; cpu_nr < cpus_nr(); cpu_nr++)
		early.word += *(intptr_t *)estp_percpu_of(v, cpu_nr);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = before_all;
__attribute__((section(".init_array.00050"), used)) static void (*const second)(void) = before_101;

static void judge(const struct seen *s, const char *where)
{
	is(s->token, -EAGAIN, "%s: no token", where);
	is(s->cid, -EAGAIN, "%s: nor one for mm_cid", where);
	ok(killed_by(s->death, SIGSEGV), "%s: an operation all the same: %s", where, ending(s->death));
}

void test(void)
{
	need_estp();
	judge(&preinit, ".preinit_array");
	judge(&early, "constructor of priority 50");
	is(early.registered, 0, "twin: registered by hand");
	is(early.after, 0, "twin: a token");
	is(early.added, 0, "twin: an operation");
	is(early.word, 1, "twin: it has happened");
	is(estp_object_error(), 0, "after the constructor");
	is(estp_cpu(&cpu), 0, "a token");
}
