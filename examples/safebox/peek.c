// SPDX-License-Identifier: MIT
/* A look past the gate, in a sequence of its own: the gate's page goes in the twin, this one stays. */
#include <errno.h>

#include <estp/sequence.h>

#include "box.h"

int box_peek(const uint64_t *from, uint64_t *word)
{
	uint64_t value;

	__asm__ volatile goto(
		ESTP_START(peek)
		BOX_LOAD
		ESTP_END(peek)
		ESTP_ON_FAULT(peek, "%l[denied]", ESTP_MEMORY)
		: [value] "=r"(value)
		: [from] "m"(*from)
		:
		: denied);
	ESTP_OUTPUTS;
	*word = value;
	return 0;
ESTP_RESPONSE(denied);
	return -EFAULT;
}
