/* SPDX-License-Identifier: MIT */
/*
 * estp/object.h - an object's sequences are registered when it is loaded
 *
 * An object is what the linker makes: an executable, a shared library.  Whatever
 * sequences its translation units contain, the linker collects in two sections:
 *
 *   estp_entries   struct estp_record each      inline sequences (estp/sequence.h)
 *   estp_text      whole ESTP pages             page sequences (estp/page.h)
 *
 * and a constructor hands both to the kernel: the pages as they are, the records as
 * one table.  Before any constructor of default priority, and before main().  Objects
 * know nothing of each other: everything here has hidden visibility.  At dlclose()
 * the object's memory goes, and with it its registrations.
 *
 * Needs no library.  The state is one `int` an object: 0, registered, or the reason
 * why not.  Including this file adds the constructor.
 */
#ifndef ESTP_OBJECT_H
#define ESTP_OBJECT_H

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <estp/abi.h>
#include <estp/asm.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A table entry as it stands in the file.  start and response count from where they
 * stand themselves, which takes no relocation at load time; what remains is that of
 * struct estp_entry.
 */
struct estp_record {
	int32_t start;
	uint32_t length;
	int32_t response;
	uint16_t response_len;
	uint8_t selector;
	uint8_t causes;
	uint32_t clear_mask;
	uint16_t flags;
	uint16_t zero;
};

/* Also in the file, for tools: see ESTP_MARK_* in estp/asm.h. */
struct estp_mark {
	int32_t address;	/* counts from where it stands itself */
	uint8_t kind;
	uint8_t arg;
	uint16_t zero;
};

/* That a function and what it fills are of one name is no mistake. */
#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif

/* What estp_status() tells. */
struct estp_status {
	int error;		/* 0: this object's sequences are registered; else a -errno */
	uint32_t features;	/* bit i: the kernel has ESTP_FEATURE_i; 0 without ESTP */
	uint32_t sequences;	/* inline sequences of this object */
	uint32_t pages;		/* ESTP pages of this object */
};

/* What a C library hides where only ISO C or POSIX is asked for. */
#ifndef MADV_NORMAL
int madvise(void *address, size_t len, int advice);
#endif
#ifdef MAP_ANONYMOUS
#define ESTP_MAP_ANONYMOUS_	MAP_ANONYMOUS
#else
#define ESTP_MAP_ANONYMOUS_	0x20
#endif

/* estp/asm.h says what estp/abi.h says, and a record is as long as an entry. */
typedef char estp_headers_agree_[
	ESTP_ASM_PREEMPTION == ESTP_PREEMPTION && ESTP_ASM_INTERRUPT == ESTP_INTERRUPT &&
	ESTP_ASM_FAULT == ESTP_FAULT && ESTP_SEGV == ESTP_CAUSE_SEGV && ESTP_BUS == ESTP_CAUSE_BUS &&
	ESTP_ILL == ESTP_CAUSE_ILL && ESTP_FPE == ESTP_CAUSE_FPE &&
	ESTP_MCEERR == ESTP_CAUSE_MCEERR && ESTP_ANY == ESTP_CAUSE_PAGE &&
	ESTP_FP == ESTP_CLEAR_FP && ESTP_ISA_MASKS_AGREE_ &&
	ESTP_RESET_PKEY == ESTP_ENTRY_RESET_PKEY &&
	sizeof(struct estp_record) == sizeof(struct estp_entry) &&
	sizeof(struct estp_mark) == 8 ? 1 : -1];

#define ESTP_WEAK_	__attribute__((weak, visibility("hidden")))

/* The linker's, where there is such a section. */
extern const struct estp_record __start_estp_entries[] ESTP_WEAK_;
extern const struct estp_record __stop_estp_entries[] ESTP_WEAK_;
extern const char __start_estp_text[] ESTP_WEAK_;
extern const char __stop_estp_text[] ESTP_WEAK_;

/*
 * Defined by ESTP_REQUIRE(): a mark, then the sentence.  Where it is not defined its
 * address is 0, or, gold having linked the object, that of the object's first byte.
 */
#define ESTP_REQUIRED_MARK_	"\1"
extern const char estp_required_[] ESTP_WEAK_;

/* One in each object, whichever unit it came from. */
extern int estp_object_error_ ESTP_WEAK_;
int estp_object_error_ = -EAGAIN;

/* An address that the compiler cannot reason about: two symbols are two objects to it. */
static inline uintptr_t estp_address_(const void *symbol)
{
	uintptr_t address = (uintptr_t)symbol;

	__asm__("" : "+r"(address));
	return address;
}

