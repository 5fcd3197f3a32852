// SPDX-License-Identifier: GPL-2.0-only
/*
 * ESTP pages of kernel text: faults in kernel mode.
 *
 *   fault in the kernel
 *     arm64, x86: no way to resolve it -> fixup_exception()         ask match, set the pc
 *     may its page be brought in?      -> search_exception_tables() ask match, say "yes"
 *     arm64: external abort            -> do_sea()                  ask match, set the pc
 *
 * Assembler (arch/) is called before each of these.  It compares the pc with the hull of all
 * pages, and asks here if it lies inside; else the function goes on.
 *
 * One set (core/set.c) for all modules, changed under kernel_mutex, one slot at a time.
 * Readers come from anywhere, NMI included: they turn preemption off, which is what RCU
 * waits for, read the set, and nothing else: no lock, no memory of a page that faulted,
 * no user memory.  The pages' own text is read at registration only.
 */
#include <linux/extable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "../include/linux/estp.h"
#include "estp.h"
#include "commit.h"
#include "arch/arch.h"
#include "compat/compat.h"

static struct estp_set kernel_set;
static DEFINE_MUTEX(kernel_mutex);

module_param_named(kernel_pages, kernel_set.pages, ullong, 0444);
MODULE_PARM_DESC(kernel_pages, "pages of kernel text that are registered now");

/* ---- What a fault asks ----------------------------------------------------------------- */

/* Descriptors of pages have all causes but memory errors: one stands for all. */
#define SOME_CAUSE	ilog2(ESTP_CAUSE_SEGV)

/*
 * No pc outside [lo, lo + len) is on a page; the rest of the kernel's exception tables is.
 * It only ever widens, in the order that struct estp_index explains.
 */
struct estp_kernel_hull estp_kernel_hull = { .lo = ~0ul };

static void widen_hull(unsigned long key)
{
	unsigned long lo = estp_kernel_hull.lo, len = estp_kernel_hull.len;
	unsigned long end = max(len ? lo + len : 0, key + PAGE_SIZE);

	WRITE_ONCE(estp_kernel_hull.len, end - min(key, lo));
	smp_store_release(&estp_kernel_hull.lo, min(key, lo));
}

static notrace bool match(unsigned long pc, unsigned long *response)
{
	const struct estp_index *ix;
	const struct estp_page *page;
	struct estp_match found;
	bool hit = false;

	preempt_disable_notrace();
	ix = READ_ONCE(kernel_set.index);
	page = estp_index_page(ix, pc);
	if (unlikely(page))
		hit = estp_match(ix, page, pc, ESTP_FAULT, SOME_CAUSE, &found);
	preempt_enable_notrace();
	if (hit)
		*response = found.response;
	return hit;
}

/* fixup_exception(regs, trap, ...): does estp_kernel_fixed() answer in its place? */
notrace bool estp_kernel_fixup(struct pt_regs *regs, int trap)
{
	unsigned long response;

	if (!match(instruction_pointer(regs), &response))
		return false;
	if (likely(estp_arch_kernel_fault(trap)))
		estp_arch_divert(regs, response);
	return true;
}

/*
 * 1 is "goes on elsewhere"; 0 "cannot be helped", which is not the function's own to find
 * out: its tables have an entry for this pc, as far as we tell (below).
 */
notrace int estp_kernel_fixed(struct pt_regs *regs, int trap)
{
	return estp_arch_kernel_fault(trap);
}

/*
 * search_exception_tables(pc).  The page fault handlers ask before they wait for mmap_lock
 * or give up; so do kprobes, which then leave the instruction where it is.  Nobody looks
 * into the entry but fixup_exception(), which does not come that far, and x86's machine
 * check handler, for which this type is one that cannot be recovered.
 */
notrace bool estp_kernel_search(unsigned long pc)
{
	unsigned long response;

	return match(pc, &response);
}

notrace const struct exception_table_entry *estp_kernel_an_entry(void)
{
	static const struct exception_table_entry of_no_type;

	return &of_no_type;
}

