// SPDX-License-Identifier: MIT
/*
 * What tests/gdb/session.py debugs: an inline sequence, a page, a library (libestp) that has
 * sequences, and a thread that is in one while the other reaches a breakpoint.
 *
 *	subject [unregistered]
 *
 * Unregistered, it takes back what was registered: the twin.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <estp/access.h>
#include <estp/sequence.h>

void page_add(long *value);
void page_spin(volatile long *value);
int page_peek(const long *p);
extern const char page[];

static long inline_value, page_value;
static volatile long spin[2];	/* in the sequence; to let it go */

/* Four instructions: the last is the commit. */
static __attribute__((noinline)) void inline_add(long *p)
{
	long v;

	__asm__ volatile(
		ESTP_START(add)
		"movq (%[p]), %[v]\n\t"
		"nop\n\t"
		"addq $1, %[v]\n\t"
		ESTP_COMMIT(add)
		"movq %[v], (%[p])\n\t"
		ESTP_END(add)
		ESTP_RESTART(add)
		: [v] "=&r"(v) : [p] "r"(p) : "memory", "cc");
}

/* Where breakpoints are. */
__attribute__((noinline)) void stop_here(void)
{
	__asm__ volatile("" ::: "memory");
}

static void *spinner(void *unused)
{
	page_spin(spin);
	return unused;
}

int main(int argc, char **argv)
{
	bool twin = argc > 1 && !strcmp(argv[1], "unregistered");
	pthread_t thread;
	uint64_t word;
	int faulted;

	if (twin && madvise((void *)page, 4096, MADV_ESTP_UNREGISTER)) {
		perror("unregister");
		return 2;
	}
	inline_add(&inline_value);
	page_add(&page_value);
	faulted = twin ? -1 : page_peek(NULL);
	if (pthread_create(&thread, NULL, spinner, NULL))
		return 2;
	while (!spin[0])
		;
	stop_here();
	spin[1] = 1;
	pthread_join(thread, NULL);
	printf("inline %ld, page %ld, peek %d, load %d\n", inline_value, page_value, faulted,
	       estp_load64(NULL, &word));
	return 0;
}
