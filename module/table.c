// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registration of a table: sequences that stand inline in ordinary code.
 *
 *   read      header and entries, into our memory; may fault
 *   judge     entry by entry: is its code mapped, executable, in one mapping; its fields;
 *             then the table as a whole: no key twice, nothing masked leaks
 *   spread    each entry to the code pages that its span touches, its response's page
 *   merge     with what those pages have already; an entry of the same key is replaced, and
 *             if it spans several pages hands its token on: whoever still reads an old page
 *             must not find the sequence ended
 *
 * From judging to the end mmap_lock is held, so that the code stays what it was found
 * to be.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "estp.h"
#include "compat/compat.h"
#include "commit.h"

/* In estp_item.wide while items are being merged: item of the new table, by number. */
#define WIDE_NEW	BIT_ULL(63)

#define RESPONSE_ONLY	U32_MAX

/* Item @item touches code page @page; RESPONSE_ONLY: a response stands there. */
struct touch {
	u64 page;
	u32 item;
};

struct table {
	struct estp_space *space;
	struct estp_table head;
	struct estp_entry *entry;
	struct estp_item *item;		/* in match order; wide: table index, then token */
	void *scratch;
	u32 nr;
	struct touch *touch;
	u32 touch_nr;
	u64 gen;
	struct estp_batch batch;
};

/* ---- Reading ------------------------------------------------------------------------ */

/* All of [start, start + len) mapped, else -ENOMEM; and readable, else -EACCES. */
static int check_readable(unsigned long start, unsigned long len)
{
	unsigned long at = start, end;
	int err = 0;

	if (check_add_overflow(start, len, &end))
		return -ENOMEM;
	if (mmap_read_lock_killable(current->mm))
		return -ERESTARTNOINTR;
	while (at < end) {
		struct vm_area_struct *vma = vma_lookup(current->mm, at);

		if (!vma) {
			err = -ENOMEM;
			break;
		}
		if (!(vma->vm_flags & VM_READ))
			err = -EACCES;
		at = vma->vm_end;
	}
	mmap_read_unlock(current->mm);
	return err;
}

static int read_user(void *to, unsigned long from, size_t len)
{
	int err = check_readable(from, len);
	size_t done, nr;

	/* Page by page: the kernel would copy all of it at a stretch. */
	for (done = 0; done < len && !err; done += nr) {
		nr = min(len - done, PAGE_SIZE);
		if (copy_from_user(to + done, (void __user *)from + done, nr))
			err = -EFAULT;
		cond_resched();
	}
	return err;
}

static int read_table(struct table *t, unsigned long addr, bool longer)
{
	struct estp_reject why = {};
	int nr, err = read_user(&t->head, addr, sizeof(t->head));

	if (err)
		return err;
	nr = estp_parse_table(&estp_rules, &t->head, &why);
	if (nr < 0 || longer) {
		if (nr >= 0)
			why = (struct estp_reject) {
				.reason = ESTP_BAD_LAYOUT, .field = ESTP_FIELD_METADATA,
				.index = ESTP_IN_THE_HEADER, .value = t->head.metadata,
			};
		estp_tell(addr, &why);
		return -ENOEXEC;
	}
	t->nr = nr;
	t->entry = estp_array_alloc(nr, sizeof(*t->entry));
	t->item = estp_array_alloc(nr, sizeof(*t->item));
	t->scratch = estp_array_alloc(1, estp_rule_scratch(nr));
	if (!t->entry || !t->item || !t->scratch)
		return -ENOMEM;
	return read_user(t->entry, t->head.entries, nr * sizeof(*t->entry));
}

/* ---- Judging ---------------------------------------------------------------------------- */

static bool wraps(u64 base, s32 off)
{
	return off < 0 ? base < -(s64)off : base > U64_MAX - off;
}

/* mmap_lock held.  The span's one mapping, the response in it, executable. */
static int check_code(const struct table *t, const struct estp_entry *e,
		      struct vm_area_struct **cached)
{
	unsigned long start = estp_entry_start(&t->head, e), end, at;
	unsigned long response = estp_entry_response(&t->head, e);
	struct vm_area_struct *vma = *cached, *its;

