// SPDX-License-Identifier: MIT
/*
 * LIM-30, LIFE-1, REG-13: a first registration that has to wait for a page fault of its own process, as
 * long as whoever serves the file likes, holds up nobody else: another process makes its first
 * registration, and forks.
 *
 * Method: a file system in user space (FUSE) of one file, whose server does not answer a write. A
 * process has a page of that file mapped, dirty and being written; a thread of it writes to the page
 * again, and waits, by its mapping's lock alone since 6.4; another then registers for the first time,
 * and waits for that one. Meanwhile another process does the same calls. When the server answers, both
 * go on. The twin is that process before, when nothing waits. The proof that they wait: both sleep where
 * no signal comes through, until the answer. (Before 6.4 the first one holds mmap_lock.)
 *
 * vm: --kernel-module fuse
 */
#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define POINT	"/tmp/point"
#define REQUEST	(1u << 17)

static struct shared {
	volatile bool withheld, answer;		/* the server's write; may it be answered? */
	volatile pid_t writer, registrar;
	volatile bool written, registered;
} *s;
static size_t page;

/* ---- The server: a file system that is one file -------------------------------------------- */

static void answer(int fd, u64 unique, int err, const void *body, size_t len)
{
	u8 reply[REQUEST];
	struct fuse_out_header *head = (void *)reply;

	*head = (struct fuse_out_header) { .len = sizeof(*head) + len, .error = -err, .unique = unique };
	memcpy(head + 1, body, len);
	/* Who asked may have been killed. */
	if (write(fd, reply, head->len) < 0)
		must(errno == ENOENT || errno == ENODEV);
}

static struct fuse_attr attributes(void)
{
	return (struct fuse_attr) { .ino = 1, .size = page, .blocks = page / 512, .mode = S_IFREG | 0666, .nlink = 1,
				    .blksize = page };
}

static void serve(int fd)
{
	static u8 request[REQUEST], zeros[1 << 16];
	struct fuse_in_header *in = (void *)request;
	u64 late = 0;

	must(!fcntl(fd, F_SETFL, O_NONBLOCK));
	for (;;) {
		ssize_t got = read(fd, request, sizeof(request));

		if (late && s->answer) {
			struct fuse_write_out out = { .size = page };

			answer(fd, late, 0, &out, sizeof(out));
			late = 0;
		}
		if (got < 0 && errno == EAGAIN) {
			sleep_us(500);
			continue;
		}
		if (got < 0 && errno == ENODEV)
			_exit(0);
		must(got > 0);
		switch (in->opcode) {
		case FUSE_INIT: {
			struct fuse_init_out out = { .major = 7, .minor = 31, .max_write = page, .max_readahead = page };

			answer(fd, in->unique, 0, &out, sizeof(out));
			break;
		}
		case FUSE_GETATTR: {
			struct fuse_attr_out out = { .attr_valid = 1000, .attr = attributes() };

			answer(fd, in->unique, 0, &out, sizeof(out));
			break;
		}
		case FUSE_OPEN: {
			struct fuse_open_out out = { .fh = 1 };

			answer(fd, in->unique, 0, &out, sizeof(out));
			break;
		}
		case FUSE_READ:
			answer(fd, in->unique, 0, zeros, page);
			break;
		case FUSE_WRITE:
			late = in->unique;
			s->withheld = true;
			break;
		case FUSE_FORGET:
		case FUSE_INTERRUPT:
			break;
		default:
			answer(fd, in->unique, ENOSYS, NULL, 0);
		}
	}
}

static pid_t start_server(void)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC), file = open(POINT, O_CREAT | O_CLOEXEC, 0666);
	char options[96];
	pid_t pid;

	must(fd >= 0 && file >= 0);
	close(file);
	snprintf(options, sizeof(options), "fd=%d,rootmode=100666,user_id=0,group_id=0", fd);
	must(!mount("server", POINT, "fuse", MS_NOSUID | MS_NODEV, options));
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fd);
	}
	close(fd);
	return pid;
}

/* ---- Who waits --------------------------------------------------------------------------------- */

static void *write_again(void *p)
{
	s->writer = gettid_();
	*(volatile u8 *)p = 2;
	s->written = true;
	return NULL;
}

static void waiting_process(void)
{
	struct stat st;
	pthread_t thread;
	void *code = probe_new(VALUE);
	int fd = open(POINT, O_RDWR | O_CLOEXEC);
	u8 *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	/* Until then the kernel takes the file for empty. */
	must(fd >= 0 && p != MAP_FAILED && !fstat(fd, &st));
	p[0] = 1;
	must(!sync_file_range(fd, 0, page, SYNC_FILE_RANGE_WRITE));
	must(wait_until(s->withheld, 5000));
	must(!pthread_create(&thread, NULL, write_again, p));
	must(wait_until(s->writer && wait_asleep(s->writer, 100), 5000));
	s->registrar = gettid_();
	must(!probe_register(code));
	s->registered = true;
	must(!pthread_join(thread, NULL));
	_exit(s->written && !probe_fault(code, VALUE) ? 0 : 1);
}

/* ---- Who must not -------------------------------------------------------------------------------- */

static void nothing(void *unused)
{
}

static void first_and_fork(void *unused)
{
	void *p = probe_new(VALUE + 0x100);

	if (probe_register(p) || probe_fault(p, VALUE + 0x100))
		_exit(2);
	_exit(exited_with(run_child(nothing, NULL, 5), 0) ? 0 : 3);
}

void test(void)
{
	int status;
	pid_t server, waiting;

	/* This one registers nothing: what it forks has its first registration before it. */
	need_estp();
	page = page_size();
	s = shared(sizeof(*s));
	server = start_server();
	status = run_child(first_and_fork, NULL, 10);
	ok(exited_with(status, 0), "twin: when nobody waits another registers and forks (%s)", ending(status));

	waiting = fork();
	must(waiting >= 0);
	if (!waiting)
		waiting_process();
	must(wait_until(s->registrar, 10000));
	ok(wait_until(state_of(s->writer) == 'D', 5000) && wait_until(state_of(s->registrar) == 'D', 5000) &&
	   !s->written && !s->registered, "a thread waits for the server, and a registration for that thread");
	status = run_child(first_and_fork, NULL, 10);
	ok(exited_with(status, 0), "meanwhile another process registers and forks (%s)", ending(status));
	ok(state_of(s->registrar) == 'D' && !s->registered, "they wait still");
	s->answer = true;
	must(waitpid(waiting, &status, 0) == waiting);
	ok(exited_with(status, 0) && s->registered, "answered, both go on (%s)", ending(status));
	must(!umount(POINT));
	must(waitpid(server, &status, 0) == server);
	ok(exited_with(status, 0), "the server ends (%s)", ending(status));
}