static inline size_t estp_records_nr_(void)
{
	return (estp_address_(__stop_estp_entries) - estp_address_(__start_estp_entries)) /
	       sizeof(struct estp_record);
}

static inline size_t estp_pages_nr_(void)
{
	return (estp_address_(__stop_estp_text) - estp_address_(__start_estp_text)) /
	       ESTP_PAGE_ALIGN_;
}

/**
 * estp_has() - ask whether the kernel has a feature of ESTP
 * @feature: ESTP_FEATURE_*
 *
 * A system call or two.  Anywhere, signal handlers included; leaves errno alone.
 *
 * Return: 1 or 0.
 * Source: SPEC QRY-1.
 */
static inline int estp_has(unsigned int feature)
{
	/* To a query of an address ESTP says no; emulators (QEMU's of processes, gVisor) answer 0 to anything. */
	int saved = errno, has = !madvise(NULL, feature, MADV_ESTP_QUERY) &&
				 madvise((void *)(uintptr_t)ESTP_PAGE_ALIGN_, 0, MADV_ESTP_QUERY);

	errno = saved;
	return has;
}

static inline int estp_register_pages_(void)
{
	uintptr_t at = estp_address_(__start_estp_text), end = estp_address_(__stop_estp_text);

	/* Where pages are smaller than an ESTP page's alignment, only each first is one. */
	for (; at < end; at += ESTP_PAGE_ALIGN_)
		if (madvise((void *)at, 1, MADV_ESTP_REGISTER))
			return -errno;
	return 0;
}

static inline void estp_unregister_pages_(void)
{
	uintptr_t at = estp_address_(__start_estp_text), end = estp_address_(__stop_estp_text);

	for (; at < end; at += ESTP_PAGE_ALIGN_)
		madvise((void *)at, 1, MADV_ESTP_UNREGISTER);
}

/*
 * The kernel reads the table during the call only: it is made for the call.  Its base is
 * the first record, of which all of the object's code is within 2 GiB.
 */
static inline int estp_register_records_(void)
{
	const struct estp_record *record = __start_estp_entries;
	size_t nr = estp_records_nr_(), i;
	size_t len = sizeof(struct estp_table) + nr * sizeof(struct estp_entry);
	struct estp_table *table;
	struct estp_entry *entry;
	int error = 0;

	if (!nr)
		return 0;
	if (nr > ESTP_TABLE_COUNT_MAX)
		return -ENOSPC;
	table = (struct estp_table *)mmap(NULL, len, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | ESTP_MAP_ANONYMOUS_, -1, 0);
	/* EAGAIN, for memory that would have to be locked, is the state of who has not tried. */
	if (table == MAP_FAILED)
		return errno == EAGAIN ? -ENOMEM : -errno;
	entry = (struct estp_entry *)(table + 1);
	table->metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, nr);
	table->base = (uintptr_t)record;
	table->entries = (uintptr_t)entry;
	table->entry_size = sizeof(*entry);
	memcpy(entry, record, nr * sizeof(*entry));
	for (i = 0; i < nr; i++) {
		entry[i].start += (int32_t)((const char *)&record[i].start - (const char *)record);
		entry[i].response +=
			(int32_t)((const char *)&record[i].response - (const char *)record);
	}
	if (madvise(table, sizeof(*table), MADV_ESTP_REGISTER))
		error = -errno;
	munmap(table, len);
	return error;
}

/**
 * estp_object_register() - register this object's sequences, if they are not
 *
 * The constructor's work, once more: for who wants to try again after the module has
 * been loaded, or needs it in a constructor of priority below 101.  All or nothing.
 * Thread-safe; not for signal handlers.  Leaves errno alone.
 *
 * Return: 0, they are registered; -EALREADY, another thread is about it, or was when it
 * forked this process; -ENOSYS, the kernel has no ESTP; -ENOSPC, a limit of
 * this process; -ENOMEM, no memory; -ENOEXEC, malformed: a sequence was written wrongly,
 * or this kernel cannot honour it; -EACCES, code that is not executable.
 * Source: SPEC LIB-1, REG-1 to REG-14.
 */
