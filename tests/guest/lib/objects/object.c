// SPDX-License-Identifier: MIT
/*
 * An object with one inline sequence and one page: OBJECT is its name.
 *
 * LOOKS_BACK: its constructor also goes into the program, whose constructors are still to
 * run, and has it register itself.
 * REQUIRE: it requires its sequences; with TRY_EARLY in the environment it has tried before.
 */
#include <stddef.h>
#include <stdlib.h>

#include <estp/sequence.h>
#include "insn.h"
#include "object.h"

#define NAME_(a, b) a##b
#define NAME(a, b) NAME_(a, b)
#define SHOWN __attribute__((visibility("default")))
#define HIDDEN __attribute__((visibility("hidden")))

#ifdef REQUIRE
ESTP_REQUIRE("this program is of no use without its sequences");

/* Before the constructor that requires them. */
#pragma GCC diagnostic ignored "-Wprio-ctor-dtor"
__attribute__((constructor(100))) static void try_early(void)
{
	if (getenv("TRY_EARLY"))
		estp_object_register();
}
#endif

extern const char page[] HIDDEN;
long page_load(const long *p) HIDDEN;

HIDDEN __attribute__((noinline, aligned(64))) long inline_load(const long *p)
{
	long value;

	asm volatile goto(
		ESTP_START(load)
		ESTP_COMMIT(load)
		INSN_LOAD("%[value]", "%[p]")
		ESTP_END(load)
		ESTP_ON_FAULT(load, "%l[fault]", ESTP_MEMORY)
		: [value] "=&r"(value) : [p] "r"(p) : "memory" : fault);
	ESTP_OUTPUTS;
	return value;
ESTP_RESPONSE(fault);
	return -1;
}

static int status(unsigned int *sequences, unsigned int *pages, unsigned int *features)
{
	struct estp_status all;

	estp_status(&all);
	*sequences = all.sequences;
	*pages = all.pages;
	*features = all.features;
	return all.error;
}

static int error(void)
{
	return estp_object_error();
}

static int retry(void)
{
	return estp_object_register();
}

static struct exports exports = {
	.inline_probe = inline_load, .page_probe = page_load, .page = page,
	.retry = retry, .error = error, .status = status,
};

#ifdef LOOKS_BACK
struct program_early program_early(void);
SHOWN struct program_early NAME(OBJECT, _saw);
#endif

__attribute__((constructor)) static void constructor(void)
{
#ifdef LOOKS_BACK
	NAME(OBJECT, _saw) = program_early();
#endif
	exports.early_error = estp_object_error();
	if (exports.early_error)
		return;
	exports.early_inline = inline_load(NULL);
	exports.early_page = page_load(NULL);
}

SHOWN const struct exports *NAME(OBJECT, _exports)(void)
{
	return &exports;
}
