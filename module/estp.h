/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * estp.ko: the objects, who owns them, and the order of locks.
 *
 *   struct estp_mm       one an address space that has registered, to its end
 *   struct estp_space    one that is registered
 *     set                its pages (core/set.c); readers under RCU
 *     threads            one struct estp_thread a task that shares it
 *
 * A space lives while anything refers to it: its mm, each of its threads, whoever is working
 * on it.  Each thread holds a reference to the module, so the module stays while any task can
 * call into it; an mm holds none.
 *
 * Lock order, outermost first:
 *
 *   mm->subscribe_mutex          its first registration
 *   space->register_mutex        registration, unregistration, taking down
 *   mmap_lock
 *   space->set_lock              changes of the set; also in the notifier callback
 *   estp_threads_lock (raw)      lists of threads and of mms, an mm's space; irqs off
 *
 * The set changes only with mmap_lock held (read or write) and set_lock; so fork, which
 * holds mmap_lock for writing, sees it stand still.
 */
#ifndef ESTP_MODULE_H
#define ESTP_MODULE_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "../core/core.h"

struct estp_mm {
	struct mm_struct *mm;			/* held until this is gone */
	struct mmu_interval_notifier notifier;
	struct estp_space __rcu *space;		/* threads_lock to change; NULL: nothing is registered */
	struct mutex subscribe_mutex;
	bool subscribed;			/* the notifier is in place; subscribe_mutex */
	bool released;				/* the address space is at its end */
	bool gone;				/* found by nobody; threads_lock to set */
	atomic_t spaces;			/* not freed yet; one in use waits for one taken down (space.c) */
	refcount_t refs;			/* being found, its space, each queued look, whoever works on it */
	struct hlist_node by_mm;
	struct delayed_work look;
	struct rcu_head rcu;
};

struct estp_space {
	struct estp_set set;			/* first: the switch path reads it */
	bool dead;				/* taken down; threads_lock to set */

	struct estp_mm *of;
	struct mm_struct *mm;			/* of->mm: only a key once this is dead */
	struct mutex register_mutex;
	spinlock_t set_lock;
	/* Pages being read by a registration; hit: some were unmapped meanwhile. */
	unsigned long watch_start, watch_end;
	bool watch_hit;
	bool covered;				/* its threads are; register_mutex */

	refcount_t refs;
	struct list_head threads;
	struct rcu_head rcu;
	struct work_struct free;		/* after a grace period, if it is large */
	struct callback_head reap;		/* in the last task that leaves */
	atomic_t reaped;			/* that is queued, or was */

	u64 swept;			/* set.changes before the last sweep; register_mutex */
	atomic64_t diversions[ESTP_SELECTOR_NR];
	atomic64_t fences;
};

#define ESTP_NO_PC	(~0ul)	/* no user address */

enum estp_thread_state {
	ESTP_THREAD_COMING,	/* its attach work is queued */
	ESTP_THREAD_ATTACHED,	/* its preempt notifier is in place */
	ESTP_THREAD_GOING,	/* off the lists; freed with its last work */
};

struct estp_thread {
	struct preempt_notifier notifier;
	struct estp_space *space;
	struct task_struct *task;	/* alive while this is on space->threads */
	bool due;			/* PREEMPTION found at sched_out or by a fence: at any moment of its task */
	bool due_queued;		/* due_work is queued; own task, irqs off or IPI */
	bool detached;			/* due_work holds the reference of being attached */
	bool no_fault;			/* the next forced signal is no instruction's */
	enum estp_thread_state state;	/* threads_lock */
	refcount_t refs;		/* being listed, being attached, each admin_work queued */
	struct callback_head due_work;
	struct callback_head admin_work;	/* attach or detach, queued by others */
	struct list_head in_space;
	struct hlist_node by_task;
	struct rcu_head rcu;
	struct mm_struct *doomed;	/* a fork whose set could not be copied */
	struct {
		int sig;
		struct kernel_siginfo *info;	/* its frame is not written yet */
	} delivering;			/* where that is two moments; interrupt.c */
	struct {
		unsigned long pc;	/* or ESTP_NO_PC */
		u64 changes;		/* of the set, when it was asked */
		int cause;
		struct estp_match match;
	} expected;			/* what unhandled_signal() has found out; fault.c */
	struct {
		unsigned long pc;	/* or ESTP_NO_PC */
		u64 changes;
		u64 response;
	} left;				/* where it was when sched_out looked; preempt.c */
	u64 seen;			/* the set's changes that sched_in has heard of; preempt.c */
	unsigned long settled;		/* the stay off its CPU in which sched_out or a tracer has said where to go on */
};

