/* SPDX-License-Identifier: MIT */
/*
 * estp/percpu.h - per-CPU data, without atomic instructions
 *
 *	estp_cpu_t cpu;
 *	intptr_t *hits = estp_percpu_alloc(sizeof(*hits), 0);
 *
 *	if (estp_cpu(&cpu) || !hits)
 *		... this program must do without
 *	estp_add(hits, 1, cpu);		// 3 instructions, exact whatever happens
 *
 * A per-CPU pointer is the address for CPU 0; CPU i's is i << ESTP_PERCPU_SHIFT further:
 *
 *	  PROT_NONE   PROT_NONE    CPU 0       CPU 1       ...
 *	|-----------|-----------|-----------|-----------|---
 *	                         ^ p         ^ estp_percpu_of(p, 1)
 *
 * A token, estp_cpu_t, says where a thread finds the number of the CPU it is on.  It is
 * what keeps an operation from running unprotected: without the sequences of this object
 * being registered there is none to be had, and a thread that has no number finds -1
 * there, hence PROT_NONE, and the cold path, which gets it one.
 *
 * Every operation is a sequence whose last instruction is its only effect: its commit.  If
 * the thread is preempted, migrated or signalled before that, it begins anew.  So it is
 * atomic with respect to whatever else runs on this CPU, signal handlers of the thread
 * itself included, and only to that: a CPU's data is for operations on that CPU.
 *
 * They come in two flavours.  *This CPU's* take a per-CPU pointer and find the place
 * themselves.  Those with a `number` take a plain pointer, that of CPU `number`
 * (estp_percpu_of()), and do nothing, -EAGAIN, if the thread is not there any more; for
 * what is worked out from a CPU's data before:
 *
 *	do {
 *		number = estp_cpu_number(cpu);
 *		if (number < 0)
 *			return number;
 *		v = estp_percpu_of(max, number);
 *		old = *v;
 *		error = old >= n ? 0 : estp_compare_store(v, old, n, number, cpu);
 *	} while (error == 1 || error == -EAGAIN);
 *
 * To other CPUs, which do not take part in a sequence's order, a commit that is a release
 * publishes what was stored before it, and the loads of what is compared with an expected value are
 * acquires: a lock may be given back from elsewhere, by a release, and is then taken with all that it guards.
 *
 * Results of all: 0, done; 1, something was not as it should be, nothing done; -EAGAIN, see
 * above; -EFAULT, a pointer that cannot be read or written; -ENXIO, this thread has no CPU
 * number and can get none; -EINVAL, the token is none.  Nothing is done on any error.
 * Where `number` is one of estp_cpu_number()'s errors, the result is that error.
 *
 * They may be called anywhere, signal handlers included, leave errno alone, and are
 * system calls only on a thread's very first operation, and then only where its C library
 * has not given it a number.  Needs -lestp for estp_cpu() and the cold path.
 */
#ifndef ESTP_PERCPU_H
#define ESTP_PERCPU_H

#include <stddef.h>

#include <estp/fence.h>
#include <estp/object.h>
#include <estp/sequence.h>
#include <estp/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* From one CPU's to the next one's: 1 MiB. */
#define ESTP_PERCPU_SHIFT	20

/*
 * Where the number is, from the thread pointer.  By value; good in all threads of the
 * process and, after fork, in the child's; for operations of the object that took it only.
 */
typedef struct {
	ptrdiff_t offset;
#ifdef ESTP_DEBUG
	const int *object;		/* who took it: operations trap in another one */
#endif
} estp_cpu_t;

/* A link in a per-CPU list, inside whatever is listed; and the head of the list. */
struct estp_link {
	struct estp_link *next;
};
struct estp_head {
	struct estp_link *first;
};

/* What a sequence came to. */
enum {
	ESTP_DONE_,
	ESTP_MISMATCH_,
	ESTP_MOVED_ = -EAGAIN,
	ESTP_FAULTED_ = 2
};

