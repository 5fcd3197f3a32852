/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What core/ takes from its surroundings: fixed-width types and three memory
 * accesses.  Nothing else: no allocation, no lock, no kernel or libc call, so that
 * the module, the tool, the fuzzers and the unit tests compile the same files.
 *
 * The host provides two functions, estp_page_drop() and estp_page_cost() (core.h).
 */
#ifndef ESTP_CORE_PORT_H
#define ESTP_CORE_PORT_H

#include "../include/uapi/estp.h"

#ifdef __KERNEL__

#include <linux/types.h>
#include <linux/compiler.h>
#include <asm/barrier.h>
#include <asm/page.h>
#include <linux/refcount.h>

#include <linux/sched.h>

#define ESTP_PAGE_SIZE		PAGE_SIZE

/*
 * In step @i of a loop over a whole input or a whole set, where the host may sleep: lets others run
 * every ESTP_RELAX_NR steps. A step may be a sift of the heap sort, 16 levels of calls.
 */
#define ESTP_RELAX_NR		32
#define estp_relax(i)		do { if (!((i) % ESTP_RELAX_NR)) cond_resched(); } while (0)

#define estp_load(p)		READ_ONCE(*(p))
#define estp_store(p, v)	WRITE_ONCE(*(p), v)
/* What is read after it is no older. */
#define estp_load_acquire(p)	smp_load_acquire(p)
/* What was written before is seen by whoever follows the pointer. */
#define estp_publish(p, v)	smp_store_release(p, v)
/* One more set holds a page. */
#define estp_hold(refs)		refcount_inc((refcount_t *)(refs))

#else

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#define estp_relax(i)		((void)(i))

#define noinline		__attribute__((noinline))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)

#define estp_load(p)		__atomic_load_n(p, __ATOMIC_CONSUME)
#define estp_store(p, v)	__atomic_store_n(p, v, __ATOMIC_RELAXED)
#define estp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define estp_publish(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define estp_hold(refs)		__atomic_add_fetch(refs, 1, __ATOMIC_RELAXED)

#endif

#endif /* ESTP_CORE_PORT_H */
