// SPDX-License-Identifier: MIT
/* The first unit of each object, executable or library: OBJECT is its name. */
#include "unit.h"

#ifndef OBJECT
#define OBJECT program
#endif
#define NAME_(a, b) a##b
#define NAME(a, b) NAME_(a, b)

struct object object = { .name = ESTP_TEXT(OBJECT), .error = &estp_object_error_ };

__attribute__((constructor)) static void early(void)
{
	object.early = estp_object_error();
}

APART long first(const long *p)
{
	return sequence(p);
}

/* If it stays, its records must too, and be right; if not, they must be gone with it. */
APART long never_called(const long *p)
{
	return sequence(p) * 3;
}

/* How main.c gets at it, whatever kind of object this is. */
__attribute__((visibility("default"))) struct object *NAME(OBJECT, _report)(int again)
{
	static const long one = 1;
	struct estp_status status;

	if (again)
		estp_object_register();
	if (first(&one) != 2 || second(&one) != 6 || third(&one) != 2 || page_load(&one) != 1)
		return NULL;
	object.status = estp_status(&status);
	object.features = status.features;
	object.sequences = status.sequences;
	object.pages = status.pages;
	object.page = page;
	object.page_start = (uintptr_t)page_start;
	object.page_end = (uintptr_t)page_end;
	return &object;
}