	if (wraps(t->head.base, e->start) || wraps(t->head.base, e->response) ||
	    check_add_overflow(start, (unsigned long)max(e->length, 1u), &end))
		return -ENOMEM;
	if (!vma || start < vma->vm_start || start >= vma->vm_end)
		vma = vma_lookup(current->mm, start);
	if (!vma)
		return -ENOMEM;
	for (its = vma, at = vma->vm_end; at < end; at = its->vm_end) {
		its = vma_lookup(current->mm, at);
		if (!its)
			return -ENOMEM;
		cond_resched();
	}
	if (response >= vma->vm_start && response < vma->vm_end) {
		*cached = vma;
		return end <= vma->vm_end && estp_vma_has_code(vma) ? 0 : -EACCES;
	}
	return vma_lookup(current->mm, response) ? -EACCES : -ENOMEM;
}

static int judge_entry(struct table *t, u32 i, struct vm_area_struct **vma,
		       struct estp_reject *why)
{
	const struct estp_entry *e = &t->entry[i];
	int err = check_code(t, e, vma);

	if (err)
		return err;
	if (estp_parse_entry(&estp_rules, &t->head, e, i, &t->item[i].seq, why))
		return -ENOEXEC;
	if (e->response_len > (*vma)->vm_end - t->item[i].seq.response) {
		*why = (struct estp_reject) {
			.reason = ESTP_BAD_RESPONSE_LEN, .field = ESTP_FIELD_RESPONSE_LEN,
			.index = i, .value = e->response_len,
		};
		return -ENOEXEC;
	}
	t->item[i].wide = i;
	return 0;
}

/*
 * Items [0, nr) in match order, so equal keys side by side: the first entry, by table
 * index, whose key has come before.
 */
static bool find_duplicate(const struct table *t, u32 nr, struct estp_reject *why)
{
	u64 first = 0, worst = U64_MAX;	/* first: lowest index of the key so far */
	u32 i;

	for (i = 0; i < nr; i++) {
		u64 index = t->item[i].wide;

		estp_relax(i);
		if (i && estp_same_key(&t->item[i - 1].seq, &t->item[i].seq)) {
			worst = min(worst, max(first, index));
			first = min(first, index);
		} else {
			first = index;
		}
	}
	if (worst == U64_MAX)
		return false;
	*why = (struct estp_reject) {
		.reason = ESTP_DUPLICATE, .field = ESTP_FIELD_START, .index = worst,
		.value = t->entry[worst].start,
	};
	return true;
}

static int judge(struct table *t, unsigned long addr)
{
	struct vm_area_struct *vma = NULL;
	struct estp_reject why = {}, twice;
	u32 i, offender;
	int err = 0;

	for (i = 0; i < t->nr && !err; i++) {
		err = judge_entry(t, i, &vma, &why);
		estp_relax(i);
	}
	if (err)
		i--;
	/* A key twice before the entry that failed comes first in table order. */
	estp_sort(t->item, i);
	if (find_duplicate(t, i, &twice)) {
		why = twice;
		err = -ENOEXEC;
	}
	if (!err && !estp_rule_check(t->item, t->nr, t->scratch, &offender)) {
		why = (struct estp_reject) {
			.reason = ESTP_LEAK, .field = ESTP_FIELD_RESPONSE,
			.index = t->item[offender].wide,
			.value = t->item[offender].seq.response,
		};
		err = -ENOEXEC;
	}
	if (err == -ENOEXEC)
		estp_tell(addr, &why);
	return err;
}

/* ---- Spreading over pages ----------------------------------------------------------------- */

static u64 first_page(const struct estp_sequence *seq)
{
	return seq->start & PAGE_MASK;
}

static u64 last_page(const struct estp_sequence *seq)
{
	return (seq->start + seq->length - 1) & PAGE_MASK;
}

