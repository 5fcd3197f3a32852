// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#include "harness.h"

int userfault_open(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		must(!ioctl(fd, UFFDIO_API, &api));
	return fd;
}

void userfault_withhold(int fd, void *mem, size_t len)
{
	struct uffdio_register range = {
		.range = { (u64)mem, len }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	must(!ioctl(fd, UFFDIO_REGISTER, &range));
}

void *userfault_next(int fd)
{
	struct uffd_msg msg;
	ssize_t len = read(fd, &msg, sizeof(msg));

	if (len < 0) {
		must(errno == EAGAIN);
		return NULL;
	}
	must(len == sizeof(msg) && msg.event == UFFD_EVENT_PAGEFAULT);
	return (void *)(msg.arg.pagefault.address & ~((u64)getpagesize() - 1));
}

void userfault_give(int fd, void *page, const void *content)
{
	struct uffdio_zeropage zero = { .range = { (u64)page, getpagesize() } };
	struct uffdio_copy copy = { .dst = (u64)page, .src = (u64)content, .len = getpagesize() };

	must(!(content ? ioctl(fd, UFFDIO_COPY, &copy) : ioctl(fd, UFFDIO_ZEROPAGE, &zero)));
}

void userfault_wake(int fd, void *page)
{
	struct uffdio_range range = { (u64)page, getpagesize() };

	must(!ioctl(fd, UFFDIO_WAKE, &range));
}
