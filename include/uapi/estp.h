/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * Exceptional-Sequence Text Pages: the ABI.
 *
 * A *sequence* is a span of instructions whose reaction to an event is fixed by
 * where it stands.  Descriptors say which: if the thread has its pc in this span
 * when this kind of event reaches it, it goes on at that response.
 *
 * Layout 0, the page: descriptors and code share one page of text.
 *
 *   offset 0                 metadata word   magic | version | layout 0 | count n
 *   offset 8                 descriptor 0    selector | 0 | start | end | response
 *   ...                      strictly increasing as unsigned numbers
 *   offset 8 + 8(n-1)        descriptor n-1
 *   offset 8 + 8n ...        code; before each INTERRUPT response its prefix word
 *
 * Layout 1, the table: sequences stand anywhere in ordinary code.
 *
 *   struct estp_table        metadata word   magic | version | layout 1 | count
 *                            base, address of the entries, entry size, flags
 *   struct estp_entry[count] start, length and response relative to base
 *
 * Either is handed to the kernel by madvise(2), which reads it once and keeps its
 * own copy:
 *
 *   madvise(page,  len,     MADV_ESTP_REGISTER)     pages, or one table header
 *   madvise(addr,  len,     MADV_ESTP_UNREGISTER)   code in the range
 *   madvise(NULL,  0,       MADV_ESTP_FENCE)        all CPUs; cpu + 1: one CPU
 *   madvise(NULL,  feature, MADV_ESTP_QUERY)        0 or EINVAL
 *
 * Numbers are little-endian.  Clause names (PAGE-1, ...) are those of SPEC.md.
 */
#ifndef _UAPI_ESTP_H
#define _UAPI_ESTP_H

/* A C library without the kernel's headers (musl) has all that is needed. */
#if !defined(__KERNEL__) && defined(__has_include)
#if !__has_include(<linux/types.h>)
#define ESTP_ABI_NO_KERNEL_HEADERS
#endif
#endif
#ifdef ESTP_ABI_NO_KERNEL_HEADERS
#include <stdint.h>
#include <sys/ioctl.h>
typedef uint8_t __u8;
typedef uint16_t __u16;
typedef uint32_t __u32;
typedef int32_t __s32;
typedef unsigned long long __u64;
#else
#include <linux/types.h>
#include <linux/ioctl.h>
#endif

/* madvise(2) advice values (SPEC REG-1) */
#define MADV_ESTP_REGISTER	0x4553
#define MADV_ESTP_UNREGISTER	0x4554
#define MADV_ESTP_FENCE		0x4555
#define MADV_ESTP_QUERY		0x4556

/* Features for MADV_ESTP_QUERY (SPEC QRY-1) */
#define ESTP_FEATURE_VERSION_1	0	/* version 1 of this ABI */
#define ESTP_FEATURE_PAGE	1	/* page layout */
#define ESTP_FEATURE_TABLE	2	/* table layout */
#define ESTP_FEATURE_FENCE	3	/* MADV_ESTP_FENCE */
#define ESTP_FEATURE_CLEAR_FP	4	/* clear mask bit 31 */
#define ESTP_FEATURE_RESET_PKEY	5	/* reset of protection keys */
#define ESTP_FEATURE_MCEERR	6	/* hardware memory error as a FAULT cause */

/* Selectors: kinds of event (SPEC PAGE-3) */
#define ESTP_PREEMPTION		0
#define ESTP_INTERRUPT		1
#define ESTP_FAULT		2
#define ESTP_SELECTOR_NR	3

/*
 * Metadata word, the same in both layouts (SPEC PAGE-2, TAB-2):
 *
 *   63              32 31     24 23    16 15        0
 *   +-----------------+---------+--------+-----------+
 *   | magic "ESTP"    | version | layout | count n   |
 *   +-----------------+---------+--------+-----------+
 */
#define ESTP_MAGIC		0x45535450u
#define ESTP_VERSION		1u
#define ESTP_LAYOUT_PAGE	0u
#define ESTP_LAYOUT_TABLE	1u

#define ESTP_META_MAGIC_SHIFT	32
#define ESTP_META_VERSION_SHIFT	24
#define ESTP_META_LAYOUT_SHIFT	16
#define ESTP_META_COUNT_MASK	0xffffu

