/* SPDX-License-Identifier: MIT */
#include "cxx.h"

extern "C" int odd_cxx_two(long *p)
{
	odd<1> one;
	odd<3> three;

	return one.add(p) | three.add(p) | odd_shared(p) | odd_static() | ODD_LAMBDA(4);
}
