/* SPDX-License-Identifier: MIT */
/* Memory tags (MTE), for the tests that are about them: on a machine with mte=on. */
#ifndef TAGS_H
#define TAGS_H

#include <asm/hwcap.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include "../../harness/harness.h"

/* Not in the oldest headers that this is built with. */
#ifndef HWCAP2_MTE
#define HWCAP2_MTE	(1 << 18)
#endif
#ifndef PROT_MTE
#define PROT_MTE	0x20
#endif
#ifndef SEGV_MTEAERR
#define SEGV_MTEAERR	8
#define SEGV_MTESERR	9
#endif
#ifndef PR_MTE_TCF_SYNC
#define PR_MTE_TCF_SYNC		(1ul << 1)
#define PR_MTE_TCF_ASYNC	(1ul << 2)
#endif

/* The machine was asked for it, and Debian's kernels know it. */
static inline void need_tags(void)
{
	if (!(getauxval(AT_HWCAP2) & HWCAP2_MTE))
		bail("the CPU checks no tags");
}

/* When this thread is told of an access by another tag: PR_MTE_TCF_...; 0, never. */
static inline void tell_tags(unsigned long when)
{
	must(!prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE | when, 0, 0, 0));
}

static inline u64 tagged(const void *p, u64 tag)
{
	return (u64)p | tag << 56;
}

/* Tags the 16 bytes at @p by its own tag. */
static inline void set_tag(u64 p)
{
	register u64 x9 __asm__("x9") = p;

	/* stg x9, [x9]: the assembler's name for it depends on the compiler's options. */
	__asm__ volatile(".inst 0xd9200929" : : "r"(x9) : "memory");
}

#endif
