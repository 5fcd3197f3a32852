// SPDX-License-Identifier: MIT
/*
 * init_root - the host's files as the guest's root
 *
 *	/             overlay, so that everything can be written, and nothing is on the host
 *	  upper         a tmpfs
 *	  lower         /vm/files, what vm/run packed under a path of its own
 *	  lower         /host, FUSE: the host's files, from vm/share through a virtio port
 *	/proc /sys /dev /run /vm   the guest's own, moved there
 *
 * The messages of FUSE go through two threads of this process, which nobody can kill
 * and which needs none of those files itself: one that reads /dev/fuse and writes the
 * port, one the other way. A request is one read(), a reply one write(); both begin
 * with their length, a word of 32 bits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

enum {
	REQUEST_MAX = 1 << 16,		/* vm/share's, too */
	REPLY_MAX = (1 << 20) + 4096,
};

static int fuse_fd = -1, port_fd = -1;

void load_kernel_modules(void)
{
	int i;

	for (i = 0; i < plan.insmod_nr; i++) {
		int fd = open(plan.insmod[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
			give_up("cannot load %s: %s", plan.insmod[i], strerror(errno));
		close(fd);
	}
}

static void *take_requests(void *unused)
{
	static char request[REQUEST_MAX];

	for (;;) {
		ssize_t n = read(fuse_fd, request, sizeof(request));

		if (n > 0 ? !port_io(port_fd, 1, request, n) : errno == ENODEV)
			break;
	}
	return unused;
}

static void *bring_replies(void *unused)
{
	static union {
		uint32_t len;
		char bytes[REPLY_MAX];
	} reply;

	while (port_io(port_fd, 0, reply.bytes, sizeof(reply.len)) &&
	       reply.len > sizeof(reply.len) && reply.len <= REPLY_MAX &&
	       port_io(port_fd, 0, reply.bytes + sizeof(reply.len), reply.len - sizeof(reply.len)))
		/* ENOENT: whoever asked was killed meanwhile */
		if (write(fuse_fd, reply.bytes, reply.len) < 0 && errno == ENODEV)
			break;
	return unused;
}

static void try_mount(const char *what, const char *where, const char *type, unsigned long flags,
		      const char *options)
{
	mkdir(where, 0755);
	if (mount(what, where, type, flags, options))
		give_up("cannot mount %s: %s%s", where, strerror(errno),
			errno == ENODEV ? "; this kernel lacks a file system" : "");
}

/*
 * Before this there is the initramfs, whose files stay open or loaded where they are
 * needed, but cannot be named any more, other than those of /vm.
 */
void change_to_host_root(void)
{
	static const char * const own[] = { "proc", "sys", "dev", "run" };
	pthread_t thread;
	char options[128];
	size_t i;

	port_fd = open_port_named(plan.share);
	if (port_fd < 0)
		give_up("the guest has no port %s", plan.share);
	fuse_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fuse_fd < 0)
		give_up("cannot open /dev/fuse: %s", strerror(errno));
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,"
		 "default_permissions", fuse_fd);
	try_mount("host", "/host", "fuse", MS_RDONLY | MS_NODEV, options);
	if (pthread_create(&thread, NULL, take_requests, NULL) ||
	    pthread_create(&thread, NULL, bring_replies, NULL))
		give_up("no thread for the host's files");

	try_mount("tmpfs", "/overlay", "tmpfs", 0, "mode=0755");
	mkdir("/overlay/upper", 0755);
	mkdir("/overlay/work", 0755);
	mkdir("/vm/files", 0755);
	try_mount("overlay", "/root", "overlay", 0,
		  "lowerdir=/vm/files:/host,upperdir=/overlay/upper,workdir=/overlay/work");

	for (i = 0; i < sizeof(own) / sizeof(*own); i++) {
		char from[16], to[32];

		snprintf(from, sizeof(from), "/%s", own[i]);
		snprintf(to, sizeof(to), "/root/%s", own[i]);
		try_mount(from, to, NULL, MS_MOVE, NULL);
	}
	try_mount("/vm", "/root/vm", NULL, MS_BIND, NULL);
	if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		give_up("cannot change to the host's root: %s", strerror(errno));
}