/* What a token's number is. */
enum {
	ESTP_BY_CPU_,
	ESTP_BY_CID_
};

#include ESTP_ISA_PERCPU_H_

/* The library's; by the inline functions below only. */
ESTP_EXPORT int estp_cpu_find_(int by, ptrdiff_t *offset);
ESTP_EXPORT __attribute__((cold)) int estp_cpu_faulted_(ptrdiff_t offset);

/**
 * estp_percpu_alloc() - memory of each CPU's own
 * @size: bytes a CPU, 1 to 1 << ESTP_PERCPU_SHIFT; rounded up to 64
 * @align: a power of two up to that, or 0 for 64
 *
 * Zeroed.  No two CPUs' share 64 bytes, a cache line mostly, nor do two allocations'.  It is for each CPU
 * that this machine can ever have; what a CPU does not touch takes no memory.
 *
 * Thread-safe; not for signal handlers.  Leaves errno alone.  Does not call malloc().
 *
 * Return: a per-CPU pointer; NULL, there is no memory, or @size or @align is out of range.
 * Source: SPEC CPU-6.
 */
ESTP_EXPORT void *estp_percpu_alloc(size_t size, size_t align)
	__attribute__((malloc));

/**
 * estp_percpu_atfork() - call pthread_atfork() for estp_percpu_alloc()'s lock now
 *
 * A constructor does that, so that fork(2) takes this lock behind those of handlers registered later.  An
 * allocator that calls estp_percpu_alloc() or estp_percpu_free() under a lock that its own handlers take,
 * and may register these before any constructor (at its first malloc()), calls this right before.
 *
 * Any thread; not for signal handlers.  Only the first call does anything; it may call malloc().
 *
 * Return: 0; -ENOMEM, as pthread_atfork().
 * Source: SPEC CPU-6.
 */
ESTP_EXPORT int estp_percpu_atfork(void);

/**
 * estp_percpu_free() - give it back
 * @p: from estp_percpu_alloc(), or NULL
 *
 * No operation on it may be going on, nor come.  Where operations find it within their sequence
 * (estp_deref_add(), @v2 of estp_compare2_store()), take it out of reach, then estp_fence().  A pointer that a
 * thread has loaded before the sequence no fence takes from it: wait for all that may have it.
 * Thread-safe; not for signal handlers.  Leaves errno alone.
 */
ESTP_EXPORT void estp_percpu_free(void *p);

/**
 * estp_percpu_nr() - how many CPUs this machine can ever have
 *
 * Numbers, mm_cids too, are below it.  Anywhere but in signal handlers.  Return: 1 or more.
 */
ESTP_EXPORT int estp_percpu_nr(void);

/**
 * estp_percpu_of() - a CPU's own
 * @p: a per-CPU pointer
 * @number: 0 to estp_percpu_nr() - 1
 *
 * Return: an ordinary pointer.
 */
static inline void *estp_percpu_of(const void *p, int number)
{
	return (void *)((uintptr_t)p + ((uintptr_t)(intptr_t)number << ESTP_PERCPU_SHIFT));
}

static inline int estp_cpu_take_(int by, estp_cpu_t *cpu)
{
	int error = estp_object_error();

	cpu->offset = ESTP_NO_CPU_;
#ifdef ESTP_DEBUG
	cpu->object = &estp_object_error_;
#endif
	return error ? error : estp_cpu_find_(by, &cpu->offset);
}

/**
 * estp_cpu() - a token, for indexing by CPU number
 * @cpu: where to put it
 *
 * On an error it is one with which every operation fails or dies of SIGSEGV.  Once is
 * enough for an object.  Leaves errno alone.  Thread-safe; not for signal handlers.
 *
 * Return: 0; what estp_object_error() says of this object: -EAGAIN, its constructor has
 * not run yet, -ENOSYS, the kernel has no ESTP, and so on; -ENXIO, this thread has no CPU
 * number and can get none: the kernel refuses rseq, or somebody else has taken it.
 * Source: SPEC CPU-1 to CPU-3.
 */
