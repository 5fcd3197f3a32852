// SPDX-License-Identifier: MIT
/*
 * DEV-2: who asks for another process's counters or list while that one registers, and waits for its own
 * memory as long as it likes, gets EBUSY after a while; that process itself is answered when it is done.
 *
 * Method: a child registers a page that userfaultfd withholds. It is asked about from here, and the time
 * taken. Then the page is given to it, and both are answered. The twin is the same question before.
 */
#include <fcntl.h>

#include "machine.h"
#include "probe.h"

#define VALUE	0x1000
#define LEAST_MS 1500
#define MOST_MS	(10000u * slowness())

static struct shared {
	volatile bool asked, begins;
	volatile pid_t tid;
	volatile int err, uffd;
} *s;
static u8 *p;
static int uffd;

static void child(void)
{
	must(!probe_register(probe_new(VALUE)));
	s->tid = gettid_();
	must(wait_until(s->asked, 10000));
	s->begins = true;
	s->err = madv_register(p, page_size());
	must(wait_until(!s->asked, 20000));
	_exit(s->err ? 1 : 0);
}

static int ask(int mem, bool list, u64 *took)
{
	struct estp_stats stats = { .mem_fd = mem };
	struct estp_list l = { .mem_fd = mem };
	u64 begin = now_ms();
	int err = list ? device_ioctl(ESTP_IOC_LIST, &l) : device_ioctl(ESTP_IOC_STATS, &stats);

	*took = now_ms() - begin;
	return err;
}

void test(void)
{
	u8 *content = probe_new(VALUE);
	char path[32];
	int status, mem, err, list;
	u64 took;
	pid_t pid;

	need_estp();
	s = shared(sizeof(*s));
	p = mmap(NULL, page_size(), PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(p != MAP_FAILED);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		uffd = userfault_open();
		must(uffd >= 0);
		userfault_withhold(uffd, p, page_size());
		s->uffd = uffd;
		child();
	}
	must(wait_until(s->tid, 5000));
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	must(mem >= 0);
	for (list = 0; list < 2; list++)
		is(ask(mem, list, &took), 0, "twin: %s is answered", list ? "a list" : "a question");
	uffd = syscall(SYS_pidfd_getfd, (int)syscall(SYS_pidfd_open, pid, 0), s->uffd, 0);
	must(uffd >= 0);
	s->asked = true;
	must(wait_until(s->begins, 5000) && wait_asleep(pid, 5000));
	for (list = 0; list < 2; list++) {
		err = ask(mem, list, &took);
		is(-err, EBUSY, "%s while it registers: busy", list ? "a list" : "a question");
		ok(took >= LEAST_MS && took <= MOST_MS, "after two seconds or so (%llu ms)", (unsigned long long)took);
	}
	probe_header(content, 0);
	userfault_give(uffd, p, content);
	ok(wait_until(!ask(mem, 0, &took), 5000), "when it has its memory, it is answered");
	s->asked = false;
	must(waitpid(pid, &status, 0) == pid);
	ok(exited_with(status, 0), "and it has registered (%s)", ending(status));
}
