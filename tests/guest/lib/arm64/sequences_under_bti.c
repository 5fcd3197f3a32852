// SPDX-License-Identifier: MIT
/*
 * LIB-1, ACC-1, CPU-5, CPU-7: with branch protection on, sequences divert to responses
 * that are no landing pads, and the library's functions can be called through pointers.
 *
 * Method: the pages of this program's code that hold the functions under test are made
 * guarded (PROT_BTI): an indirect branch to what is no landing pad is then SIGILL.  That they
 * are shows in the twin, which goes to the middle of one of those functions by such a branch.
 */
#include <estp/access.h>
#include <estp/percpu.h>

#include "harness.h"
#include "probe.h"

static estp_cpu_t cpu;
static intptr_t *counter;

static u64 page_down(const void *at)
{
	return (u64)at & -(u64)page_size();
}

/* From the first page of @at on, as much as a function of ours can be long. */
static void guard(const void *at)
{
	u64 start = page_down(at);

	must(!mprotect((void *)start, 2 * page_size(), PROT_READ | PROT_EXEC | PROT_BTI));
}

static void branch_to(void *pc)
{
	/* Not x16 or x17, which a BTI for calls lets pass. */
	__asm__ volatile("mov x9, %0\n\tbr x9" : : "r"(pc) : "x9", "memory");
	__builtin_unreachable();
}

/* Landed: on the instruction behind the landing pad. */
static void land_badly(void *unused)
{
	branch_to((char *)estp_load64 + 4);
}

static int add_once(void)
{
	return estp_add(counter, 1, cpu);
}

static int add_nowhere(void)
{
	return estp_add((intptr_t *)16, 1, cpu);
}

void test(void)
{
	int (*volatile load)(const void *, uint64_t *) = estp_load64;
	int (*volatile store)(void *, uint64_t) = estp_store64;
	size_t (*volatile copy)(void *, const void *, size_t) = estp_copy;
	ssize_t (*volatile length)(const char *, size_t) = estp_strnlen;
	int (*volatile readable)(const void *, size_t) = estp_readable;
	int (*volatile writable)(void *, size_t) = estp_writable;
	int (*volatile add)(void) = add_once, (*volatile nowhere)(void) = add_nowhere;
	u64 before, word = 42, value = 0;
	int status;

	need_estp_and_counters();
	must(!estp_cpu(&cpu));
	counter = estp_percpu_alloc(sizeof(*counter), 0);
	must(counter);
	if (mprotect((void *)page_down(estp_load64), page_size(), PROT_READ | PROT_EXEC | PROT_BTI))
		skip_all("this machine has no BTI");
	guard(estp_load64);
	guard(estp_store64);
	guard(estp_copy);
	guard(estp_strnlen);
	guard(estp_readable);
	guard(estp_writable);
	status = run_child(land_badly, NULL, 10);
	ok(killed_by(status, SIGILL), "the pages are guarded: twin, off the landing pad: %s",
	   ending(status));

	before = diverted(ESTP_FAULT);
	is(load(&word, &value), 0, "a load, called through a pointer");
	is(value, 42, "is done");
	is(load(NULL, &value), -EFAULT, "and fails");
	is(store((void *)8, 1), -EFAULT, "a store fails");
	is(copy(&value, (void *)8, 8), 0, "a copy fails");
	is(length((char *)8, 8), -EFAULT, "a string's length fails");
	is(readable((void *)8, 8) + writable((void *)8, 8), 0, "neither readable nor writable");
	ok(diverted(ESTP_FAULT) - before >= 7, "by %llu diversions",
	   (unsigned long long)(diverted(ESTP_FAULT) - before));

	guard(add_once);
	guard(add_nowhere);
	before = diverted(ESTP_FAULT);
	is(add() | nowhere(), -EFAULT, "an inline operation is done, one fails");
	ok(diverted(ESTP_FAULT) > before, "by a diversion, to where no landing pad is");
}