#define ESTP_SCAN_NR	128	/* slots and entries looked at under one hold of set_lock */

/*
 * estp_reader_pause() - has an RCU reader looked at so many that others should have a turn?
 *
 * True if @nr is a multiple of ESTP_RELAX_NR but 0; then it has not been one for a moment, and what
 * it had found may have gone, unless something else keeps it. Context: may sleep, but for that.
 * cond_resched_rcu() would not do: it relies on preemption where RCU's readers can be preempted,
 * which a kernel that was booted with preempt=none makes no use of.
 */
static inline bool estp_reader_pause(u32 nr)
{
	if (!nr || nr % ESTP_RELAX_NR)
		return false;
	rcu_read_unlock();
	cond_resched();
	rcu_read_lock();
	return true;
}

extern const struct estp_rules estp_rules;

/* ---- mm.c: address spaces that have registered ---------------------------------- */

/* Space of an mm, counted, or NULL.  @mm is only a key. */
struct estp_space *estp_space_get(const void *mm);
/* From here on it is found so; false if its mm has a space already, or is gone. */
bool estp_space_publish(struct estp_space *space);
/* Its threads are nobody's from here on; then, when they are off the lists, the end of being found. */
void estp_space_kill(struct estp_space *space);
void estp_space_unpublish(struct estp_space *space);
/* Something went: soon see if anything is left, else take the space down; at the end, the mm. */
void estp_mm_settle(struct estp_mm *mm);
/* Its address space is at its end, and it has no space: let go of it now, or soon.  May sleep. */
void estp_mm_end(struct estp_mm *mm);
/*
 * The caller's, found or made, told of what is unmapped from here on; counted.  -EEXIST: again.
 * May sleep, and begins anew after a signal.
 */
struct estp_mm *estp_mm_subscribe(struct mm_struct *mm);
/* Of a fork's new mm, which nobody else knows yet.  NULL without memory. */
struct estp_mm *estp_mm_subscribe_new(struct mm_struct *mm);
void estp_mm_put(struct estp_mm *mm);
int estp_mms_init(void);
void estp_mms_exit(void);
extern struct workqueue_struct *estp_wq;

/* ---- space.c: registered ones ----------------------------------------------------- */

void estp_space_put(struct estp_space *space);
/* The caller's space, made if need be; with register_mutex held.  May sleep. */
struct estp_space *estp_space_lock_current(bool create);
void estp_space_unlock_put(struct estp_space *space);
/* With an empty set, or a copy of @from.  Takes over @ix; if that is NULL it fails. */
struct estp_space *estp_space_alloc(struct estp_mm *mm, struct estp_index *ix,
				    const struct estp_set *from);
/* If nothing is in force any more; else, or if that cannot be said now, it may be asked again.  May sleep. */
void estp_space_try_take_down(struct estp_space *space);
/* The last task of a released space leaves: it takes it down on its way. */
void estp_space_reap(struct estp_space *space);
bool estp_spaces_exist(void);

/* ---- unmap.c: what goes ------------------------------------------------------------ */

/* The pages of this range leave the set.  Context: the notifier's, which may be forbidden to block. */
void estp_space_unmap(struct estp_space *space, unsigned long start, unsigned long end,
		      bool may_block);
/* Take out what serves nothing any more.  With register_mutex and mmap_lock held. */
void estp_space_sweep(struct estp_space *space);
/* The same, with register_mutex held; false, and nothing done, if mmap_lock is busy. */
bool estp_space_try_sweep(struct estp_space *space);
/* Pages of code, that is, which may have ended all the same: a sweep tells. */
bool estp_space_has_code(struct estp_space *space);

/* ---- memory.c: what core/ leaves to its host ------------------------------------- */

/*
 * estp_array_alloc() - room for @nr times @size bytes during a call
 *
 * Not zeroed. NULL without memory, which is not in the log. To be freed by kvfree().
 * Context: may sleep. Unlike kvmalloc_array(), it lets others run where it is large (LIFE-14).
 */