static inline int estp_cpu(estp_cpu_t *cpu)
{
	return estp_cpu_take_(ESTP_BY_CPU_, cpu);
}

/**
 * estp_cid() - a token, for indexing by memory-map concurrency id
 * @cpu: where to put it
 *
 * The kernel numbers the CPUs on which threads of this process run at a time, from 0 and
 * densely, so that a process of few threads touches the memory of few.  Data is indexed
 * by the one or the other, never both.  Otherwise as estp_cpu().
 *
 * Return: as estp_cpu(); -EOPNOTSUPP, the kernel (before 6.3) has no mm_cid.
 * Source: SPEC CPU-4.
 */
static inline int estp_cid(estp_cpu_t *cpu)
{
	return estp_cpu_take_(ESTP_BY_CID_, cpu);
}

#ifdef ESTP_DEBUG
#define ESTP_OWN_(cpu) \
	do { if ((cpu).object != &estp_object_error_) __builtin_trap(); } while (0)
#else
#define ESTP_OWN_(cpu)	do { } while (0)
#endif

/* How often a fault is to come for it to be the caller's: chance does not meet one often. */
#define ESTP_TRIES_	50

#define ESTP_INLINE_	static inline __attribute__((always_inline))
#define ESTP_COLD_	static __attribute__((cold, noinline, unused))

/*
 * A fault: a number may be had for this thread, and the sequence run once more.  So it is
 * where the thread has one by now: the handler of a signal in between may
 * have got it; or what a list's head said may have been popped and unmapped by another thread while this one was in the
 * fault, which comes before its preemption (EVT-3).  Out of line, and the last that an operation does, so that around it nothing
 * has to be saved.
 */
#define ESTP_AGAIN_(result, sequence, cpu)					\
	do {									\
		(result) = estp_cpu_faulted_((cpu).offset);			\
		if (!(result) || ((result) == -EFAULT && tried++ < ESTP_TRIES_))		\
			(result) = (sequence);					\
	} while ((result) == ESTP_FAULTED_)

#define ESTP_OPERATION_(name, parameters, arguments, sequence)			\
	ESTP_COLD_ int name##again_ parameters					\
	{									\
		int result, tried = 0;						\
										\
		ESTP_AGAIN_(result, sequence, cpu);				\
		return result;							\
	}									\
	ESTP_INLINE_ int name##run_ parameters					\
	{									\
		int result;							\
										\
		ESTP_OWN_(cpu);							\
		result = (sequence);						\
		if (__builtin_expect(result != ESTP_FAULTED_, 1))		\
			return result;						\
		return name##again_ arguments;					\
	}

/* What a sequence came to, and what it loaded: a structure that is returned in registers. */
struct estp_loaded_ {
	int result;
	intptr_t value;
};

#define ESTP_LOADING_(name, parameters, arguments, sequence)			\
	ESTP_COLD_ struct estp_loaded_ name##again_ parameters			\
	{									\
		struct estp_loaded_ loaded = { 0, 0 };				\
		int tried = 0;							\
										\
		ESTP_AGAIN_(loaded.result, sequence, cpu);			\
		return loaded;							\
	}									\
	ESTP_INLINE_ struct estp_loaded_ name##run_ parameters			\
	{									\
		struct estp_loaded_ loaded = { 0, 0 };				\
										\
		ESTP_OWN_(cpu);							\
		loaded.result = (sequence);					\
		if (__builtin_expect(loaded.result != ESTP_FAULTED_, 1))	\
			return loaded;						\
		return name##again_ arguments;					\
	}

ESTP_LOADING_(estp_number_, (estp_cpu_t cpu), (cpu),
	      estp_number_(&loaded.value, cpu.offset))
ESTP_OPERATION_(estp_add_, (intptr_t *v, intptr_t n, estp_cpu_t cpu), (v, n, cpu),
		estp_add_(v, n, cpu.offset))
