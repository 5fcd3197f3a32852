/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests/guest/kernel_*.c and prober.ko say to each other, through /dev/prober. */
#ifndef KRN_H
#define KRN_H

#include <linux/ioctl.h>
#include <linux/types.h>

enum krn_op {
	KRN_FETCH8, KRN_FETCH16, KRN_FETCH32, KRN_FETCH64,
	KRN_STORE8, KRN_STORE16, KRN_STORE32, KRN_STORE64,
	KRN_COPY_FROM, KRN_COPY_TO, KRN_STRNCPY_FROM,
	KRN_OWN,		/* the byte, by the page that prober.ko has registered */
	KRN_TWIN,		/* the same code on one that it has not */
	KRN_NOFAULT,		/* copy_from_kernel_nofault() */
	KRN_USER = 0x100,	/* with one of the above: the _user kind */
};

enum krn_context {
	KRN_PROCESS,
	KRN_PAGEFAULTS_OFF,	/* pagefault_disable() */
	KRN_IRQS_OFF,
	KRN_RCU,		/* a reader, if RCU readers can be preempted */
	KRN_SOFTIRQ,
	KRN_HARDIRQ,
	KRN_KPROBE,		/* handler of one at a function's start */
	KRN_BREAKPOINT,		/* handler of one in the middle of code */
	KRN_NMI,		/* x86 */
	KRN_SPAN_PROBED,	/* KRN_OWN, with a kprobe on its faulting instruction */
	KRN_CONTENDED,		/* somebody has mmap_lock for writing, until we wait for it */
	KRN_SWITCHED,		/* handler of tracing, the tables being the next task's already */
	KRN_LAZY,		/* x86: handler of tracing, the next task having none, so that the TLB is not kept up */
	KRN_CONTEXT_NR
};

/* One call of an accessor.  bytes: what is copied. */
struct krn_call {
	__u32 op, context;
	__u64 address, value, len;
	__u64 seen;		/* KRN_SWITCHED, KRN_LAZY: what the kernel's own access finds there */
	__s64 result;
	__u32 in_context;	/* it was really called there */
	__u32 let_through;	/* SMAP or PAN was off afterwards */
	__u32 died;		/* the kernel was about to die of it */
	__u8 bytes[64];
};

/* Addresses of the kernel. */
struct krn_places {
	__u64 data;		/* 64 writable bytes: KRN_BYTE(0), KRN_BYTE(1), ... */
	__u64 read_only;	/* the same */
	__u64 edge;		/* the same, the last that are mapped before hole */
	__u64 hole;		/* a page of vmalloc space that is not mapped */
	__u64 wild;		/* an address that no page table can map */
	__u64 text;		/* an instruction */
	__u64 device;		/* 32 bits of a device's registers */
	__u64 no_device;	/* where nothing answers; its accesses fault */
	__u32 device_value;
	__u32 page_size;
};

/* Kernel threads, one a CPU, that fault without pause. */
struct krn_loops {
	__u64 rounds, wrong;
	__u32 threads;
};

#define KRN_BYTE(i)	(0x40 + (i))

#define KRN_PLACES	_IOR('k', 1, struct krn_places)
#define KRN_CALL	_IOWR('k', 2, struct krn_call)
#define KRN_LOOP	_IO('k', 3)			/* they begin */
#define KRN_LOOPS	_IOR('k', 4, struct krn_loops)	/* so far */
#define KRN_END		_IO('k', 5)			/* they end */

#endif
