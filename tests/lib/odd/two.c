/* SPDX-License-Identifier: MIT */
#include "odd.h"

int odd_again(long *p)
{
	return odd_add(p, 1);
}

int odd_unused(long *p)
{
	return odd_add(p, 1);
}