ESTP_OPERATION_(estp_add_on_, (intptr_t *v, intptr_t n, int number, estp_cpu_t cpu),
		(v, n, number, cpu), estp_add_on_(v, n, number, cpu.offset))
ESTP_OPERATION_(estp_deref_add_, (void *v, intptr_t n, estp_cpu_t cpu), (v, n, cpu),
		estp_deref_add_(v, n, cpu.offset))
ESTP_OPERATION_(estp_deref_add_on_, (void *v, intptr_t n, int number, estp_cpu_t cpu),
		(v, n, number, cpu), estp_deref_add_on_(v, n, number, cpu.offset))
ESTP_OPERATION_(estp_push_, (struct estp_head *list, struct estp_link *link, estp_cpu_t cpu),
		(list, link, cpu), estp_push_(list, link, cpu.offset))
ESTP_LOADING_(estp_pop_, (struct estp_head *list, estp_cpu_t cpu), (list, cpu),
	      estp_pop_(list, &loaded.value, cpu.offset))
ESTP_OPERATION_(estp_compare_store_, (intptr_t *v, intptr_t expected, intptr_t value,
				      int number, estp_cpu_t cpu),
		(v, expected, value, number, cpu),
		estp_compare_store_(v, expected, value, number, cpu.offset))
ESTP_LOADING_(estp_compare_not_load_, (intptr_t *v, intptr_t unexpected, ptrdiff_t offset,
				       int number, estp_cpu_t cpu),
	      (v, unexpected, offset, number, cpu),
	      estp_compare_not_load_(v, unexpected, offset, &loaded.value, number, cpu.offset))
ESTP_OPERATION_(estp_compare_store_store_, (intptr_t *v, intptr_t expected, intptr_t *v2,
					    intptr_t value2, intptr_t value, int number,
					    estp_cpu_t cpu),
		(v, expected, v2, value2, value, number, cpu),
		estp_compare_store_store_(v, expected, v2, value2, value, number, cpu.offset))
ESTP_OPERATION_(estp_compare2_store_, (intptr_t *v, intptr_t expected, const intptr_t *v2,
				       intptr_t expected2, intptr_t value, int number,
				       estp_cpu_t cpu),
		(v, expected, v2, expected2, value, number, cpu),
		estp_compare2_store_(v, expected, v2, expected2, value, number, cpu.offset))
ESTP_OPERATION_(estp_compare_copy_store_, (intptr_t *v, intptr_t expected, void *dst,
					   const void *src, size_t len, intptr_t value,
					   int number, estp_cpu_t cpu),
		(v, expected, dst, src, len, value, number, cpu),
		estp_compare_copy_store_(v, expected, dst, src, len, value, number, cpu.offset))

/**
 * estp_cpu_number() - the number of the CPU that this thread is on, or its mm_cid
 * @cpu: a token
 *
 * As of now: it may be another one by the time it is looked at.
 *
 * Return: 0 or more; -ENXIO; -EINVAL.
 * Source: SPEC CPU-5.
 */
ESTP_INLINE_ int estp_cpu_number(estp_cpu_t cpu)
{
	struct estp_loaded_ number = estp_number_run_(cpu);

	return __builtin_expect(!number.result, 1) ? (int)number.value : number.result;
}

/**
 * estp_add() - add to this CPU's
 * @v: a per-CPU pointer
 * @n: what to add
 * @cpu: a token
 *
 *	v[this CPU] += n;			// commit
 *
 * Return: 0; -EFAULT; -ENXIO; -EINVAL.
 */
ESTP_INLINE_ int estp_add(intptr_t *v, intptr_t n, estp_cpu_t cpu)
{
	return estp_add_run_(v, n, cpu);
}

/**
 * estp_add_on() - add to a given CPU's
 * @v: that CPU's, an ordinary pointer
 * @n: what to add
 * @number: of the CPU
 * @cpu: a token
 *
 *	if (this CPU != number) return -EAGAIN;
 *	*v += n;				// commit
 *
 * Return: 0; -EAGAIN; -EFAULT; -ENXIO; -EINVAL.
 */
