// SPDX-License-Identifier: GPL-2.0-only
/*
 * krncost - what a kernel access costs that may fault, in guest instructions
 *
 * QEMU counts: its clock goes on by one nanosecond an instruction (vm/run --icount).  All
 * is measured when the module is loaded; /proc/krncost has a row each, name and value.
 * Without estp.ko it loads as well, and measures what there is.
 */
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <linux/estp.h>

#include "krncost.h"

#define TIMES	64

static u64 now(void)
{
#ifdef CONFIG_X86_64
	return rdtsc_ordered();		/* 1 GHz */
#else
	isb();
	return read_sysreg(cntvct_el0) * (1000000000 / read_sysreg(cntfrq_el0));
#endif
}

static u64 there = 1;
static u8 *mapped;
static const void *hole;

/* As estp.ko exports them; NULL without it. */
static int (*fetch64)(const volatile void *from, u64 *value);
static int (*do_register)(struct module *owner, const void *page);
static int (*do_unregister)(struct module *owner, const void *page);

/* ---- Accesses ---------------------------------------------------------------------------- */

typedef void access_t(const void *from);

static u64 sink;

static noinline void nothing(const void *from)
{
	asm volatile("" : : "r"(from) : "memory");
}

static noinline void plain(const void *from)
{
	sink = READ_ONCE(*(const u64 *)from);
}

static noinline void by_page(const void *from)
{
	sink = own_load(from);
}

static noinline void by_fetch(const void *from)
{
	fetch64(from, &sink);
}

static noinline void by_nofault(const void *from)
{
	copy_from_kernel_nofault(&sink, from, sizeof(sink));
}

static long (*entry_load)(const void *from);

static noinline void by_entry(const void *from)
{
	sink = entry_load(from);
}

/* As FreeBSD's: a field of what current is, set before and cleared behind the access. */
static struct pcb {
	void *onfault;
} pcb;
static DEFINE_PER_CPU(struct pcb *, current_pcb);

static noinline void by_onfault(const void *from)
{
	struct pcb *p = this_cpu_read(current_pcb);

	WRITE_ONCE(p->onfault, by_onfault);
	barrier();
	sink = READ_ONCE(*(const u64 *)from);
	barrier();
	WRITE_ONCE(p->onfault, NULL);
}

static u64 batch(access_t *access, const void *from)
{
	unsigned long flags;
	u64 begin, end;
	int i;

	local_irq_save(flags);
	access(from);
	begin = now();
	for (i = 0; i < TIMES; i++)
		access(from);
	end = now();
	local_irq_restore(flags);
	return end - begin;
}

/* Instructions of one, less what calling it takes; rounded. */
static u64 cost(access_t *access, const void *from)
{
	u64 all = batch(access, from), empty = batch(nothing, from);

	return all > empty ? (all - empty + TIMES / 2) / TIMES : 0;
}

/* ---- Rows ----------------------------------------------------------------------------------- */

static struct row {
	const char *name;
	u64 size;		/* 0: none */
	u64 value;
} row[64];
static int row_nr;

static void tell(const char *name, u64 size, u64 value)
{
	if (row_nr < ARRAY_SIZE(row))
		row[row_nr++] = (struct row) { name, size, value };
}

/* One entry, so that no search is in it. */
static void measure_entry(const char *name)
{
	unsigned int all = THIS_MODULE->num_exentries;

	THIS_MODULE->num_exentries = 1;
	entry_load = (void *)many_entries;
	tell(name, 0, cost(by_entry, hole));
	THIS_MODULE->num_exentries = all;
}

static void measure_entries(void)
{
	unsigned int all = THIS_MODULE->num_exentries, n;

	for (n = 1; n <= MANY; n *= 10) {
		u64 sum = 0;
		int i;

		/* They lie in order of addresses: the first n are a table, too. */
		THIS_MODULE->num_exentries = min(n, all);
		for (i = 0; i < 16; i++) {
			entry_load = (void *)(many_entries + (u64)n * i / 16 * ENTRY_LEN);
			sum += cost(by_entry, hole);
		}
		tell("fault, exception table", n, sum / 16);
	}
	THIS_MODULE->num_exentries = all;
}

