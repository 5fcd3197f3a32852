/* SPDX-License-Identifier: MIT */
/*
 * The per-CPU operations as tests use them: each with the data that it works on, done
 * once by one function, and counted afterwards.
 *
 * The functions stand in sections of their own, so that the spans in them are found.  A
 * twin is the same program after operations_unregister().
 */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include <estp/percpu.h>

#include "harness.h"
#include "probe.h"

#define NODES	64
#define RECORD	61		/* no multiple of 8: words and bytes are copied */

struct node {
	u64 tag;
	struct estp_link link;
	volatile u32 owner;
};

/* One a CPU. */
struct state {
	intptr_t count;
	intptr_t second;
	intptr_t zero;
	intptr_t *pointer[2];	/* the second one points to count */
	struct estp_head head;
	u8 record[2][RECORD];
	struct node node[NODES];
};

static struct state *state;	/* a per-CPU pointer */
static estp_cpu_t cpu;
/* Nodes that were somebody else's already when they were popped. */
static u32 taken_twice;
/* What is pushed comes from here. */
static struct node spare[4096];
static u32 spare_nr;

#define node_of(l) ((struct node *)((char *)(l) - offsetof(struct node, link)))
#define state_of(number) ((struct state *)estp_percpu_of(state, number))
#define own(number, member) (&state_of(number)->member)

/*
 * The operations: 0, done; anything else is final.  What must be tried again is.
 */