#define ESTP_METADATA(layout, count)					\
	(((__u64)ESTP_MAGIC << ESTP_META_MAGIC_SHIFT) |			\
	 ((__u64)ESTP_VERSION << ESTP_META_VERSION_SHIFT) |		\
	 ((__u64)(layout) << ESTP_META_LAYOUT_SHIFT) |			\
	 ((__u64)(count) & ESTP_META_COUNT_MASK))

#define ESTP_PAGE_COUNT_MAX	255u
#define ESTP_TABLE_COUNT_MAX	65535u

/* Bytes of the page header; code starts here at the earliest (SPEC PAGE-5). */
#define ESTP_HEADER_LEN(count)	(8u + 8u * (count))

/*
 * Page descriptor (SPEC PAGE-3 to PAGE-6); offsets are bytes from the page's
 * first byte, spans are half-open:
 *
 *   63    61 60    48 47    32 31    16 15       0
 *   +-------+--------+--------+--------+----------+
 *   | sel.  | zero   | start  | end    | response |
 *   +-------+--------+--------+--------+----------+
 */
#define ESTP_DESC_SELECTOR_SHIFT	61
#define ESTP_DESC_ZERO_SHIFT		48
#define ESTP_DESC_ZERO_MASK		0x1fffu
#define ESTP_DESC_START_SHIFT		32
#define ESTP_DESC_END_SHIFT		16
#define ESTP_DESC_OFF_MASK		0xffffu

#define ESTP_DESCRIPTOR(selector, start, end, response)			\
	(((__u64)(selector) << ESTP_DESC_SELECTOR_SHIFT) |		\
	 ((__u64)(start) << ESTP_DESC_START_SHIFT) |			\
	 ((__u64)(end) << ESTP_DESC_END_SHIFT) |			\
	 (__u64)(response))

/*
 * Prefix word, the eight bytes before an INTERRUPT response (SPEC PAGE-7):
 *
 *   63       49  48          47             32 31          0
 *   +----------+------------+-----------------+-------------+
 *   | zero     | reset pkey | response length | clear mask  |
 *   +----------+------------+-----------------+-------------+
 */
#define ESTP_PREFIX_LEN_SHIFT		32
#define ESTP_PREFIX_LEN_MASK		0xffffu
#define ESTP_PREFIX_RESET_PKEY		(1ull << 48)
#define ESTP_PREFIX_ZERO_SHIFT		49

#define ESTP_PREFIX(clear_mask, response_len, reset_pkey)		\
	((__u64)(__u32)(clear_mask) |					\
	 ((__u64)(response_len) << ESTP_PREFIX_LEN_SHIFT) |		\
	 ((reset_pkey) ? ESTP_PREFIX_RESET_PKEY : 0))

/* Clear mask (SPEC MASK-1): bits 0..30 general registers, bit 31 FP/SIMD state. */
#define ESTP_CLEAR_FP			(1u << 31)

#define ESTP_X86_64_RAX			(1u << 0)
#define ESTP_X86_64_RCX			(1u << 1)
#define ESTP_X86_64_RDX			(1u << 2)
#define ESTP_X86_64_RBX			(1u << 3)
/* bit 4 would be rsp: refused */
#define ESTP_X86_64_RBP			(1u << 5)
#define ESTP_X86_64_RSI			(1u << 6)
#define ESTP_X86_64_RDI			(1u << 7)
#define ESTP_X86_64_R(i)		(1u << (i))	/* 8 <= i <= 15 */
#define ESTP_X86_64_CLEAR_VALID		0x8000ffefu
#define ESTP_ARM64_X(i)			(1u << (i))	/* 0 <= i <= 30 */
#define ESTP_ARM64_CLEAR_VALID		0xffffffffu

/*
 * Table header, page-aligned, read during the call only (SPEC TAB-2).
 */
struct estp_table {
	__u64 metadata;		/* ESTP_METADATA(ESTP_LAYOUT_TABLE, count) */
	__u64 base;		/* address that start and response count from */
	__u64 entries;		/* address of struct estp_entry[count] */
	__u32 entry_size;	/* sizeof(struct estp_entry) */
	__u32 flags;		/* 0 */
};

/*
 * Table entry (SPEC TAB-3 to TAB-6).  The span is
 * [base + start, base + start + length).
 */
struct estp_entry {
	__s32 start;		/* bytes from base */
	__u32 length;		/* bytes, at least 1 */
	__s32 response;		/* bytes from base */
	__u16 response_len;	/* INTERRUPT: bytes, at least 1; else 0 */
	__u8  selector;		/* ESTP_PREEMPTION, _INTERRUPT or _FAULT */
	__u8  causes;		/* FAULT: ESTP_CAUSE_*, at least one; else 0 */
	__u32 clear_mask;	/* INTERRUPT: registers to clear; else 0 */
	__u16 flags;		/* INTERRUPT: ESTP_ENTRY_RESET_PKEY; else 0 */
	__u16 zero;
};

