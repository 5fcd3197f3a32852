// SPDX-License-Identifier: MIT
/* Inline sequences that the checker has something to say about: waived, and not. */
#include <estp/sequence.h>

struct node {
	struct node *next;
};

/* Two rules broken, both on purpose; and a store that is marked. */
int push(struct node **list, struct node *node, long *tries)
{
	struct node *first;

	__asm__ volatile(
		ESTP_START(push)
		ESTP_WAIVE(push, ESTP_RULE_MODIFY)
		"addq	$1, %[tries]\n\t"
		"movq	%[list], %[first]\n\t"
		ESTP_UNPUBLISHED(push, next)
		"movq	%[first], (%[node])\n\t"
		ESTP_COMMIT(push)
		"movq	%[node], %[list]\n\t"
		ESTP_END(push)
		ESTP_RESTART(push)
		: [first] "=&r"(first), [list] "+m"(*list), [tries] "+m"(*tries)
		: [node] "r"(node)
		: "memory", "cc");
	return 0;
}

/* An input that is an operand to write to, too: the mistake that is made most often. */
#ifdef BROKEN
long take(long *counter, long n)
{
	__asm__ volatile(
		ESTP_START(take)
		"addq	(%[counter]), %[n]\n\t"
		ESTP_COMMIT(take)
		"movq	%[n], (%[counter])\n\t"
		ESTP_END(take)
		ESTP_RESTART(take)
		: [n] "+r"(n)
		: [counter] "r"(counter)
		: "memory", "cc");
	return n;
}
#endif