#define AGAIN(result) ((result) == 1 || (result) == -EAGAIN)
#define OP(name)								\
	extern const char __start_op_##name[], __stop_op_##name[];		\
	__attribute__((section("op_" #name), noinline, unused)) static int name(void)

OP(add)
{
	intptr_t *v = &state->count;
	estp_cpu_t c = cpu;

	__asm__("" : "+r"(v), "+r"(c.offset));
	AT_END_OF_PAGE();
	return estp_add(v, 1, c);
}

OP(deref_add)
{
	void *v = &state->pointer[1];
	estp_cpu_t c = cpu;

	__asm__("" : "+r"(v), "+r"(c.offset));
	AT_END_OF_PAGE();
	return estp_deref_add(v, 0, 1, c);
}

OP(add_on)
{
	int number, result;

	do {
		number = estp_cpu_number(cpu);
		if (number < 0)
			return number;
		result = estp_add_on(own(number, count), 1, number, cpu);
	} while (AGAIN(result));
	return result;
}

OP(deref_add_on)
{
	int number, result;

	do {
		number = estp_cpu_number(cpu);
		if (number < 0)
			return number;
		result = estp_deref_add_on(own(number, pointer), sizeof(intptr_t *), 1, number, cpu);
	} while (AGAIN(result));
	return result;
}

OP(push)
{
	struct node *node = &spare[__atomic_fetch_add(&spare_nr, 1, __ATOMIC_RELAXED) %
				   ARRAY_LEN(spare)];

	return estp_push(&state->head, &node->link, cpu);
}

OP(pop)
{
	struct estp_link *link;

	return estp_pop(&state->head, &link, cpu);
}

OP(compare_not_load)
{
	intptr_t link;
	int number, result;

	do {
		number = estp_cpu_number(cpu);
		if (number < 0)
			return number;
		result = estp_compare_not_load((intptr_t *)own(number, head), 0,
					       offsetof(struct estp_link, next), &link, number, cpu);
	} while (result == -EAGAIN);
	return result;
}

OP(compare_store)
{
	int number, result;
	intptr_t *v, old;

	do {
		number = estp_cpu_number(cpu);
		if (number < 0)
			return number;
		v = own(number, count);
		old = *(volatile intptr_t *)v;
		result = estp_compare_store(v, old, old + 1, number, cpu);
	} while (AGAIN(result));
	return result;
}

OP(compare_store_store)
{
	int number, result;
	intptr_t *v, old;

	do {
		number = estp_cpu_number(cpu);
		if (number < 0)
			return number;
		v = own(number, count);
		old = *(volatile intptr_t *)v;
		result = estp_compare_store_store(v, old, own(number, second), -old - 1, old + 1,
						  number, cpu);
	} while (AGAIN(result));
	return result;
}

OP(compare2_store)
{
	int number, result;
	intptr_t *v, old;

	do {
		number = estp_cpu_number(cpu);
		if (number < 0)
			return number;
		v = own(number, count);
		old = *(volatile intptr_t *)v;
		result = estp_compare2_store(v, old, own(number, zero), 0, old + 1, number, cpu);
	} while (AGAIN(result));
	return result;
}

/* What the record with number @nr holds. */
__attribute__((always_inline)) static inline void record_fill(u8 *record, intptr_t nr)
{
	u64 x = nr * 0x9e3779b97f4a7c15u;
	int i;

	for (i = 0; i < RECORD; i++)
		record[i] = (u8)(x >> i % 57) + i;
}

OP(compare_copy_store)
{
	int number, result;
	u8 record[RECORD];
	intptr_t *v, old;

	do {
		number = estp_cpu_number(cpu);
		if (number < 0)
			return number;
		v = own(number, count);
		old = *(volatile intptr_t *)v;
		record_fill(record, old + 1);
		result = estp_compare_copy_store(v, old, own(number, record[(old + 1) & 1]), record,
						 RECORD, old + 1, number, cpu);
	} while (AGAIN(result));
	return result;
}

/* An allocator's life: take a node, find that it is nobody else's, give it back. */
static void use_node(struct estp_link *link)
{
	struct node *node = node_of(link);

	if (__atomic_exchange_n(&node->owner, 1, __ATOMIC_RELAXED))
		__atomic_fetch_add(&taken_twice, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&node->owner, 0, __ATOMIC_RELAXED);
}

OP(pop_and_push)
{
	struct estp_link *link;
	int result = estp_pop(&state->head, &link, cpu);

	if (result)
		return result;
	use_node(link);
	return estp_push(&state->head, link, cpu);
}

/* The same with the operations that are told the CPU. */
OP(not_load_and_store)
{
	intptr_t link, *v, old;
	int number, result;

	do {
		number = estp_cpu_number(cpu);
		if (number < 0)
			return number;
		result = estp_compare_not_load((intptr_t *)own(number, head), 0,
					       offsetof(struct estp_link, next), &link, number, cpu);
	} while (result == -EAGAIN);
	if (result)
		return result;
	use_node((struct estp_link *)link);
	do {
		number = estp_cpu_number(cpu);
		if (number < 0)
			return number;
		v = (intptr_t *)own(number, head);
		old = *(volatile intptr_t *)v;
		((struct estp_link *)link)->next = (struct estp_link *)old;
		result = estp_compare_store(v, old, link, number, cpu);
	} while (AGAIN(result));
	return result;
}

/* Counting ------------------------------------------------------------------- */

__attribute__((unused)) static intptr_t count_of(int number)
{
	return *(volatile intptr_t *)own(number, count);
}

/* A list that bites its tail ends as well. */
static intptr_t nodes_of(int number)
{
	struct estp_link *l;
	intptr_t nr = 0;

	for (l = own(number, head)->first; l && nr < 1000000; l = l->next)
		nr++;
	return nr;
}

__attribute__((unused)) static intptr_t popped_of(int number)
{
	return NODES - nodes_of(number);
}

__attribute__((unused)) static intptr_t pushed_of(int number)
{
	return nodes_of(number) - NODES;
}

__attribute__((unused)) static bool second_holds(int number)
{
	return state_of(number)->second == -count_of(number);
}

__attribute__((unused)) static bool record_holds(int number)
{
	intptr_t nr = count_of(number);
	u8 record[RECORD];

	record_fill(record, nr);
	return !nr || !memcmp(record, state_of(number)->record[nr & 1], RECORD);
}

struct operation {
	const char *name;
	int (*once)(void);
	const char *start, *end;	/* of the function */
	bool adds;			/* its commit reads, too */
	u8 compares;			/* comparisons up to that which sees what the handler did */
	bool told;			/* the CPU's number, which is asked for first */
	bool storm_only;		/* several sequences: not for single steps */
	bool single_only;
	intptr_t (*done)(int number);	/* how often, on that CPU; NULL: nodes are kept */
	bool (*holds)(int number);	/* the rest of that CPU's data is right */
};

#define DESCRIBE(op) .name = #op, .once = op, .start = __start_op_##op, .end = __stop_op_##op
__attribute__((unused)) static const struct operation operations[] = {
	{ DESCRIBE(add), .adds = true, .done = count_of },
	{ DESCRIBE(add_on), .told = true, .adds = true, .done = count_of },
	{ DESCRIBE(deref_add), .adds = true, .done = count_of },
	{ DESCRIBE(deref_add_on), .told = true, .adds = true, .done = count_of },
	{ DESCRIBE(push), .single_only = true, .done = pushed_of },
	{ DESCRIBE(pop), .single_only = true, .done = popped_of },
	{ DESCRIBE(compare_not_load), .told = true, .single_only = true, .done = popped_of },
	{ DESCRIBE(pop_and_push), .storm_only = true },
	{ DESCRIBE(not_load_and_store), .told = true, .storm_only = true },
	{ DESCRIBE(compare_store), .told = true, .compares = 1, .done = count_of },
	{ DESCRIBE(compare_store_store), .told = true, .compares = 1, .done = count_of,
	  .holds = second_holds },
	{ DESCRIBE(compare2_store), .told = true, .compares = 2, .done = count_of },
	{ DESCRIBE(compare_copy_store), .told = true, .compares = 1, .done = count_of,
	  .holds = record_holds },
};

/* Fresh data for all CPUs. */
__attribute__((unused)) static void operations_reset(void)
{
	int number, i;

	if (!state)
		state = estp_percpu_alloc(sizeof(*state), 0);
	must(state);
	taken_twice = 0;
	for (number = 0; number < estp_percpu_nr(); number++) {
		struct state *s = state_of(number);

		memset(s, 0, sizeof(*s));
		s->pointer[1] = &s->count;
		for (i = 0; i < NODES; i++) {
			s->node[i].link.next = s->head.first;
			s->head.first = &s->node[i].link;
		}
	}
}

/* From here on the program is its twin. */
__attribute__((unused)) static void operations_unregister(void)
{
	extern const char __executable_start[], etext[];
	u64 start = (u64)__executable_start & -page_size();
	u64 end = ((u64)etext + page_size() - 1) & -page_size();

	must(!madv_unregister((void *)start, end - start));
}

#endif
