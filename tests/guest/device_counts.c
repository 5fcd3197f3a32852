// SPDX-License-Identifier: MIT
/*
 * DEV-1, DEV-2, DEV-3: /dev/estp is there with mode 0666 and serves ioctl only; its
 * counters say how many pages, sequences, diversions and fences there were; wrong
 * descriptors, flags, pointers and requests are refused with the errno of the clause.
 *
 * Method: as another user and as root; each count is compared after each kind of
 * event, made one at a time. The twin of each refusal is the same request made right.
 */
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "probe.h"

#define VALUE	0x1000
#define OTHER_USER 65534

static size_t page;

static void mode(void)
{
	struct stat st;

	must(!stat(ESTP_DEVICE, &st));
	ok(S_ISCHR(st.st_mode), "it is a character device");
	is(st.st_mode & 07777, 0666, "its mode is 0666");
}

static void as_other_user(void *arg)
{
	struct estp_stats s = { .mem_fd = -1 };
	void *p = probe_new(VALUE);
	int fd;

	(void)arg;
	must(!setgid(OTHER_USER));
	must(!setuid(OTHER_USER));
	if (probe_register(p))
		_exit(1);
	if (probe_fault(p, VALUE))
		_exit(2);
	fd = open(ESTP_DEVICE, O_RDONLY);
	if (fd < 0)
		_exit(3);
	if (ioctl(fd, ESTP_IOC_STATS, &s) || s.pages != 1 || s.diversions[ESTP_FAULT] != 1)
		_exit(4);
	_exit(0);
}

static void no_file(void)
{
	int fd = open(ESTP_DEVICE, O_RDWR);
	char byte = 0;

	must(fd >= 0);
	ok(read(fd, &byte, 1) < 0, "it cannot be read");
	ok(write(fd, &byte, 1) < 0, "nor written");
	ok(mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED, "nor mapped");
	close(fd);
}

static struct estp_stats last;

/* What has changed since the last call. */
static bool is_change(struct estp_stats *s, long pages, long sequences, int selector,
		      long diversions, long fences)
{
	bool right;
	int i;

	*s = stats();
	right = s->pages - last.pages == (u64)pages &&
		s->sequences - last.sequences == (u64)sequences &&
		s->fences - last.fences == (u64)fences;
	for (i = 0; i < ESTP_SELECTOR_NR; i++)
		right &= s->diversions[i] - last.diversions[i] ==
			 (u64)(i == selector ? diversions : 0);
	return right && (sequences <= 0 || s->memory >= last.memory);
}

/* Pages that have gone may count a moment longer (LIM-23). */
static void changed(const char *what, long pages, long sequences, int selector, long diversions,
		    long fences)
{
	struct estp_stats s;

	if (!ok(wait_until(is_change(&s, pages, sequences, selector, diversions, fences),
			   pages < 0 ? 2000 : 0), "%s", what))
		diag("pages %lld, sequences %lld, diversions %lld %lld %lld, fences %lld",
		     s.pages - last.pages, s.sequences - last.sequences,
		     s.diversions[0] - last.diversions[0], s.diversions[1] - last.diversions[1],
		     s.diversions[2] - last.diversions[2], s.fences - last.fences);
	last = s;
}