ESTP_INLINE_ int estp_add_on(intptr_t *v, intptr_t n, int number, estp_cpu_t cpu)
{
	return estp_add_on_run_(v, n, number, cpu);
}

/**
 * estp_deref_add() - add to what this CPU's pointer points to
 * @v: a per-CPU pointer to something that holds a pointer
 * @offset: where in it, in bytes
 * @n: what to add
 * @cpu: a token
 *
 *	p = *(intptr_t **)((char *)v[this CPU] + offset);
 *	*p += n;				// commit
 *
 * Return: 0; -EFAULT; -ENXIO; -EINVAL.
 */
ESTP_INLINE_ int estp_deref_add(void *v, ptrdiff_t offset, intptr_t n, estp_cpu_t cpu)
{
	return estp_deref_add_run_((char *)v + offset, n, cpu);
}

/**
 * estp_deref_add_on() - add to what a given CPU's pointer points to
 * @v: that CPU's, an ordinary pointer
 * @offset: where in it the pointer is, in bytes
 * @n: what to add
 * @number: of the CPU
 * @cpu: a token
 *
 *	if (this CPU != number) return -EAGAIN;
 *	p = *(intptr_t **)((char *)v + offset);
 *	*p += n;				// commit
 *
 * Return: 0; -EAGAIN; -EFAULT; -ENXIO; -EINVAL.
 */
ESTP_INLINE_ int estp_deref_add_on(void *v, ptrdiff_t offset, intptr_t n, int number,
				   estp_cpu_t cpu)
{
	return estp_deref_add_on_run_((char *)v + offset, n, number, cpu);
}

/**
 * estp_push() - put something at the head of this CPU's list
 * @list: a per-CPU pointer
 * @link: in what is put there; the caller's alone
 * @cpu: a token
 *
 *	link->next = list[this CPU].first;	// nobody else reads it yet
 *	list[this CPU].first = link;		// commit, a release
 *
 * Return: 0; -EFAULT; -ENXIO; -EINVAL.
 */
ESTP_INLINE_ int estp_push(struct estp_head *list, struct estp_link *link, estp_cpu_t cpu)
{
	return estp_push_run_(list, link, cpu);
}

/**
 * estp_pop() - take the head of this CPU's list
 * @list: a per-CPU pointer
 * @link: where to put it; NULL unless the result is 0
 * @cpu: a token
 *
 *	link = list[this CPU].first;
 *	if (!link) return 1;
 *	list[this CPU].first = link->next;	// commit
 *
 * Return: 0; 1, the list is empty; -EFAULT; -ENXIO; -EINVAL.
 */
ESTP_INLINE_ int estp_pop(struct estp_head *list, struct estp_link **link, estp_cpu_t cpu)
{
	struct estp_loaded_ first = estp_pop_run_(list, cpu);

	*link = (struct estp_link *)first.value;
	return first.result;
}

/**
 * estp_compare_store() - store, if what is there is what was expected
 * @v: CPU @number's, an ordinary pointer
 * @expected: what should be there
 * @value: what to store
 * @number: of the CPU
 * @cpu: a token
 *
 *	if (this CPU != number) return -EAGAIN;
 *	if (*v != expected) return 1;
 *	*v = value;				// commit, a release
 *
 * Return: 0; 1; -EAGAIN; -EFAULT; -ENXIO; -EINVAL.
 */
ESTP_INLINE_ int estp_compare_store(intptr_t *v, intptr_t expected, intptr_t value, int number,
				    estp_cpu_t cpu)
{
	return estp_compare_store_run_(v, expected, value, number, cpu);
}

/**
 * estp_compare_not_load() - unless something is there, replace it by what it points to
 * @v: CPU @number's, an ordinary pointer
 * @unexpected: what should not be there, NULL mostly
 * @offset: from where *v points to where its successor is, in bytes
 * @load: where to put what was there; 0 unless the result is 0
 * @number: of the CPU
 * @cpu: a token
 *
 *	if (this CPU != number) return -EAGAIN;
 *	old = *v;
 *	if (old == unexpected) return 1;
 *	*v = *(intptr_t *)(old + offset);	// commit
 *	*load = old;
 *
 * Return: 0; 1; -EAGAIN; -EFAULT; -ENXIO; -EINVAL.
 */