#define ESTP_ENTRY_RESET_PKEY		(1u << 0)

/* FAULT causes (SPEC TAB-5): the signal that the fault would have become. */
#define ESTP_CAUSE_SEGV			(1u << 0)
#define ESTP_CAUSE_BUS			(1u << 1)
#define ESTP_CAUSE_ILL			(1u << 2)
#define ESTP_CAUSE_FPE			(1u << 3)
#define ESTP_CAUSE_MCEERR		(1u << 4)	/* hardware memory error */
#define ESTP_CAUSE_NR			5
#define ESTP_CAUSE_PAGE			0x0fu		/* what a page descriptor means */
#define ESTP_CAUSE_VALID		0x1fu

/*
 * /dev/estp, for tools (SPEC DEV-1 to DEV-4).  Both requests name the address
 * space by a descriptor of its /proc/PID/mem, whose opening is where the kernel
 * demands the right to ptrace it; -1 is the caller's own.
 */
#define ESTP_DEVICE		"/dev/estp"

struct estp_stats {
	__s32 mem_fd;		/* in: open /proc/PID/mem, or -1 */
	__u32 flags;		/* in: 0 */
	__u64 pages;		/* out: pages of code in the set */
	__u64 sequences;	/* out: descriptors and entries in the set */
	__u64 memory;		/* out: bytes of kernel memory that hold the set */
	__u64 diversions[ESTP_SELECTOR_NR];	/* out: by selector */
	__u64 fences;		/* out: fences asked for */
};

/* One registered sequence: what a checkpoint needs to make it again. */
struct estp_sequence {
	__u64 start;		/* address */
	__u64 response;		/* address */
	__u32 length;		/* bytes */
	__u32 clear_mask;
	__u16 response_len;	/* bytes */
	__u8  selector;
	__u8  causes;
	__u16 flags;		/* ESTP_ENTRY_RESET_PKEY */
	__u8  layout;		/* ESTP_LAYOUT_PAGE or ESTP_LAYOUT_TABLE */
	__u8  zero;
};

struct estp_list {
	__s32 mem_fd;		/* in: open /proc/PID/mem, or -1 */
	__u32 flags;		/* in: 0 */
	__u64 sequences;	/* in: address of struct estp_sequence[capacity] */
	__u32 capacity;		/* in: elements that fit */
	__u32 count;		/* out: elements there are; capacity at most are filled */
};

#define ESTP_IOC_MAGIC		0xe5
#define ESTP_IOC_STATS		_IOWR(ESTP_IOC_MAGIC, 0x01, struct estp_stats)
#define ESTP_IOC_LIST		_IOWR(ESTP_IOC_MAGIC, 0x02, struct estp_list)

/*
 * The layout cannot drift: every size, offset and value that another program may
 * have written down as a number.
 */