void *estp_array_alloc(size_t nr, size_t size);
struct estp_page *estp_page_alloc(size_t bytes);
void estp_page_free(struct estp_page *page);	/* never published */
struct estp_index *estp_index_alloc(u32 slots);
/* Not initialised: for estp_set_copy(). */
struct estp_index *estp_index_alloc_raw(u32 slots);
void estp_index_free(struct estp_index *ix);	/* after a grace period */
int estp_memory_init(void);
void estp_memory_exit(void);

/* ---- threads.c: tasks of an address space ----------------------------------------- */

extern raw_spinlock_t estp_threads_lock;

/* Cover every task that shares the space's mm.  May sleep. */
int estp_threads_cover(struct estp_space *space);
/* Take a dead space's threads off it; each detaches itself on its way out. */
void estp_threads_release(struct estp_space *space);
void estp_thread_put(struct estp_thread *thread);
/* Fork: cover a task that has not run yet. */
void estp_fork_thread(struct task_struct *task, unsigned long clone_flags);
/* Exec and exit: current is in the address space no more. */
void estp_thread_leave(void);
/* The child that current is forking into @mm has no set: it must not run. */
void estp_thread_doom(struct mm_struct *mm);

/* ---- preempt.c ---------------------------------------------------------------------- */

extern const struct preempt_ops estp_preempt_ops;
DECLARE_PER_CPU(struct estp_space *, estp_running);

/* A space has been counted: the scheduler tells of switches.  May sleep. */
void estp_preempt_watch(void);
/* The last has gone: a while later it does not, unless there is another by then.  Any context. */
void estp_preempt_unwatch(void);
void estp_preempt_exit(void);
/* Attach current: from here on its switches are seen.  Counts as a preemption. */
void estp_preempt_attach(struct estp_thread *thread);
void estp_preempt_detach(struct estp_thread *thread);
void estp_preempt_work(struct callback_head *work);
/* A preemption of current now, wherever its pc is; irqs off. */
void estp_preempt_mark(struct estp_thread *thread);
/* Apply PREEMPTION to current's pc; preemption or irqs off. */
void estp_preempt_apply(struct estp_thread *thread, struct pt_regs *regs);
/* Is this signal a trap's own SIGTRAP, by which a debugger works? */
bool estp_is_trap(int sig, int code);

/**
 * estp_current() - current's attachment, or NULL
 *
 * Context: any in which current is the task in question.  An unattached task costs
 * one load and one branch.  Outside system calls an attached task has the space's mm:
 * it leaves at the end of exec, and in exit.
 */
static __always_inline struct estp_thread *estp_current(void)
{
	struct preempt_notifier *notifier;

	hlist_for_each_entry(notifier, &current->preempt_notifiers, link) {
		struct estp_thread *thread;

		if (notifier->ops != &estp_preempt_ops)
			continue;
		thread = container_of(notifier, struct estp_thread, notifier);
		if (likely(!READ_ONCE(thread->space->dead)))
			return thread;
	}
	return NULL;
}

/**
 * estp_space_match() - does an event of current divert?
 *
 * Context: preemption or irqs off, or an RCU read-side section.
 */
static inline bool estp_space_match(const struct estp_space *space, unsigned long pc,
				    u8 selector, u8 cause, struct estp_match *match)
{
	const struct estp_index *ix = READ_ONCE(space->set.index);
	const struct estp_page *page = estp_index_page(ix, pc);

	return page && estp_match(ix, page, pc, selector, cause, match);
}


/* ---- fork.c, interrupt.c, fence.c, control.c, register.c, device.c ------------------- */

void estp_signal_deliver(void *data, int sig, struct kernel_siginfo *info, struct k_sigaction *ka);
void estp_signal_frame(void);

int estp_fence(unsigned long cpu_plus_one);

/* In place of madvise(2) for our advice values; drops a module reference. */
long estp_madvise(struct pt_regs *regs);

int estp_register(unsigned long start, unsigned long end);
int estp_unregister(unsigned long start, unsigned long end);

/* Fork: give @new the set of @old, whose mmap_lock is held for writing. */
void estp_fork_mm(struct mm_struct *old, struct mm_struct *new);

/* ---- kernel.c, access.c: pages of kernel text ---------------------------------------- */

int estp_kernel_init(void);
void estp_kernel_exit(void);	/* the hooks are removed */
int estp_access_init(void);	/* the hooks are installed */

int estp_device_init(void);
void estp_device_exit(void);

extern unsigned int estp_max_pages;
extern unsigned long estp_max_bytes;

#endif /* ESTP_MODULE_H */
