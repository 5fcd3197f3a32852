/* SPDX-License-Identifier: MIT */
/*
 * What came of calls in which failures were injected, one operation at a time.
 */
#ifndef TALLY_H
#define TALLY_H

#include "harness.h"
#include "nth.h"

#define LIMIT	4000		/* injections an operation; more would be a livelock */

struct tally {
	u32 injected, failed, killed, wrong;
	int error;			/* one that was not to be */
};

/* In memory that children share; set by the test. */
static struct tally *tally;
static u32 no_memory, no_access;	/* ENOMEM, EFAULT, of calls in this process */

/* What the manual says of REGISTER and the like, to be ended by 0. */
static const int call_may[] = { ENOMEM, EFAULT, ENOSPC, 0 };

/* A call's result, 0 or a negative errno, which has to be one of @may. */
static inline void count(int err, const int *may)
{
	int i;

	if (!err)
		return;
	tally->failed++;
	no_memory += err == -ENOMEM;
	no_access += err == -EFAULT;
	for (i = 0; may[i]; i++)
		if (err == -may[i])
			return;
	tally->error = err;
	tally->wrong++;
}

/* The same of a call for which inject() was called; true if it came to that failure. Without, it has to succeed. */
static inline bool count_injected(int err, const int *may)
{
	bool hit = injected();

	tally->injected += hit;
	tally->wrong += err && !hit;
	count(err, may);
	return hit;
}

/* The report's lines on an operation, and begins anew; @fails: something must have failed. */
static inline void report(const char *what, bool fails)
{
	diag("%s: %u failures injected, %u calls failed, %u processes killed", what,
	     tally->injected, tally->failed, tally->killed);
	is(tally->wrong, 0, "%s: an errno of the manual or success, and the state to match", what);
	if (tally->error)
		diag("%s: an unexpected error, %d", what, tally->error);
	if (fails)
		ok(tally->injected && tally->failed + tally->killed,
		   "%s: failures were injected, and seen", what);
	memset(tally, 0, sizeof(*tally));
}

#endif