int estp_object_register(void) ESTP_WEAK_;
__attribute__((section(".text.estp_object_register")))
int estp_object_register(void)
{
	int saved = errno, error;

	/* One at a time: who fails undoes what it has done, and not what another has. */
	error = __atomic_load_n(&estp_object_error_, __ATOMIC_ACQUIRE);
	if (!error)
		return 0;
	if (error == -EALREADY ||
	    !__atomic_compare_exchange_n(&estp_object_error_, &error, -EALREADY, 0,
					 __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
		return error ? -EALREADY : 0;
	error = estp_has(ESTP_FEATURE_VERSION_1) ? 0 : -ENOSYS;
	if (!error)
		error = estp_register_pages_();
	if (!error)
		error = estp_register_records_();
	if (error && error != -ENOSYS)
		estp_unregister_pages_();
	__atomic_store_n(&estp_object_error_, error, __ATOMIC_RELEASE);
	errno = saved;
	return error;
}

/**
 * estp_object_error() - is this object registered?
 *
 * One load.  Anywhere, signal handlers and constructors included.
 *
 * Return: 0, its sequences are registered; -EAGAIN, its constructor has not run yet;
 * -EALREADY, a thread is in estp_object_register() and 0 may come of it; else what estp_object_register() returned.
 * Source: SPEC LIB-2.
 */
static inline int estp_object_error(void)
{
	return __atomic_load_n(&estp_object_error_, __ATOMIC_ACQUIRE);
}

/**
 * estp_strerror() - what an error of registration means, or of a token
 * @error: 0 or a negative errno, as of estp_object_error() or estp_cpu()
 *
 * Anywhere.  Return: a sentence without a full stop; never NULL.
 */
static inline const char *estp_strerror(int error)
{
	switch (error) {
	case 0: return "the sequences are registered";
	case -EAGAIN: return "the object's constructor has not run yet";
	case -EALREADY: return "another thread is registering the object's sequences";
	case -ENOSYS: return "this kernel has no ESTP: the module estp is not loaded";
	case -ENOSPC: return "this process has reached a limit for sequences";
	case -ENOMEM: return "the kernel has no memory for the sequences";
	case -ENOEXEC: return "a sequence is malformed, or of a kind that this kernel cannot honour";
	case -EACCES: return "a sequence lies in memory that is not executable";
	case -EFAULT: return "a sequence's page cannot be read";
	case -ENXIO: return "this thread has no CPU number, and can get none";
	case -EOPNOTSUPP: return "this kernel numbers no threads within a process (mm_cid)";
	default: return "the sequences could not be registered";
	}
}

/**
 * estp_status() - what the kernel has, and what it has of this object
 * @status: where to put it
 *
 * Some system calls.  Anywhere; leaves errno alone.
 *
 * Return: status->error.
 * Source: SPEC LIB-2.
 */
static inline int estp_status(struct estp_status *status)
{
	unsigned int feature;

	status->error = estp_object_error();
	status->features = 0;
	for (feature = 0; feature < 32; feature++) {
		if (estp_has(feature))
			status->features |= 1u << feature;
		else if (feature == ESTP_FEATURE_VERSION_1)
			break;
	}
	status->sequences = (uint32_t)estp_records_nr_();
	status->pages = (uint32_t)estp_pages_nr_();
	return status->error;
}

/**
 * ESTP_REQUIRE() - this object does not start without its sequences
 * @sentence: a string literal: what the user is told
 *
 * Once an object, at file scope.  If the registration fails the constructor writes
 * "SENTENCE: REASON" to the standard error and ends the process with status 69.
 * Source: SPEC LIB-3.
 */
#define ESTP_REQUIRE(sentence) \
	const char estp_required_[] = ESTP_REQUIRED_MARK_ sentence

static inline int estp_is_required_(void)
{
	uintptr_t required = estp_address_(estp_required_);

	return required && *(const char *)required == *ESTP_REQUIRED_MARK_;
}

static inline void estp_complain_(const char *reason)
{
	const char *sentence = estp_required_ + sizeof(ESTP_REQUIRED_MARK_) - 1;

	if (write(2, sentence, strlen(sentence)) < 0 || write(2, ": ", 2) < 0 ||
	    write(2, reason, strlen(reason)) < 0 || write(2, "\n", 1) < 0)
		return;
}

/* Runs once for each unit that includes this; the first one does the work, unless somebody has called for it before. */
__attribute__((constructor(101), used))
static void estp_object_constructor_(void)
{
	if (estp_object_error() == -EAGAIN)
		estp_object_register();
	/* Another thread that is about it tells its caller. */
	if (estp_object_error() && estp_object_error() != -EALREADY && estp_is_required_()) {
		estp_complain_(estp_strerror(estp_object_error()));
		_exit(69);
	}
}

#ifdef __cplusplus
}
#pragma GCC diagnostic pop
#endif

#endif /* ESTP_OBJECT_H */