ESTP_INLINE_ int estp_compare_not_load(intptr_t *v, intptr_t unexpected, ptrdiff_t offset,
				       intptr_t *load, int number, estp_cpu_t cpu)
{
	struct estp_loaded_ old = estp_compare_not_load_run_(v, unexpected, offset, number, cpu);

	*load = old.value;
	return old.result;
}

/**
 * estp_compare_store_store() - store twice, the second store being what counts
 * @v: CPU @number's, an ordinary pointer
 * @expected: what should be there
 * @v2: memory that nobody reads before @v says so
 * @value2: what to store there
 * @value: what to store at @v
 * @number: of the CPU
 * @cpu: a token
 *
 *	if (this CPU != number) return -EAGAIN;
 *	if (*v != expected) return 1;
 *	*v2 = value2;				// may happen more than once, or in vain
 *	*v = value;				// commit, a release
 *
 * Return: 0; 1; -EAGAIN; -EFAULT; -ENXIO; -EINVAL.
 */
ESTP_INLINE_ int estp_compare_store_store(intptr_t *v, intptr_t expected, intptr_t *v2,
					  intptr_t value2, intptr_t value, int number,
					  estp_cpu_t cpu)
{
	return estp_compare_store_store_run_(v, expected, v2, value2, value, number, cpu);
}

/**
 * estp_compare2_store() - store, if two words are what was expected
 * @v: CPU @number's, an ordinary pointer
 * @expected: what should be there
 * @v2: another word, which is looked at first: what says whether @v is this CPU's to change
 * @expected2: what should be there
 * @value: what to store at @v
 * @number: of the CPU
 * @cpu: a token
 *
 *	if (this CPU != number) return -EAGAIN;
 *	if (*v2 != expected2 || *v != expected) return 1;
 *	*v = value;				// commit, a release
 *
 * Return: 0; 1; -EAGAIN; -EFAULT; -ENXIO; -EINVAL.
 */
ESTP_INLINE_ int estp_compare2_store(intptr_t *v, intptr_t expected, const intptr_t *v2,
				     intptr_t expected2, intptr_t value, int number,
				     estp_cpu_t cpu)
{
	return estp_compare2_store_run_(v, expected, v2, expected2, value, number, cpu);
}

/**
 * estp_compare_copy_store() - copy, then store what makes the copy valid
 * @v: CPU @number's, an ordinary pointer
 * @expected: what should be there
 * @dst: memory that nobody reads before @v says so
 * @src: what to copy there; does not overlap @dst
 * @len: bytes, as many as a fraction of a time slice allows: some 100 KiB at most
 * @value: what to store at @v
 * @number: of the CPU
 * @cpu: a token
 *
 *	if (this CPU != number) return -EAGAIN;
 *	if (*v != expected) return 1;
 *	memcpy(dst, src, len);			// may happen more than once, or in vain
 *	*v = value;				// commit, a release
 *
 * Return: 0; 1; -EAGAIN; -EFAULT; -ENXIO; -EINVAL.
 */
ESTP_INLINE_ int estp_compare_copy_store(intptr_t *v, intptr_t expected, void *dst,
					 const void *src, size_t len, intptr_t value, int number,
					 estp_cpu_t cpu)
{
	return estp_compare_copy_store_run_(v, expected, dst, src, len, value, number, cpu);
}

#undef ESTP_LOADING_
#undef ESTP_OPERATION_
#undef ESTP_AGAIN_
#undef ESTP_OWN_
#undef ESTP_COLD_
#undef ESTP_TRIES_
#undef ESTP_INLINE_

#ifdef __cplusplus
}
#endif

#endif /* ESTP_PERCPU_H */