static u64 response_last_page(const struct estp_sequence *seq)
{
	return (seq->response + max(seq->response_len, (u16)1) - 1) & PAGE_MASK;
}

static bool touch_before(const void *base, u32 a, u32 b)
{
	const struct touch *touch = base;

	if (touch[a].page != touch[b].page)
		return touch[a].page < touch[b].page;
	return touch[a].item < touch[b].item;
}

static void touch_swap(void *base, u32 a, u32 b)
{
	struct touch *touch = base;

	swap(touch[a], touch[b]);
}

static int spread(struct table *t)
{
	u64 copies = 0, total = 0, page;
	u32 i, n = 0;

	for (i = 0; i < t->nr; i++) {
		const struct estp_sequence *seq = &t->item[i].seq;
		u64 pages = (last_page(seq) - first_page(seq)) / PAGE_SIZE + 1;

		estp_relax(i);
		copies += pages;
		total += pages + (response_last_page(seq) - (seq->response & PAGE_MASK)) /
				 PAGE_SIZE + 1;
		if (pages > estp_max_pages ||
		    copies > estp_max_bytes / sizeof(struct estp_code))
			return -ENOSPC;
		/* From here on: the token, if it needs one. */
		t->item[i].wide = pages > 1 ? ++t->space->set.wide_last : 0;
	}

	t->touch = estp_array_alloc(total, sizeof(*t->touch));
	if (!t->touch)
		return -ENOMEM;
	for (i = 0; i < t->nr; i++) {
		const struct estp_sequence *seq = &t->item[i].seq;

		estp_relax(i);
		for (page = first_page(seq); page <= last_page(seq); page += PAGE_SIZE) {
			t->touch[n++] = (struct touch) { .page = page, .item = i };
			estp_relax(n);
		}
		page = seq->response & PAGE_MASK;
		if (!t->item[i].wide && page == first_page(seq))
			page += PAGE_SIZE;
		for (; page <= response_last_page(seq); page += PAGE_SIZE)
			t->touch[n++] = (struct touch) { .page = page, .item = RESPONSE_ONLY };
	}
	t->touch_nr = n;
	estp_heap_sort(&(struct estp_heap) {
		.base = t->touch, .before = touch_before, .exchange = touch_swap }, n);
	return 0;
}

/* ---- Merging ------------------------------------------------------------------------------- */

/* Keep of an old page what is in force; returns how many. */
static u32 keep_old(const struct table *t, unsigned long old, struct estp_item *item)
{
	const struct estp_index *ix = t->space->set.index;	/* register_mutex keeps it */
	const struct estp_page *page = estp_slot_page(old);
	u32 i, n = 0;

	if (!old || (old & ESTP_SLOT_VOID))
		return 0;
	/* mmap_lock keeps this page; others are passed on the way, and may be going. */
	rcu_read_lock();
	for (i = 0; i < estp_page_entries(page); i++) {
		estp_reader_pause(i);
		item[n].wide = estp_set_sequence(ix, page, i, &item[n].seq);
		if (estp_set_alive(ix, page, i))
			n++;
		else
			estp_end_token(t->space, item[n].wide);
	}
	rcu_read_unlock();
	return n;
}

/*
 * In match order an old entry stands beside the new one of its key.  Drop the old, and
 * keep its token; the first page of the span is merged first, so all pages agree.
 */
static u32 drop_replaced(struct table *t, struct estp_item *item, u32 nr)
{
	u32 i, n = 0;

	for (i = 0; i < nr; i++) {
		struct estp_item *other = NULL;

		estp_relax(i);
		if (i + 1 < nr && estp_same_key(&item[i].seq, &item[i + 1].seq))
			other = &item[i + 1];
		if (!(item[i].wide & WIDE_NEW) && i &&
		    estp_same_key(&item[i].seq, &item[i - 1].seq))
			other = &item[i - 1];
		if (item[i].seq.layout == ESTP_LAYOUT_TABLE && !(item[i].wide & WIDE_NEW) &&
		    other && other->wide & WIDE_NEW) {
			if (item[i].wide)
				t->item[other->wide & ~WIDE_NEW].wide = item[i].wide;
			continue;
		}
		item[n++] = item[i];
	}
	return n;
}

