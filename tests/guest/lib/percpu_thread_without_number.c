// SPDX-License-Identifier: MIT
/*
 * CPU-2, CPU-3: a thread that libc has not registered is registered by its first
 * operation; one that cannot be gets -ENXIO from every operation, and nothing is done.
 * What else is wrong has other errors.
 *
 * Method: threads take their registration back; some register elsewhere, as another
 * library might, which leaves no room for ours.
 */
#include "operations.h"

#include <sys/rseq.h>

static struct { u32 word[8]; } elsewhere __attribute__((aligned(32)));

static void unregister_libc(void)
{
	must(!syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, 32, 1, RSEQ_SIG));
}

static int number_here(void)
{
	return *(volatile int *)((char *)__builtin_thread_pointer() + cpu.offset);
}

static void *unregistered(void *unused)
{
	unsigned int i;

	pin(1);
	for (i = 0; i < ARRAY_LEN(operations); i++) {
		const struct operation *op = &operations[i];
		u64 before = diverted(ESTP_FAULT);

		operations_reset();
		unregister_libc();
		is(number_here(), -1, "%s: a thread without a number", op->name);
		is(op->once(), 0, "%s is done", op->name);
		is(diverted(ESTP_FAULT) - before, !op->told, "with %d detours", !op->told);
		is(number_here(), 1, "and the thread has a number");
		if (op->done)
			is(op->done(1), 1, "it happened there");
	}
	return NULL;
}

/* Those with a number, where that is known from elsewhere: nobody has asked for the thread's before. */
static int told(unsigned int i, int number)
{
	intptr_t load, old = own(number, count)[0];
	u8 record[RECORD] = { 1 };

	switch (i) {
	case 0: return estp_add_on(own(number, count), 1, number, cpu);
	case 1: return estp_deref_add_on(own(number, pointer), sizeof(intptr_t *), 1, number, cpu);
	case 2: return estp_compare_store(own(number, count), old, old + 1, number, cpu);
	case 3: return estp_compare_not_load((intptr_t *)own(number, pointer) + 1, 0, 0, &load, number, cpu);
	case 4: return estp_compare_store_store(own(number, count), old, own(number, second), 1, old + 1,
						number, cpu);
	case 5: return estp_compare2_store(own(number, count), old, own(number, zero), 0, old + 1, number, cpu);
	default: return estp_compare_copy_store(own(number, count), old, own(number, record), record,
						sizeof(record), old + 1, number, cpu);
	}
}
#define TOLD 7
/* Of which the one that only loads. */
#define LOADS 3

static void *unregistered_told(void *unused)
{
	unsigned int i;

	pin(1);
	for (i = 0; i < TOLD; i++) {
		operations_reset();
		unregister_libc();
		is(number_here(), -1, "operation %u with a number: a thread without one", i);
		is(told(i, 1), 0, "is done");
		is(number_here(), 1, "and the thread has its number");
		is(*own(1, count), i != LOADS, "it happened there");
		unregister_libc();
		is(told(i, 0), -EAGAIN, "for another CPU it is not");
		is(*own(0, count), 0, "and has not happened");
	}
	return NULL;
}

static void *taken(void *unused)
{
	estp_cpu_t other;
	unsigned int i;
	int error;

	unregister_libc();
	must(!syscall(SYS_rseq, &elsewhere, 32, 0, RSEQ_SIG));
	is(estp_cpu(&other), -ENXIO, "another's thread: no token");
	is(other.offset, ESTP_NO_CPU_, "but one that fails");
	is(estp_cpu_number(cpu), -ENXIO, "no number");
	for (i = 0; i < ARRAY_LEN(operations); i++) {
		const struct operation *op = &operations[i];
		int n;

		operations_reset();
		error = op->once();
		is(error, -ENXIO, "%s: %s", op->name, error ? strerror(-error) : "done");
		for (n = 0; op->done && n < estp_percpu_nr(); n++)
			if (op->done(n))
				ok(false, "it happened on CPU %d", n);
	}
	for (i = 0; i < TOLD; i++) {
		operations_reset();
		is(told(i, 0), -ENXIO, "operation %u with a number", i);
		is(*own(0, count), 0, "has not happened");
	}
	must(!syscall(SYS_rseq, &elsewhere, 32, 1, RSEQ_SIG));
	return NULL;
}

static void thread(void *(*fn)(void *))
{
	pthread_t t;

	must(!pthread_create(&t, NULL, fn, NULL));
	must(!pthread_join(t, NULL));
}

/* Given-CPU operations on CPU 0, whose results are known. */
static void errors(void)
{
	estp_cpu_t none = { .offset = ESTP_NO_CPU_ }, zero = { .offset = 0 };
	intptr_t word = 5, load, *bad = (intptr_t *)16;
	struct estp_link *link;
	char text[16];

	pin(0);
	must(estp_cpu_number(cpu) == 0);
	is(estp_add(bad, 1, cpu), -EFAULT, "add: bad pointer");
	is(estp_add_on(bad, 1, 0, cpu), -EFAULT, "add_on: bad pointer");
	is(estp_deref_add(bad, 0, 1, cpu), -EFAULT, "deref_add: bad pointer");
	is(estp_deref_add_on(bad, 0, 1, 0, cpu), -EFAULT, "deref_add_on: bad pointer");
	is(estp_push((void *)bad, (void *)&word, cpu), -EFAULT, "push: bad list");
	is(estp_push(&state->head, (void *)bad, cpu), -EFAULT, "push: bad link");
	is(estp_pop((void *)bad, &link, cpu), -EFAULT, "pop: bad list");
	is(estp_compare_store(bad, 1, 2, 0, cpu), -EFAULT, "compare_store: bad pointer");
	is(estp_compare_not_load(bad, 1, 0, &load, 0, cpu), -EFAULT, "compare_not_load: bad pointer");
	is(estp_compare_store_store(&word, 5, bad, 1, 2, 0, cpu), -EFAULT, "two stores: bad second");
	is(estp_compare2_store(&word, 5, bad, 1, 2, 0, cpu), -EFAULT, "compare2: bad second");
	is(estp_compare2_store(&word, 4, bad, 1, 2, 0, cpu), -EFAULT, "compare2: which is looked at first");
	is(estp_compare2_store(bad, 4, &word, 1, 2, 0, cpu), 1, "and ends it, if it is another");
	is(estp_compare_copy_store(&word, 5, text, bad, 8, 2, 0, cpu), -EFAULT, "copy: bad source");
	is(estp_compare_copy_store(&word, 5, bad, text, 8, 2, 0, cpu), -EFAULT, "copy: bad target");
	is(word, 5, "nothing was stored");
	is(estp_compare_store(&word, 5, 6, -ENXIO, cpu), -ENXIO, "an error for a number");
	is(estp_add(&state->count, 1, none), -EINVAL, "no token");
	is(estp_cpu_number(none), -EINVAL, "no number by it");
	is(estp_cpu_number((estp_cpu_t) { .offset = cpu.offset + (1l << 40) }), -EINVAL, "nonsense");
	is(estp_add((intptr_t *)0, 1, zero) < 0, 1, "an uninitialised token");
}

void test(void)
{
	need_estp_and_counters();
	need_cpus(2);
	must(!estp_cpu(&cpu));
	operations_reset();
	is(cpu.offset - __rseq_offset, 4, "the token is libc's cpu_id");
	errors();
	thread(unregistered);
	thread(unregistered_told);
	thread(taken);
}
