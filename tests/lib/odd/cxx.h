/* SPDX-License-Identifier: MIT */
#include "odd.h"

template <int n> struct odd {
	__attribute__((noinline)) int add(long *p) { return odd_add(p, n); }
};

__attribute__((noinline)) inline int odd_shared(long *p)
{
	return odd_add(p, 7);
}

struct odd_object {
	long value;
	int error;
	odd_object() : value(0), error(odd_add(&value, 1)) {}
};

inline int odd_static()
{
	static odd_object object;
	return object.error;
}

template <class F> int odd_call(F f, long *p)
{
	return f(p);
}

#if __cplusplus >= 201103L
#define ODD_LAMBDA(n)	odd_call([](long *q) { return odd_add(q, n); }, p)
#else
#define ODD_LAMBDA(n)	0
#endif
