/* SPDX-License-Identifier: MIT */
/* What hostile processes do to memory, under registrations: calls as of hostile_calls.h. */
#ifndef HOSTILE_MEMORY_H
#define HOSTILE_MEMORY_H

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "hostile.h"

/* These write where another thread may have unmapped: they are guarded. */
static long do_scribble(u8 *p)
{
	*(u64 *)(p + 8 * below(64)) ^= 1ull << below(64);
	return 0;
}

static long do_header(u8 *p)
{
	fill(p);
	header((u64 *)p);
	return 0;
}

static long do_map(u8 *p)
{
	size_t len = (1 + below(3)) * page;

	if (p + len > arena + ARENA_PAGES * page)
		len = page;
	if (mmap(p, len, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	return 0;
}

static long do_unmap(u8 *p)
{
	return munmap(p, page) ? -errno : 0;
}

static long do_move(u8 *p)
{
	void *to = below(2) ? some_page() : NULL;
	void *got = mremap(p, page, page, MREMAP_MAYMOVE | (to ? MREMAP_FIXED : 0) |
			   (below(4) ? 0 : MREMAP_DONTUNMAP), to);

	return got == MAP_FAILED ? -errno : 0;
}

static long do_protect(u8 *p)
{
	static const int rights[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC,
		PROT_READ | PROT_WRITE | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC,
	};

	return mprotect(p, page, rights[below(ARRAY_LEN(rights))]) ? -errno : 0;
}

static long do_advise(u8 *p)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK,
		MADV_HUGEPAGE, MADV_COLD, MADV_PAGEOUT, MADV_MERGEABLE, MADV_FREE, 0x4552, 0x4557,
	};

	return madvise(p, page, advices[below(ARRAY_LEN(advices))]) ? -errno : 0;
}

/* By another system call, which takes none of ours. */
static long do_process_advise(u8 *p)
{
	struct iovec where = { p, some_len() };
	int fd = syscall(SYS_pidfd_open, getpid(), 0), advice = below(2) ? MADV_COLD : MADV_ESTP_REGISTER + (int)below(4);
	long done = fd < 0 ? -1 : syscall(SYS_process_madvise, fd, &where, 1, advice, 0);

	if (fd >= 0)
		close(fd);
	if (done >= 0 && advice != MADV_COLD)
		counts->wrong = true;
	return done < 0;
}

/* A file's page, registered or about to be, whose end moves before it: SIGBUS, -EFAULT. */
static long do_truncate(u8 *p)
{
	int fd = memfd_create("arena", MFD_CLOEXEC);
	long err;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, page) ||
	    mmap(p, page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd, 0) ==
		    MAP_FAILED) {
		err = -errno;
	} else {
		if (below(4)) {
			fill(p);
			header((u64 *)p);
		}
		if (below(2))
			madv_register(p, page);
		err = ftruncate(fd, below(4) ? 0 : page / 2) ? -errno : 0;
		madv_register(p, page);
	}
	close(fd);
	return err;
}

/*
 * Missing pages of a part of the arena wait for somebody who does not come: threads that touch
 * them sleep until one of the others closes the descriptor.
 */
static long do_withhold(u8 *p)
{
	static int uffd = -1;
	int was = __atomic_exchange_n(&uffd, -1, __ATOMIC_RELAXED);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (u64)p, page }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (was >= 0)
		return close(was) ? -errno : 0;
	/* Those without that flag have the kernel's own accesses wait, too. */
	was = syscall(SYS_userfaultfd, O_CLOEXEC | (below(3) ? UFFD_USER_MODE_ONLY : 0));
	if (was < 0)
		return -errno;
	if (ioctl(was, UFFDIO_API, &api) || ioctl(was, UFFDIO_REGISTER, &range) ||
	    madvise(p, page, MADV_DONTNEED)) {
		close(was);
		return -errno;
	}
	was = __atomic_exchange_n(&uffd, was, __ATOMIC_RELAXED);
	if (was >= 0)
		close(was);
	return 0;
}

static long do_write_other(u8 *p)
{
	u64 word[page / sizeof(u64)];
	struct iovec from = { word, 64 }, to = { p + some_entry(512), 64 };
	pid_t pid = some_hostile();
	u32 i;

	if (pid == getpid())
		return -ESRCH;
	if (below(2)) {
		fill((u8 *)word);
		header(word);
		from.iov_len = page;
		to = (struct iovec) { p, page };
	} else {
		for (i = 0; i < 8; i++)
			memcpy(&word[i], some_page() + some_entry(ANSWERS), sizeof(*word));
	}
	return process_vm_writev(pid, &from, 1, &to, 1, 0) < 0 ? -errno : 0;
}

#endif
