// SPDX-License-Identifier: MIT
/*
 * freelist - the front end of an allocator: each CPU has a list of free objects
 *
 * Taking one is estp_pop(), giving it back estp_push(), on whatever CPU that is then: an
 * object moves along with who uses it.
 *
 * The property: nobody gets what somebody else has, and in the end all are there.
 */
#include "storm.h"

enum { OBJECTS = 256 };

static struct object {
	struct estp_link link;
	int in_use;
} object[OBJECTS];

static estp_cpu_t cpu;
static struct estp_head *list;
static long twice;

#define object_of(l) ((struct object *)((char *)(l) - offsetof(struct object, link)))

static struct object *take(void)
{
	struct estp_link *link;
	int error = estp_pop(list, &link, cpu);

	if (error < 0)
		abort();
	return error ? NULL : object_of(link);		/* 1: this CPU has none */
}

static void give_back(struct object *o)
{
	if (estp_push(list, &o->link, cpu))
		abort();
}

static long use_one(void)
{
	struct object *o = take();

	if (!o)
		return 0;
	if (__atomic_exchange_n(&o->in_use, 1, __ATOMIC_RELAXED))
		__atomic_fetch_add(&twice, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&o->in_use, 0, __ATOMIC_RELAXED);
	give_back(o);
	return 1;
}

static long once_each(const char *who)
{
	long done, there = 0;
	int i;

	memset(object, 0, sizeof(object));
	for (i = 0; i < estp_percpu_nr(); i++)
		((struct estp_head *)estp_percpu_of(list, i))->first = NULL;
	/* An equal share for all CPUs: nobody is running there yet, so plain stores will do. */
	for (i = 0; i < OBJECTS; i++) {
		struct estp_head *h = estp_percpu_of(list, i % estp_percpu_nr());

		object[i].link.next = h->first;
		h->first = &object[i].link;
	}
	twice = 0;
	done = storm(use_one);
	for (i = 0; i < estp_percpu_nr(); i++) {
		struct estp_link *l = ((struct estp_head *)estp_percpu_of(list, i))->first;
		long nr;

		/* A list that was damaged may have no end. */
		for (nr = 0; l && nr <= OBJECTS; nr++)
			l = l->next;
		there += nr;
	}
	printf("# %s: %ld times taken and given back, %ld times what somebody had; "
	       "%ld of %d are there\n", who, done, twice, there, OBJECTS);
	return twice + labs(there - OBJECTS);
}

int main(void)
{
	cpu = take_token();
	list = estp_percpu_alloc(sizeof(*list), 0);
	if (!list)
		return 1;
	return example("an object has one user", once_each);
}