static void counts(void)
{
	u8 *p = pages_new(4), *q = probe_new(VALUE + 0x100);
	const struct probe_seq *pre = &probe_seq[ESTP_PREEMPTION];
	struct spinner s;
	struct table t;
	int i;

	is(madv_fence(), 0, "a fence without registrations succeeds");
	last = stats();
	ok(!last.pages && !last.sequences && !last.memory && !last.fences,
	   "nothing registered: zeros");
	for (i = 0; i < 4; i++) {
		probe_code(p + i * page, VALUE);
		probe_header(p + i * page, 0);
	}
	must(!madv_register(p, page));
	changed("a page of three sequences", 1, 3, 0, 0, 0);
	ok(last.memory > 0, "it takes memory");
	must(!madv_register(p, page));
	changed("the same again", 0, 0, 0, 0, 0);
	must(!madv_register(p, 2 * page));
	changed("one more", 1, 3, 0, 0, 0);

	table_init(&t, p);
	table_add(&t, ESTP_FAULT, p + 2 * page - 8, 16, p + 0x80)->causes = ESTP_CAUSE_ILL;
	must(!table_register(&t));
	changed("an entry over two pages, one of them new", 1, 1, 0, 0, 0);
	t.nr = 0;
	table_add(&t, ESTP_FAULT, p + 8, 16, p + 3 * page)->causes = ESTP_CAUSE_ILL;
	must(!table_register(&t));
	changed("an entry with a response on a new page", 1, 1, 0, 0, 0);
	must(!munmap(p + 3 * page, page));
	changed("that page unmapped", -1, -1, 0, 0, 0);
	must(!madv_unregister(p + 2 * page, page));
	changed("the entry over two pages unregistered", -1, -1, 0, 0, 0);
	table_free(&t);

	for (i = 0; i < 7; i++)
		probe_fault(p, VALUE);
	changed("seven faults", 0, 0, ESTP_FAULT, 7, 0);
	spinner_start(&s, p, ESTP_INTERRUPT, 1);
	spinner_event(&s);
	spinner_end(&s);
	changed("a signal", 0, 0, ESTP_INTERRUPT, 1, 0);
	/* One preemption: the loop is left by it, so there is no second. */
	spinner_start(&s, p, ESTP_PREEMPTION, 1);
	spinner_event(&s);
	spinner_end(&s);
	changed("a preemption", 0, 0, ESTP_PREEMPTION, 1, 0);
	probe_fault(q, VALUE + 0x100);
	changed("twin: a fault elsewhere", 0, 0, 0, 0, 0);
	must(!madv_fence());
	must(!madv_fence_cpu(0));
	changed("two fences", 0, 0, 0, 0, 2);
	is(-madv_fence_cpu(1u << 30), EINVAL, "a fence of no CPU");
	changed("is none", 0, 0, 0, 0, 0);

	/* A signal in a PREEMPTION sequence counts as PREEMPTION. */
	must(!probe_register(q));
	must(!madv_unregister(p, 2 * page));
	if (!wait_until(stats().pages == 1, 2000))
		bail("what was unregistered counts still");
	last = stats();
	table_init(&t, q);
	table_add(&t, ESTP_PREEMPTION, q + probe_seq[ESTP_INTERRUPT].start,
		  pre->end - pre->start, q + pre->response[0]);
	((u64 *)q)[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, 1);
	must(!probe_register(q));
	must(!table_register(&t));
	changed("a page of one sequence less two, and an entry", 0, -1, 0, 0, 0);
	spinner_start(&s, q, ESTP_INTERRUPT, 1);
	spinner_event(&s);
	spinner_end(&s);
	changed("a signal there", 0, 0, ESTP_PREEMPTION, 1, 0);
	must(!madv_unregister(q, page));
}

/* In a namespace of this process's own its interface may have any name. */
static int interface_file(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_newname = "mem" };
	int s, fd;

	must(!unshare(CLONE_NEWNET));
	s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	must(s >= 0 && !ioctl(s, SIOCSIFNAME, &request));
	close(s);
	fd = open("/proc/thread-self/net/dev_snmp6/mem", O_RDONLY | O_CLOEXEC);
	must(fd >= 0 || errno == ENOENT);
	return fd;
}

