// SPDX-License-Identifier: MIT
/* The second unit of each object: one function with several copies of the sequence. */
#include "unit.h"

APART long second(const long *p)
{
	long sum = sequence(p);

	sum += sequence(p);
	return sum + sequence(p);
}
