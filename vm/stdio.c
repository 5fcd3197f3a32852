// SPDX-License-Identifier: MIT
/*
 * stdio - the host's side of the program's stdin, stdout and stderr
 *
 *	stdio feed GO <STDIN >PORT		frames of what is read, an empty one at its end
 *	stdio take CONTROL <PORT >STDOUT	what the frames hold, up to an empty one
 *
 * vm/init_stdio.c is the other side, and says what a frame is. From GO comes a byte
 * when the program runs: before, nothing is read, in case that the guest has to be
 * started again. CONTROL is where lines go: that all has been written, or
 * SIGPIPE for the program, where nobody reads any more.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <signal.h>
#include <unistd.h>

enum { FRAME_MAX = 1 << 15 };

static struct {
	uint32_t len;
	char data[FRAME_MAX];
} frame;

static int other;		/* GO or CONTROL */

static void say(const char *line)
{
	if (write(other, line, strlen(line)) < 0)
		_exit(0);		/* no guest to tell */
}

static int write_all(const void *from, size_t len)
{
	const char *p = from;

	while (len) {
		ssize_t n = write(STDOUT_FILENO, p, len);

		if (n < 0 && errno != EINTR)
			return 0;
		if (n > 0) {
			p += n;
			len -= n;
		}
	}
	return 1;
}

static int read_all(void *to, size_t len)
{
	char *p = to;

	while (len) {
		ssize_t n = read(STDIN_FILENO, p, len);

		if (!n || (n < 0 && errno != EINTR))
			return 0;
		if (n > 0) {
			p += n;
			len -= n;
		}
	}
	return 1;
}

static int feed(void)
{
	ssize_t n;

	if (read(other, frame.data, 1) != 1)
		return 0;
	while ((n = read(STDIN_FILENO, frame.data, FRAME_MAX))) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		frame.len = n;
		if (!write_all(&frame, sizeof(frame.len) + n))
			return 0;
	}
	frame.len = 0;
	write_all(&frame, sizeof(frame.len));
	return 0;
}

static int take(void)
{
	int error = 0;

	while (read_all(&frame.len, sizeof(frame.len)) && frame.len && frame.len <= FRAME_MAX &&
	       read_all(frame.data, frame.len)) {
		if (error || write_all(frame.data, frame.len))
			continue;
		error = errno;
		say("signal 13\n");
	}
	say("ack\n");
	if (!error || error == EPIPE)
		return 0;
	fprintf(stderr, "run: cannot write the program's output: %s\n", strerror(error));
	return 1;
}

int main(int argc, char **argv)
{
	/* Not to wait for who is at the other end of the fifo. */
	if (argc != 3 || (other = open(argv[2], O_RDWR | O_CLOEXEC)) < 0) {
		fprintf(stderr, "stdio: %s\n", argc != 3 ? "feed or take?" : strerror(errno));
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	return strcmp(argv[1], "feed") ? take() : feed();
}
