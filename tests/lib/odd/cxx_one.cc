/* SPDX-License-Identifier: MIT */
#include "cxx.h"

static odd_object early;

extern "C" int odd_cxx_one(long *p)
{
	odd<1> one;
	odd<2> two;

	return one.add(p) | two.add(p) | odd_shared(p) | odd_static() | early.error | ODD_LAMBDA(3);
}