/* One code page: touch[0 .. nr) are all of it, RESPONSE_ONLY last. */
static int merge_page(struct table *t, const struct touch *touch, u32 nr)
{
	u64 addr = touch->page;
	unsigned long old = estp_batch_find(&t->batch, addr);
	u32 old_nr = old ? estp_page_entries(estp_slot_page(old)) : 0, n, i;
	struct estp_page *page;
	struct estp_item *item;
	u16 flags = 0;

	item = estp_array_alloc(old_nr + nr + 1, sizeof(*item));
	if (!item)
		return -ENOMEM;
	n = keep_old(t, old, item);
	for (i = 0; i < nr; i++) {
		estp_relax(i);
		if (touch[i].item == RESPONSE_ONLY) {
			flags = ESTP_PAGE_RESPONSES;
			break;
		}
		item[n] = t->item[touch[i].item];
		item[n++].wide = WIDE_NEW | touch[i].item;
	}
	estp_sort(item, n);
	n = drop_replaced(t, item, n);
	for (i = 0; i < n; i++) {
		estp_relax(i);
		if (item[i].wide & WIDE_NEW)
			item[i].wide = t->item[item[i].wide & ~WIDE_NEW].wide;
	}

	page = estp_page_make(addr, item, n, old, t->gen, flags);
	kvfree(item);
	if (IS_ERR(page))
		return PTR_ERR(page);
	estp_batch_add(&t->batch, page);
	return 0;
}

static int add_tokens(struct table *t)
{
	u32 i;

	for (i = 0; i < t->nr; i++) {
		struct estp_page *token;

		estp_relax(i);
		if (!t->item[i].wide)
			continue;
		token = estp_page_alloc(ESTP_PAGE_BYTES(0, 0));
		if (!token)
			return -ENOMEM;
		estp_token_build(token, t->item[i].wide, &t->item[i].seq);
		estp_batch_add(&t->batch, token);
	}
	return 0;
}

/* mmap_lock held. */
static int install(struct table *t)
{
	u32 from = 0, to;
	int err = spread(t);

	while (!err && from < t->touch_nr) {
		for (to = from + 1; to < t->touch_nr; to++) {
			if (t->touch[to].page != t->touch[from].page)
				break;
			estp_relax(to);
		}
		err = merge_page(t, &t->touch[from], to - from);
		from = to;
		/* Not worth going on: responses alone may reach over many more pages. */
		if (!err && t->batch.new_pages > READ_ONCE(estp_max_pages))
			err = -ENOSPC;
		if (fatal_signal_pending(current))
			err = -ERESTARTNOINTR;
		cond_resched();
	}
	/* Tokens last, so that they are first in the chain: before whoever names them. */
	if (!err)
		err = add_tokens(t);
	if (!err && estp_batch_over_limit(&t->batch))
		err = -ENOSPC;
	if (!err)
		err = estp_batch_commit(&t->batch);
	return err;
}

int estp_register_table(struct estp_space *space, unsigned long addr, bool longer, u32 *count)
{
	struct table t = { .space = space, .batch.space = space };
	int err = read_table(&t, addr, longer);

	if (err)
		goto out;
	err = -ERESTARTNOINTR;
	if (mmap_read_lock_killable(current->mm))
		goto out;
	/* Before any look at what is in force: what ends from here on is seen to end. */
	t.gen = estp_set_gen(&space->set);
	err = judge(&t, addr);
	if (!err)
		err = install(&t);
	mmap_read_unlock(current->mm);
	*count = t.nr;
out:
	estp_batch_discard(&t.batch);
	kvfree(t.touch);
	kvfree(t.scratch);
	kvfree(t.item);
	kvfree(t.entry);
	return err;
}