static void refusals(void)
{
	void *bad = pages_new(1), *read_only = pages_new(1);
	struct estp_stats s = { .mem_fd = -1 };
	struct estp_list l = { .mem_fd = -1 };
	unsigned int i, wrong = 0;
	void *p = probe_new(VALUE);
	int null = open("/dev/null", O_RDWR), self = open("/proc/self/mem", O_RDONLY),
	    maps = open("/proc/self/maps", O_RDONLY), dir = open("/proc/self", O_RDONLY),
	    path = open("/proc/self/mem", O_PATH), fake;

	must(!probe_register(p));
	must(null >= 0 && self >= 0 && maps >= 0 && dir >= 0 && path >= 0);
	must(!mkdir("/tmp/d", 0700));
	fake = open("/tmp/d/mem", O_RDWR | O_CREAT, 0600);
	must(fake >= 0);

#define REFUSE(err, what, ...) do {						\
	s = (struct estp_stats) { __VA_ARGS__ };				\
	is(-device_ioctl(ESTP_IOC_STATS, &s), err, "stats: " what);		\
	l = (struct estp_list) { __VA_ARGS__ };					\
	is(-device_ioctl(ESTP_IOC_LIST, &l), err, "list: " what);		\
} while (0)
	REFUSE(0, "twin: one's own", .mem_fd = -1);
	REFUSE(0, "twin: one's own memory, open", .mem_fd = self);
	REFUSE(EINVAL, "flags 1", .mem_fd = -1, .flags = 1);
	REFUSE(EINVAL, "the highest flag", .mem_fd = -1, .flags = 1u << 31);
	REFUSE(EBADF, "a descriptor that is not open", .mem_fd = 1000);
	REFUSE(EBADF, "descriptor -2", .mem_fd = -2);
	REFUSE(EBADF, "the lowest descriptor", .mem_fd = -2147483647 - 1);
	REFUSE(EINVAL, "/dev/null", .mem_fd = null);
	REFUSE(EINVAL, "/proc/self/maps", .mem_fd = maps);
	REFUSE(EINVAL, "/proc/self", .mem_fd = dir);
	REFUSE(EINVAL, "a plain file by the name of mem", .mem_fd = fake);
	fake = interface_file();
	if (fake < 0)
		skip("this kernel has no file for each interface");
	else
		REFUSE(EINVAL, "procfs's file about a network interface of that name", .mem_fd = fake);
	/* Opened without asking for the right. */
	s = (struct estp_stats) { .mem_fd = path };
	ok(device_ioctl(ESTP_IOC_STATS, &s), "stats: an O_PATH descriptor is refused");

	must(!munmap(bad, page));
	*(struct estp_stats *)read_only = (struct estp_stats) { .mem_fd = -1 };
	must(!mprotect(read_only, page, PROT_READ));
	is(-device_ioctl(ESTP_IOC_STATS, bad), EFAULT, "stats: a structure that is not mapped");
	is(-device_ioctl(ESTP_IOC_LIST, bad), EFAULT, "list: a structure that is not mapped");
	is(-device_ioctl(ESTP_IOC_STATS, NULL), EFAULT, "stats: no structure");
	is(-device_ioctl(ESTP_IOC_LIST, NULL), EFAULT, "list: no structure");
	is(-device_ioctl(ESTP_IOC_STATS, read_only), EFAULT, "stats: one that cannot be written");
	is(-device_ioctl(ESTP_IOC_LIST, read_only), EFAULT, "list: one that cannot be written");
	l = (struct estp_list) { .mem_fd = -1, .sequences = (u64)bad, .capacity = 1 };
	is(-device_ioctl(ESTP_IOC_LIST, &l), EFAULT, "list: an array that is not mapped");
	l.sequences = (u64)read_only;
	is(-device_ioctl(ESTP_IOC_LIST, &l), EFAULT, "list: an array that cannot be written");
	l.sequences = (u64)read_only + page - sizeof(struct estp_sequence);
	must(!mprotect(read_only, page, PROT_READ | PROT_WRITE));
	munmap((u8 *)read_only + page, page);
	l.capacity = 1;
	is(device_ioctl(ESTP_IOC_LIST, &l), 0, "list: twin: an array that ends with the mapping");
	is(l.count, ESTP_SELECTOR_NR, "it counts all");
	l = (struct estp_list) { .mem_fd = -1, .sequences = 0, .capacity = 0 };
	is(device_ioctl(ESTP_IOC_LIST, &l), 0, "list: no array, for nothing");

	for (i = 0; i < 256; i++) {
		if (i == (ESTP_IOC_STATS & 0xff) || i == (ESTP_IOC_LIST & 0xff))
			continue;
		wrong += device_ioctl((ESTP_IOC_STATS & ~0xffu) | i, &s) != -ENOTTY;
		wrong += device_ioctl((ESTP_IOC_LIST & ~0xffu) | i, &s) != -ENOTTY;
	}
	wrong += device_ioctl(ESTP_IOC_STATS ^ 1u << 16, &s) != -ENOTTY;
	wrong += device_ioctl(ESTP_IOC_STATS ^ 1u << 30, &s) != -ENOTTY;
	wrong += device_ioctl(0x5401, &s) != -ENOTTY;
	is(wrong, 0, "every other request is ENOTTY");
	is(probe_fault(p, VALUE), 0, "all that changed nothing");
}

void test(void)
{
	int status;

	need_estp();
	need_cpus(2);
	pin(0);
	page = page_size();
	mode();
	status = run_child(as_other_user, NULL, 10);
	if (!ok(exited_with(status, 0), "another user registers and reads his counts"))
		diag("ended by %s", ending(status));
	no_file();
	counts();
	refusals();
}
