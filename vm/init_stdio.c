// SPDX-License-Identifier: MIT
/*
 * init_stdio - the program's stdin, stdout and stderr are the caller's
 *
 *	host               port                this process       program
 *	stdin      ------> stdin   frames ---> thread ---+------> 0  a pipe
 *	stdout     <------ stdout  frames <--- thread <--|-+----- 1  a pipe
 *	stderr     <------ stderr  frames <--- thread <--|-|-+--- 2  a pipe
 *	                                                 '-'-'--- or a terminal (pty), each
 *	                                                          that is one on the host
 *	signals    ------> control lines  ---> thread ----------> kill(), window size
 *
 * A frame is a length, a word of 32 bits, and as many bytes; one of length 0 is the end.
 * The end of stdout and stderr is acknowledged by a line of control each: only then
 * may the machine be powered off, since QEMU drops what it could not write yet.
 * A byte on stdin's port, the other way, says that the program runs. Lines of control: "signal N" to the program, "group N" to its process group, "size
 * ROWS COLUMNS", "ack". Ports of their own, so that no signal waits behind data that
 * nobody reads. vm/stdio.c is the other side.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "init.h"

enum { FRAME_MAX = 1 << 15 };

static struct stream {
	int port;
	int ours, theirs;		/* a pipe's ends, or of the terminal, or -1 */
	pthread_t thread;
} stream[3];

static int master = -1, slave = -1;
static int control = -1;
static pid_t program;
static sem_t acknowledged;

static int is_terminal(int fd)
{
	return plan.tty && strchr(plan.tty, '0' + fd);
}

static int write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			return 0;
		if (n > 0) {
			p += n;
			len -= n;
		}
	}
	return 1;
}

/* What the program does not want to read any more stays in the port. */
static void *bring_input(void *unused)
{
	static char data[FRAME_MAX];
	uint32_t len;

	while (port_io(stream[0].port, 0, (char *)&len, sizeof(len)) && len && len <= FRAME_MAX &&
	       port_io(stream[0].port, 0, data, len))
		if (!write_all(stream[0].ours, data, len))
			return unused;
	/* A terminal has no end but its ^D, which the caller's sends itself. */
	if (!is_terminal(0))
		close(stream[0].ours);
	return unused;
}

/* EIO: nobody has the terminal open any more. */
static void *take_output(void *of)
{
	struct stream *from = of;
	struct {
		uint32_t len;
		char data[FRAME_MAX];
	} *frame = malloc(sizeof(*frame));
	ssize_t n = 0;

	while (frame && from->ours >= 0) {
		n = read(from->ours, frame->data, FRAME_MAX);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		frame->len = n;
		if (!port_io(from->port, 1, (char *)frame, sizeof(frame->len) + n))
			break;
	}
	port_io(from->port, 1, (char *)&(uint32_t){ 0 }, sizeof(uint32_t));
	return NULL;
}

static void obey(const char *line)
{
	struct winsize size = { 0 };
	int signal;

	if (sscanf(line, "signal %d", &signal) == 1)
		kill(program, signal);
	else if (sscanf(line, "group %d", &signal) == 1)
		kill(-program, signal);
	else if (sscanf(line, "size %hu %hu", &size.ws_row, &size.ws_col) == 2 && master >= 0)
		ioctl(master, TIOCSWINSZ, &size);
	else if (!strcmp(line, "ack"))
		sem_post(&acknowledged);
}

static void *take_control(void *unused)
{
	char line[64], byte;
	size_t len = 0;

	while (port_io(control, 0, &byte, 1)) {
		if (byte != '\n') {
			if (len < sizeof(line) - 1)
				line[len++] = byte;
			continue;
		}
		line[len] = '\0';
		len = 0;
		obey(line);
	}
	return unused;
}

static void make_terminal(void)
{
	struct winsize size = { 0 };
	struct termios modes;

	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) || unlockpt(master))
		give_up("cannot make a terminal: %s", strerror(errno));
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		give_up("cannot open %s: %s", ptsname(master), strerror(errno));
	if (plan.size && sscanf(plan.size, "%hux%hu", &size.ws_row, &size.ws_col) == 2)
		ioctl(master, TIOCSWINSZ, &size);
	tcgetattr(slave, &modes);
	modes.c_iflag |= IUTF8;
	/* Without its stdin the caller's terminal is not raw: it does this itself. */
	if (!is_terminal(0))
		modes.c_oflag &= ~OPOST;
	tcsetattr(slave, TCSANOW, &modes);
	if (plan.user && fchown(slave, atoi(plan.user), -1))
		give_up("cannot give the terminal away: %s", strerror(errno));
}

void prepare_stdio(void)
{
	static const char * const name[] = { "stdin", "stdout", "stderr" };
	int fd, ends[2], said = 0;

	if (plan.tty && *plan.tty)
		make_terminal();
	for (fd = 0; fd < 3; fd++) {
		struct stream *one = &stream[fd];

		one->port = open_port_named(name[fd]);
		if (one->port < 0)
			give_up("the guest has no port %s", name[fd]);
		one->ours = one->theirs = -1;
		if (is_terminal(fd)) {
			one->theirs = slave;
			/* What is written to it comes out once. */
			if (!fd || !said)
				one->ours = master;
			said |= fd;
			continue;
		}
		if (pipe2(ends, O_CLOEXEC))
			give_up("pipe: %s", strerror(errno));
		one->ours = ends[!fd];
		one->theirs = ends[!!fd];
		/* For whoever opens /dev/stdout anew. */
		if (plan.user && fchown(one->theirs, atoi(plan.user), -1))
			give_up("cannot give a pipe away: %s", strerror(errno));
	}
	control = open_port_named("control");
	if (control < 0)
		give_up("the guest has no port control");
}

/* In the program's process, which leads a session. */
void child_stdio(void)
{
	int fd;

	if (slave >= 0)
		ioctl(slave, TIOCSCTTY, 0);
	for (fd = 0; fd < 3; fd++)
		dup2(stream[fd].theirs, fd);
}

void start_stdio(pid_t pid)
{
	pthread_t thread;
	int fd;

	program = pid;
	for (fd = 0; fd < 3; fd++)
		if (stream[fd].theirs != slave)
			close(stream[fd].theirs);
	if (slave >= 0)
		close(slave);
	port_io(stream[0].port, 1, "g", 1);
	sem_init(&acknowledged, 0, 0);
	if (pthread_create(&stream[0].thread, NULL, bring_input, NULL) ||
	    pthread_create(&stream[1].thread, NULL, take_output, &stream[1]) ||
	    pthread_create(&stream[2].thread, NULL, take_output, &stream[2]) ||
	    pthread_create(&thread, NULL, take_control, NULL))
		give_up("no thread for stdin and stdout");
}

/* When none of the program's processes is left, so that pipes and terminal end. */
void finish_stdio(void)
{
	int fd;

	for (fd = 1; fd < 3; fd++)
		pthread_join(stream[fd].thread, NULL);
	for (fd = 1; fd < 3; fd++)
		while (sem_wait(&acknowledged))
			;
}
