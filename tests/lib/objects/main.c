// SPDX-License-Identifier: MIT
/*
 * Compares what each object's constructor handed to the kernel with where its labels are.
 * The program, a library that it is linked with (LINKED), libraries that it opens: names
 * on the command line.
 *
 * Exit status 0 if everything is as it should be; else each complaint is a line.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"

/* Is a function that nobody calls still in the file? */
#ifndef DEAD
#define DEAD 0
#endif

#ifdef __clang__
#define COMPILER "clang"
#else
#define COMPILER "gcc"
#endif

typedef struct object *report_fn(int again);
report_fn program_report;
#ifdef LINKED
report_fn linked_report;
#endif

static int complaints;
static struct object *object[4];
static unsigned int objects;
static const char *kind;

#define complain(...) (printf(__VA_ARGS__), putchar('\n'), complaints++)
#define check(cond, ...) ((cond) ? 0 : complain(__VA_ARGS__))

/* The rights that the mapping of an address has, as /proc shows them. */
static const char *rights(const void *addr)
{
	static char perms[8];
	unsigned long start, end;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");

	strcpy(perms, "none");
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %7s", &start, &end, perms) == 3 &&
		    (unsigned long)addr >= start && (unsigned long)addr < end)
			break;
	fclose(maps);
	return perms;
}

static const struct estp_sequence *record(const struct registration *r, int selector,
					  uintptr_t start)
{
	unsigned int i;

	for (i = 0; i < r->nr; i++)
		if (r->seq[i].selector == selector && r->seq[i].start == start)
			return &r->seq[i];
	return NULL;
}

/* The three records of one copy. */
static void judge_copy(const char *name, const struct registration *r, const struct where *w)
{
	const struct estp_sequence *seq[ESTP_SELECTOR_NR];
	int i;

	for (i = 0; i < ESTP_SELECTOR_NR; i++) {
		seq[i] = record(r, i, i == ESTP_INTERRUPT ? w->gate : w->start);
		if (check(seq[i], "%s: no record of selector %d for a copy", name, i))
			return;
		check(seq[i]->length == (i == ESTP_INTERRUPT ? 1 : w->end - w->start),
		      "%s: selector %d: length %u", name, i, seq[i]->length);
		check(seq[i]->response == (i == ESTP_FAULT ? w->fault : w->stub),
		      "%s: selector %d leads to %#llx", name, i,
		      (unsigned long long)seq[i]->response);
	}
	check(seq[ESTP_FAULT]->causes == (ESTP_CAUSE_SEGV | ESTP_CAUSE_BUS), "%s: causes", name);
	check(seq[ESTP_INTERRUPT]->clear_mask == ESTP_X86_64_RCX, "%s: mask", name);
	check(seq[ESTP_INTERRUPT]->response_len == w->stub_end - w->stub,
	      "%s: response length", name);
}

static void judge_table(const struct object *o)
{
	const struct registration *r, *found = NULL;
	unsigned int i;

	for (r = kernel.registration; r < kernel.registration + kernel.registrations; r++)
		if (!r->page && record(r, ESTP_FAULT, o->where[0].start)) {
			check(!found, "%s: two tables", o->name);
			found = r;
		}
	if (check(found, "%s: no table", o->name))
		return;
	for (i = 0; i < o->wheres; i++)
		judge_copy(o->name, found, &o->where[i]);
	check(found->nr == 3 * (o->wheres + DEAD), "%s: %u records for %u copies (and %d dead)",
	      o->name, found->nr, o->wheres, DEAD);
	check(o->sequences == found->nr, "%s: status counts %u sequences", o->name, o->sequences);
}

static void judge_page(const struct object *o)
{
	const struct registration *r, *found = NULL;

	for (r = kernel.registration; r < kernel.registration + kernel.registrations; r++)
		if (r->page == o->page) {
			check(!found, "%s: page twice", o->name);
			found = r;
		}
	if (check(found, "%s: no page", o->name))
		return;
	check(found->nr == 1 && found->seq[0].start == o->page_start &&
	      found->seq[0].start + found->seq[0].length == o->page_end &&
	      found->seq[0].selector == ESTP_FAULT, "%s: the page's sequence", o->name);
	check(o->pages == 1, "%s: status counts %u pages", o->name, o->pages);
	check(!strncmp(rights(o->page), "r-x", 3), "%s: page is %s", o->name, rights(o->page));
}

static void ask(report_fn *report, int again, const char *name)
{
	struct object *o = report(again);
	unsigned int i;

	if (check(o, "%s: a function of its own goes wrong", name))
		return;
	check(!strcmp(o->name, name), "%s says that it is %s", name, o->name);
	check(o->wheres == 5, "%s: %u copies ran, not 5", name, o->wheres);
	for (i = 0; i < objects; i++)
		check(object[i]->error != o->error, "%s and %s have one state", name,
		      object[i]->name);
	object[objects++] = o;
}

static void open_library(const char *path, const char *name)
{
	char symbol[64];
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	report_fn *report;

	if (check(library, "%s", dlerror()))
		return;
	snprintf(symbol, sizeof(symbol), "%s_report", name);
	*(void **)&report = dlsym(library, symbol);
	if (!check(report, "%s: no %s", path, symbol))
		ask(report, 0, name);
}

/* One object's table was refused: it alone says so; asked again, it succeeds. */
static void judge_refusal(void)
{
	unsigned int i, refused = 0;

	for (i = 0; i < objects; i++) {
		if (!*object[i]->error)
			continue;
		refused++;
		check(*object[i]->error == -ENOEXEC && object[i]->early == -ENOEXEC,
		      "%s: error %d", object[i]->name, *object[i]->error);
	}
	check(refused == 1, "%u objects were refused", refused);
	check(kernel.unregistered == 1, "%u pages were taken back", kernel.unregistered);
	objects = 0;
	ask(program_report, 1, "program");
#ifdef LINKED
	ask(linked_report, 1, "linked");
#endif
	for (i = 0; i < objects; i++)
		check(!*object[i]->error, "%s: still refused", object[i]->name);
}

int main(int argc, char **argv)
{
	unsigned int i;

	kind = getenv("KERNEL");
	if (!kind)
		kind = "there";
	ask(program_report, 0, "program");
#ifdef LINKED
	ask(linked_report, 0, "linked");
#endif
	for (i = 1; i + 1 < (unsigned int)argc; i += 2)
		open_library(argv[i], argv[i + 1]);

	if (!strcmp(kind, "refuse")) {
		judge_refusal();
	} else if (!strcmp(kind, "absent")) {
		check(kernel.asked && !kernel.registrations, "asked a kernel without ESTP for more");
		for (i = 0; i < objects; i++)
			check(*object[i]->error == -ENOSYS && object[i]->early == -ENOSYS &&
			      object[i]->status == -ENOSYS && !object[i]->features,
			      "%s: not -ENOSYS", object[i]->name);
	} else {
		for (i = 0; i < objects; i++) {
			check(!*object[i]->error && !object[i]->early && !object[i]->status &&
			      object[i]->features == 0x3f, "%s: error %d, early %d",
			      object[i]->name, *object[i]->error, object[i]->early);
			judge_table(object[i]);
			judge_page(object[i]);
		}
		check(kernel.registrations == 2 * objects, "%u registrations by %u objects",
		      kernel.registrations, objects);
	}
	if (!complaints)
		printf("%u objects\n", objects);
	return complaints != 0;
}
