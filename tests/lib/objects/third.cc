// SPDX-License-Identifier: MIT
/* The third unit of each object, in C++. */
#include "unit.h"

template <typename T> static inline __attribute__((always_inline)) T load(const T *p)
{
	return sequence(p);
}

extern "C" APART long third(const long *p)
{
	return load<long>(p);
}