/* do_sea(far, esr, regs) of arm64: estp_nothing_sent(), 0, is "settled". */
notrace bool estp_kernel_abort(unsigned long far, unsigned long esr, struct pt_regs *regs)
{
	unsigned long response;

	if (user_mode(regs) || !estp_arch_bus_error(esr) ||
	    !match(instruction_pointer(regs), &response))
		return false;
	estp_arch_divert(regs, response);
	return true;
}

/* ---- Registration ------------------------------------------------------------------------ */

#define MOVE_NR		256	/* slots between two offers to reschedule */

/* Scratch; too large for the stack. */
struct scratch {
	struct estp_sequence seq[ESTP_PAGE_COUNT_MAX];
	struct estp_item item[ESTP_PAGE_COUNT_MAX];
};

static int refuse(const struct module *owner, const void *page, int err, const char *why)
{
	/* Of what is no module's text, %pS has no name to tell, but the address. */
	if (owner && estp_module_text(owner, (unsigned long)page, 1))
		pr_err("%s: page %pS refused: %s\n", owner->name, page, why);
	else
		pr_err("%s: page %p refused: %s\n", owner ? owner->name : "?", page, why);
	return err;
}

static int refuse_part(const struct module *owner, const void *page,
		       const struct estp_reject *why)
{
	if (why->index == ESTP_IN_THE_HEADER)
		pr_err("%s: page %pS refused: %s %#llx: %s\n", owner->name, page,
		       estp_field_text(why->field), why->value, estp_reason_text(why->reason));
	else
		pr_err("%s: page %pS refused: descriptor %u: %s %#llx: %s\n", owner->name, page,
		       why->index, estp_field_text(why->field), why->value,
		       estp_reason_text(why->reason));
	return -ENOEXEC;
}

static struct estp_page *compile(const struct module *owner, const void *page,
				 struct scratch *scratch)
{
	struct estp_reject why = {};
	int i, nr;

	nr = estp_parse_page(&estp_rules, page, (unsigned long)page, scratch->seq, &why);
	if (nr < 0)
		return ERR_PTR(refuse_part(owner, page, &why));
	for (i = 0; i < nr; i++) {
		if (scratch->seq[i].selector != ESTP_FAULT)
			return ERR_PTR(refuse(owner, page, -EOPNOTSUPP,
					      "a descriptor is not FAULT, which is all that kernel pages have"));
		scratch->item[i] = (struct estp_item) { .seq = scratch->seq[i] };
	}
	return estp_page_make((unsigned long)page, scratch->item, nr, 0, kernel_set.gen, 0);
}

/* Not with a random multiplier, but where that one does not do: nobody who would harm us chooses where modules lie. */
static struct estp_index *alloc_index(u32 slots, bool draw)
{
	struct estp_index *ix = estp_index_alloc(slots);

	if (ix && !draw)
		ix->mult = ESTP_INDEX_MULT;
	return ix;
}

static bool has_room(u64 key)
{
	return estp_set_room(&kernel_set, 1) && estp_index_fits(kernel_set.index, key, NULL);
}

/* By one that has a place for the key, too; -EAGAIN: not with this multiplier. */
static int replace_index(u64 key, bool draw)
{
	struct estp_index *ix = alloc_index(estp_set_slots(&kernel_set, 1), draw);
	int done;
	u32 at;

	if (!ix)
		return -ENOMEM;
	kernel_set.next = ix;
	for (at = 0; !(done = estp_set_move(&kernel_set, at, MOVE_NR)); at += MOVE_NR)
		cond_resched();
	if (done < 0 || !estp_index_fits(ix, key, NULL)) {
		kernel_set.next = NULL;
		kvfree(ix);		/* no reader has seen it */
		return -EAGAIN;
	}
	ix = estp_set_moved(&kernel_set);
	synchronize_rcu();
	kvfree(ix);
	return 0;
}

/* Room for one more. */
static int make_room(u64 key)
{
	int err;

	if (has_room(key))
		return 0;
	err = replace_index(key, false);
	if (err == -EAGAIN)
		err = replace_index(key, true);
	return err == -EAGAIN ? -ENOMEM : err;
}

