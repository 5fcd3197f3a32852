/* SPDX-License-Identifier: MIT */
/*
 * Every copy of the sequence runs on good memory and on NULL.  What a kernel with ESTP
 * does is done here by a handler for SIGSEGV that knows the object's own records and
 * nothing else: a copy without good records ends the program.  At each fault it first
 * goes by the INTERRUPT record (whose stub leads to the start, hence to the same fault),
 * then by the FAULT record.  With ESTP in the kernel it is never called.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#include "odd.h"

static int model_faults, model_interrupts;

static const struct estp_record *find(uintptr_t pc, int selector)
{
	const struct estp_record *record = __start_estp_entries;
	size_t i;

	for (i = 0; i < estp_records_nr_(); i++) {
		uintptr_t start = (uintptr_t)&record[i].start + (uintptr_t)(intptr_t)record[i].start;

		if (record[i].selector == selector && pc >= start && pc - start < record[i].length)
			return &record[i];
	}
	return NULL;
}

static void kernel(int number, siginfo_t *info, void *ucontext)
{
	static int turn;
	ucontext_t *uc = (ucontext_t *)ucontext;
	int selector = turn++ % 2 ? ESTP_FAULT : ESTP_INTERRUPT;
#if defined(__x86_64__)
	uintptr_t pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
#else
	uintptr_t pc = uc->uc_mcontext.pc;
#endif
	const struct estp_record *record = find(pc, selector);

	(void)number;
	(void)info;
	if (!record)
		_exit(3);
	if (selector == ESTP_FAULT)
		model_faults++;
	else
		model_interrupts++;
	pc = (uintptr_t)&record->response + (uintptr_t)(intptr_t)record->response;
#if defined(__x86_64__)
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
#else
	uc->uc_mcontext.pc = pc;
#endif
}

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

int main(void)
{
	static int (*const odd[])(long *p) = {
		odd_here, odd_again, odd_unrolled, odd_in_cold, odd_in_cold_part,
#ifdef ODD_CXX
		odd_cxx_one, odd_cxx_two,
#endif
	};
	static const long sums[] = { 1, 1, 6, 1, 3, 13, 15 };
	struct sigaction action;
	size_t i, faulted = 0;
	long value;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = kernel;
	action.sa_flags = SA_SIGINFO;
	sigaction(SIGSEGV, &action, NULL);
	if (odd_in_constructor(NULL))
		return 4;
	for (i = 0; i < COUNT(odd); i++) {
		value = 0;
		if (odd[i](&value) || value != sums[i]) {
			printf("place %d added %ld\n", (int)i, value);
			return 5;
		}
		faulted += odd[i](NULL) == -1;
	}
	/* With the records of this unit itself. */
	value = 0;
	if (odd_add(&value, 2) || value != 2 || odd_add(NULL, 2) != -1 || faulted != COUNT(odd))
		return 6;
	/* One stub each, or none of the model at all. */
	if (model_faults != model_interrupts || (estp_object_error() && !model_faults) ||
	    (!estp_object_error() && model_faults))
		return 7;
	printf("%u records, state %d\n", (unsigned int)estp_records_nr_(), estp_object_error());
	return 0;
}