#if defined(__cplusplus) && __cplusplus >= 201103L
#define ESTP_ABI_PIN(name, cond) static_assert(cond, #name)
#else
#define ESTP_ABI_PIN(name, cond) typedef char estp_abi_pin_##name[(cond) ? 1 : -1] ESTP_ABI_UNUSED
#endif
#define ESTP_ABI_UNUSED __attribute__((unused))
#define ESTP_ABI_SIZE(type, bytes) \
	ESTP_ABI_PIN(type##_size, sizeof(struct type) == (bytes))
#define ESTP_ABI_OFF(type, member, off) \
	ESTP_ABI_PIN(type##_##member, __builtin_offsetof(struct type, member) == (off))

ESTP_ABI_PIN(register_value, MADV_ESTP_REGISTER == 17747);
ESTP_ABI_PIN(unregister_value, MADV_ESTP_UNREGISTER == 17748);
ESTP_ABI_PIN(fence_value, MADV_ESTP_FENCE == 17749);
ESTP_ABI_PIN(query_value, MADV_ESTP_QUERY == 17750);
ESTP_ABI_PIN(selectors, ESTP_PREEMPTION == 0 && ESTP_INTERRUPT == 1 && ESTP_FAULT == 2);
ESTP_ABI_PIN(features, ESTP_FEATURE_VERSION_1 == 0 && ESTP_FEATURE_PAGE == 1 &&
	     ESTP_FEATURE_TABLE == 2 && ESTP_FEATURE_FENCE == 3 &&
	     ESTP_FEATURE_CLEAR_FP == 4 && ESTP_FEATURE_RESET_PKEY == 5 &&
	     ESTP_FEATURE_MCEERR == 6);
ESTP_ABI_PIN(causes, ESTP_CAUSE_SEGV == 1 && ESTP_CAUSE_BUS == 2 && ESTP_CAUSE_ILL == 4 &&
	     ESTP_CAUSE_FPE == 8 && ESTP_CAUSE_MCEERR == 16 && ESTP_CAUSE_PAGE == 15);
ESTP_ABI_PIN(metadata, ESTP_METADATA(1, 0x1234) == 0x4553545001011234ull);
ESTP_ABI_PIN(descriptor, ESTP_DESCRIPTOR(ESTP_FAULT, 0x10, 0x20, 0x30) == 0x4000001000200030ull);
ESTP_ABI_PIN(prefix, ESTP_PREFIX(0x80000001u, 5, 1) == 0x0001000580000001ull);
ESTP_ABI_PIN(header_len, ESTP_HEADER_LEN(ESTP_PAGE_COUNT_MAX) == 2048);

ESTP_ABI_SIZE(estp_table, 32);
ESTP_ABI_OFF(estp_table, metadata, 0);
ESTP_ABI_OFF(estp_table, base, 8);
ESTP_ABI_OFF(estp_table, entries, 16);
ESTP_ABI_OFF(estp_table, entry_size, 24);
ESTP_ABI_OFF(estp_table, flags, 28);

ESTP_ABI_SIZE(estp_entry, 24);
ESTP_ABI_OFF(estp_entry, start, 0);
ESTP_ABI_OFF(estp_entry, length, 4);
ESTP_ABI_OFF(estp_entry, response, 8);
ESTP_ABI_OFF(estp_entry, response_len, 12);
ESTP_ABI_OFF(estp_entry, selector, 14);
ESTP_ABI_OFF(estp_entry, causes, 15);
ESTP_ABI_OFF(estp_entry, clear_mask, 16);
ESTP_ABI_OFF(estp_entry, flags, 20);
ESTP_ABI_OFF(estp_entry, zero, 22);

ESTP_ABI_SIZE(estp_stats, 64);
ESTP_ABI_OFF(estp_stats, mem_fd, 0);
ESTP_ABI_OFF(estp_stats, flags, 4);
ESTP_ABI_OFF(estp_stats, pages, 8);
ESTP_ABI_OFF(estp_stats, sequences, 16);
ESTP_ABI_OFF(estp_stats, memory, 24);
ESTP_ABI_OFF(estp_stats, diversions, 32);
ESTP_ABI_OFF(estp_stats, fences, 56);

ESTP_ABI_SIZE(estp_sequence, 32);
ESTP_ABI_OFF(estp_sequence, start, 0);
ESTP_ABI_OFF(estp_sequence, response, 8);
ESTP_ABI_OFF(estp_sequence, length, 16);
ESTP_ABI_OFF(estp_sequence, clear_mask, 20);
ESTP_ABI_OFF(estp_sequence, response_len, 24);
ESTP_ABI_OFF(estp_sequence, selector, 26);
ESTP_ABI_OFF(estp_sequence, causes, 27);
ESTP_ABI_OFF(estp_sequence, flags, 28);
ESTP_ABI_OFF(estp_sequence, layout, 30);
ESTP_ABI_OFF(estp_sequence, zero, 31);

ESTP_ABI_SIZE(estp_list, 24);
ESTP_ABI_OFF(estp_list, mem_fd, 0);
ESTP_ABI_OFF(estp_list, flags, 4);
ESTP_ABI_OFF(estp_list, sequences, 8);
ESTP_ABI_OFF(estp_list, capacity, 16);
ESTP_ABI_OFF(estp_list, count, 20);

#ifndef __KERNEL__	/* whose _IOWR() is no constant in the sense of C */
ESTP_ABI_PIN(stats_request, ESTP_IOC_STATS == 0xc040e501u);
ESTP_ABI_PIN(list_request, ESTP_IOC_LIST == 0xc018e502u);
#endif

#undef ESTP_ABI_PIN
#undef ESTP_ABI_UNUSED
#undef ESTP_ABI_SIZE
#undef ESTP_ABI_OFF

#endif /* _UAPI_ESTP_H */