static int put(struct module *owner, struct estp_page *page)
{
	int err;

	/* Its pages have been taken back, or are about to be: estp_going() is after this. */
	if (owner->state == MODULE_STATE_GOING)
		return -EBUSY;
	if (estp_index_find(kernel_set.index, page->key))
		return -EEXIST;
	err = make_room(page->key);
	if (err)
		return err;
	page->refs = 1;
	widen_hull(page->key);
	estp_set_put(&kernel_set, page);
	return 0;
}

int __estp_kernel_register(struct module *owner, const void *addr)
{
	struct scratch *scratch;
	struct estp_page *page;
	int err;

	if (!owner || !PAGE_ALIGNED((unsigned long)addr))
		return refuse(owner, addr, -EINVAL,
			      owner ? "it is not aligned to a page" : "it is no module's");
	if (!estp_module_text(owner, (unsigned long)addr, PAGE_SIZE))
		return refuse(owner, addr, -EACCES, "it is not text of that module");

	scratch = kvmalloc(sizeof(*scratch), GFP_KERNEL);
	if (!scratch)
		return -ENOMEM;
	mutex_lock(&kernel_mutex);
	page = compile(owner, addr, scratch);
	err = PTR_ERR_OR_ZERO(page);
	if (!err) {
		err = put(owner, page);
		if (err)
			estp_page_free(page);
	}
	mutex_unlock(&kernel_mutex);
	kvfree(scratch);
	return err;
}
EXPORT_SYMBOL_GPL(__estp_kernel_register);

/*
 * Take pages out and free them when nobody can read them any more.  A reference of our own
 * keeps each meanwhile, in a chain by its first word for the host.
 */
static u32 unregister_range(unsigned long start, unsigned long end)
{
	struct estp_page *chain = NULL;
	unsigned long addr, slot;
	u32 nr = 0;

	mutex_lock(&kernel_mutex);
	for (addr = start; kernel_set.pages && addr < end; addr += PAGE_SIZE) {
		slot = estp_index_find(kernel_set.index, addr);
		if (slot) {
			struct estp_page *page = estp_slot_page(slot);

			estp_hold(&page->refs);
			estp_set_remove(&kernel_set, addr);
			page->rcu[0] = chain;
			chain = page;
			nr++;
		}
		cond_resched();
	}
	mutex_unlock(&kernel_mutex);
	if (nr)
		synchronize_rcu();
	while (chain) {
		struct estp_page *page = chain;

		chain = page->rcu[0];
		estp_page_free(page);
	}
	return nr;
}

int __estp_kernel_unregister(struct module *owner, const void *page)
{
	unsigned long addr = (unsigned long)page;

	if (!owner || !PAGE_ALIGNED(addr) || !estp_module_text(owner, addr, PAGE_SIZE))
		return -ENOENT;
	return unregister_range(addr, addr + PAGE_SIZE) ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(__estp_kernel_unregister);

/*
 * A module goes, after its exit function or a failed one for init: none of its code runs
 * any more, its text is still there.  Another module that is loaded there later must not
 * find what was this one's.
 */
static int on_module(struct notifier_block *block, unsigned long what, void *data)
{
	unsigned long start, end;

	if (what == MODULE_STATE_GOING) {
		estp_module_text_range(data, &start, &end);
		unregister_range(start, end);
	}
	return NOTIFY_DONE;
}

static struct notifier_block modules = { .notifier_call = on_module };

/* ---- Life --------------------------------------------------------------------------------- */

int estp_kernel_init(void)
{
	struct estp_index *ix = alloc_index(ESTP_INDEX_SLOT_MIN, false);
	int err;

	if (!ix)
		return -ENOMEM;
	estp_set_init(&kernel_set, ix);
	err = register_module_notifier(&modules);
	if (err)
		kvfree(ix);
	return err;
}

/* The hooks are gone, and with them all readers; modules with pages hold us. */
void estp_kernel_exit(void)
{
	unsigned long start, end;

	unregister_module_notifier(&modules);
	estp_module_text_range(THIS_MODULE, &start, &end);
	unregister_range(start, end);
	WARN_ON(kernel_set.pages);
	kvfree(kernel_set.index);
}