static int measure_pages(void)
{
	char *pages = many_pages;
	unsigned int n, nr = 0;
	int err;

	/* objtool wants no pointer into text that is not to be jumped to. */
	OPTIMIZER_HIDE_VAR(pages);
	for (n = 1; n <= MANY; n *= 10) {
		u64 sum = 0;
		int i;

		for (; nr < n; nr++) {
			err = do_register(THIS_MODULE, pages + nr * PAGE_SIZE);
			if (err)
				return err;
		}
		for (i = 0; i < 16; i++) {
			entry_load = (void *)(pages + (u64)n * i / 16 * PAGE_SIZE + 16);
			sum += cost(by_entry, hole);
		}
		tell("fault, kernel pages", n, sum / 16);
	}
	/* They stay until the module goes: each for itself would wait for a grace period. */
	tell("fault, copy_from_kernel_nofault, pages", MANY, cost(by_nofault, hole));
	return 0;
}

static int measure(void)
{
	int err;

	tell("plain load", 0, cost(plain, &there));
	tell("load, pcb_onfault-style stores", 0, cost(by_onfault, &there));
	entry_load = (void *)many_entries;
	tell("load, own exception table entry, called", 0, cost(by_entry, &there));
	tell("load, copy_from_kernel_nofault", 0, cost(by_nofault, &there));
	tell("fault, copy_from_kernel_nofault", 0, cost(by_nofault, hole));
	measure_entry("fault, own exception table entry");
	if (do_register) {
		err = do_register(THIS_MODULE, own_page);
		if (err)
			return err;
		tell("load, own kernel page, called", 0, cost(by_page, &there));
		tell("load, estp_fetch64", 0, cost(by_fetch, &there));
		tell("fault, own kernel page", 0, cost(by_page, hole));
		tell("fault, estp_fetch64", 0, cost(by_fetch, hole));
		measure_entry("fault, own exception table entry, beside own page");
		do_unregister(THIS_MODULE, own_page);
	}
	measure_entries();
	return do_register ? measure_pages() : 0;
}

static int show(struct seq_file *seq, void *unused)
{
	int i;

	for (i = 0; i < row_nr; i++)
		seq_printf(seq, "%s\t%llu\t%llu\n", row[i].name, row[i].size, row[i].value);
	return 0;
}

static void put_symbols(void)
{
	if (fetch64)
		symbol_put(estp_fetch64);
	if (do_register)
		symbol_put(__estp_kernel_register);
	if (do_unregister)
		symbol_put(__estp_kernel_unregister);
}

static int __init krncost_init(void)
{
	int err = -ENOMEM, cpu;

	for_each_possible_cpu(cpu)
		per_cpu(current_pcb, cpu) = &pcb;
	fetch64 = symbol_get(estp_fetch64);
	do_register = symbol_get(__estp_kernel_register);
	do_unregister = symbol_get(__estp_kernel_unregister);
	mapped = vmalloc(PAGE_SIZE);
	if (!mapped)
		goto failed;
	hole = mapped + PAGE_SIZE;
	err = measure();
	if (err)
		goto failed;
	if (!proc_create_single("krncost", 0444, NULL, show))
		err = -ENOMEM;
	if (!err)
		return 0;
failed:
	vfree(mapped);
	put_symbols();
	return err;
}

static void __exit krncost_exit(void)
{
	remove_proc_entry("krncost", NULL);
	vfree(mapped);
	put_symbols();
}

module_init(krncost_init);
module_exit(krncost_exit);
MODULE_DESCRIPTION("What kernel accesses cost that may fault");
MODULE_LICENSE("GPL");
