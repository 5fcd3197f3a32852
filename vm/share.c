// SPDX-License-Identifier: MIT
/*
 * share - the host's files, to be read by a guest
 *
 *   share DIR <REQUESTS >REPLIES
 *
 *   guest                                            host
 *   program -> overlay -> fuse -> /dev/fuse
 *                                   | relay (vm/init_root.c)
 *                                   '--- virtio port ---> stdin    here: lstat, open,
 *              page cache  <------------ virtio port <--- stdout         pread, readdir
 *
 * The kernels for virtual machines have no 9p, all have FUSE; its messages carry
 * their length and pass through a stream as they are. Of the protocol only what
 * reads is here: whoever asks for anything else gets EROFS or ENOSYS. Nothing is opened but
 * to be read, nor anything but regular files and folders, with the rights of who runs this.
 *
 * The guest is not trusted: its node numbers, handles, lengths and names are checked.
 * It sees a file as it was when first asked for: attributes are valid for good, since
 * it lives for one program.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "share.h"

enum {
	READ_MAX = 1 << 20,		/* of a file, by one request */
	REQUEST_MAX = 1 << 16,
	FOR_GOOD = 1000000,		/* seconds */
};

/* What is open: a file, or a folder's entries, which were all read when it was opened. */
struct open_file {
	int used, fd;
	char *entries;
	size_t len;
};

static struct open_file *opened;
static size_t opened_nr;

/* ---- The stream ------------------------------------------------------------ */

static int read_all(void *to, size_t len)
{
	char *p = to;

	while (len) {
		ssize_t n = read(STDIN_FILENO, p, len);

		if (n <= 0) {
			if (n < 0 && errno == EINTR)
				continue;
			return 0;
		}
		p += n;
		len -= n;
	}
	return 1;
}

static void reply(uint64_t unique, int error, const void *data, size_t len)
{
	static union {
		struct fuse_out_header head;
		char bytes[sizeof(struct fuse_out_header) + READ_MAX];
	} out;
	size_t total, done = 0;

	if (error)
		len = 0;
	total = sizeof(out.head) + len;
	out.head.len = total;
	out.head.error = -error;
	out.head.unique = unique;
	if (len)
		memcpy(out.bytes + sizeof(out.head), data, len);
	while (done < total) {
		ssize_t n = write(STDOUT_FILENO, out.bytes + done, total - done);

		if (n < 0 && errno != EINTR)
			exit(0);	/* the guest is gone */
		if (n > 0)
			done += n;
	}
}

/* ---- Nodes ----------------------------------------------------------------- */

static void fill(struct fuse_attr *attr, const struct stat *st)
{
	/* Two file systems of the host are one in the guest. */
	attr->ino = st->st_ino ^ (uint64_t)st->st_dev << 40;
	attr->size = st->st_size;
	attr->blocks = st->st_blocks;
	attr->atime = st->st_atim.tv_sec;
	attr->atimensec = st->st_atim.tv_nsec;
	attr->mtime = st->st_mtim.tv_sec;
	attr->mtimensec = st->st_mtim.tv_nsec;
	attr->ctime = st->st_ctim.tv_sec;
	attr->ctimensec = st->st_ctim.tv_nsec;
	attr->mode = st->st_mode;
	attr->nlink = st->st_nlink;
	attr->uid = st->st_uid;
	attr->gid = st->st_gid;
	attr->rdev = st->st_rdev;
	attr->blksize = st->st_blksize;
}

static void do_lookup(const struct node *dir, uint64_t unique, const char *name)
{
	struct fuse_entry_out out = { .entry_valid = FOR_GOOD, .attr_valid = FOR_GOOD };
	struct stat st;
	char *path;

	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..")) {
		reply(unique, EINVAL, NULL, 0);
		return;
	}
	if (asprintf(&path, "%s/%s", dir->path, name) < 0)
		must(NULL);
	if (!lstat(path, &st)) {
		out.nodeid = node_of(path)->id;
		fill(&out.attr, &st);
	} else {
		int error = errno;

		free(path);
		if (error != ENOENT) {
			reply(unique, error, NULL, 0);
			return;
		}
	}
	/* Number 0: that there is none is valid for good, too. */
	reply(unique, 0, &out, sizeof(out));
}

static void do_getattr(const struct node *of, uint64_t unique)
{
	struct fuse_attr_out out = { .attr_valid = FOR_GOOD };
	struct stat st;

	if (lstat(*of->path ? of->path : "/", &st)) {
		reply(unique, errno, NULL, 0);
		return;
	}
	fill(&out.attr, &st);
	reply(unique, 0, &out, sizeof(out));
}

static void do_readlink(const struct node *of, uint64_t unique)
{
	char to[4096];
	ssize_t n = readlink(of->path, to, sizeof(to));

	reply(unique, n < 0 ? errno : 0, to, n < 0 ? 0 : n);
}

/* ---- What is open ---------------------------------------------------------- */

static struct open_file *open_at(uint64_t fh)
{
	return fh < opened_nr && opened[fh].used ? &opened[fh] : NULL;
}

static struct open_file *new_open(void)
{
	static size_t max;
	size_t i;

	for (i = 0; i < opened_nr && opened[i].used; i++)
		;
	opened = grow(opened, &max, i, sizeof(*opened));
	if (i == opened_nr)
		opened_nr++;
	opened[i] = (struct open_file){ .used = 1, .fd = -1 };
	return &opened[i];
}

static void reply_opened(uint64_t unique, const struct open_file *file)
{
	struct fuse_open_out out = { .fh = file - opened, .open_flags = FOPEN_KEEP_CACHE };

	if (file->fd < 0)
		out.open_flags |= FOPEN_CACHE_DIR;
	reply(unique, 0, &out, sizeof(out));
}

/*
 * To be read: only a regular file, which is known before it is opened. To open a device may
 * do what cannot be undone, and a fifo in the file's place would hold us up.
 */
static int open_regular(const char *path)
{
	int at = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), fd = -1, error = 0;
	struct stat st;
	char name[32];

	if (at < 0)
		return -errno;
	if (fstat(at, &st))
		error = errno;
	else if (!S_ISREG(st.st_mode))
		error = EACCES;
	if (!error) {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", at);
		fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		error = fd < 0 ? errno : 0;
	}
	close(at);
	return error ? -error : fd;
}

static void do_open(const struct node *of, uint64_t unique, const struct fuse_open_in *in)
{
	struct open_file *file;
	int fd;

	if ((in->flags & O_ACCMODE) != O_RDONLY) {
		reply(unique, EROFS, NULL, 0);
		return;
	}
	fd = open_regular(of->path);
	if (fd < 0) {
		reply(unique, -fd, NULL, 0);
		return;
	}
	file = new_open();
	file->fd = fd;
	reply_opened(unique, file);
}

/* The entries as the guest wants them; an entry's offset is where the next begins. */
static void do_opendir(const struct node *of, uint64_t unique)
{
	size_t len = 0, max = 0;
	char *entries = NULL;
	struct open_file *file;
	struct dirent *entry;
	DIR *dir;

	dir = opendir(*of->path ? of->path : "/");
	if (!dir) {
		reply(unique, errno, NULL, 0);
		return;
	}
	while ((entry = readdir(dir))) {
		size_t name_len = strlen(entry->d_name);
		size_t size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + name_len);
		struct fuse_dirent *to;

		entries = grow(entries, &max, len + size, 1);
		memset(entries + len, 0, size);
		to = (void *)(entries + len);
		len += size;
		to->ino = entry->d_ino;
		to->off = len;
		to->namelen = name_len;
		to->type = entry->d_type;
		memcpy(to->name, entry->d_name, name_len);
	}
	closedir(dir);
	file = new_open();
	file->entries = entries;
	file->len = len;
	reply_opened(unique, file);
}

static void do_read(uint64_t unique, const struct fuse_read_in *in)
{
	static char data[READ_MAX];
	const struct open_file *file = open_at(in->fh);
	size_t size = in->size < READ_MAX ? in->size : READ_MAX, done = 0;

	if (!file || file->fd < 0) {
		reply(unique, EBADF, NULL, 0);
		return;
	}
	while (done < size) {
		ssize_t n = pread(file->fd, data + done, size - done, in->offset + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && !done) {
			reply(unique, errno, NULL, 0);
			return;
		}
		if (n <= 0)
			break;
		done += n;
	}
	reply(unique, 0, data, done);
}

static void do_readdir(uint64_t unique, const struct fuse_read_in *in)
{
	const struct open_file *file = open_at(in->fh);
	size_t end = in->offset;

	if (!file || file->fd >= 0 || end > file->len) {
		reply(unique, EBADF, NULL, 0);
		return;
	}
	/* Whole entries, as many as there is room for. An odd offset is the end. */
	while (file->len - end >= FUSE_NAME_OFFSET) {
		const struct fuse_dirent *entry = (void *)(file->entries + end);

		if (end % sizeof(uint64_t) || entry->off <= end || entry->off > file->len)
			break;		/* no offset that we told */
		if (entry->off - in->offset > (in->size < READ_MAX ? in->size : READ_MAX))
			break;
		end = entry->off;
	}
	reply(unique, 0, file->entries + in->offset, end - in->offset);
}

static void do_release(uint64_t unique, uint64_t fh)
{
	struct open_file *file = open_at(fh);

	if (file) {
		if (file->fd >= 0)
			close(file->fd);
		free(file->entries);
		file->used = 0;
	}
	reply(unique, file ? 0 : EBADF, NULL, 0);
}

/* ---- Requests -------------------------------------------------------------- */

static void do_init(uint64_t unique, const struct fuse_init_in *in)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = READ_MAX,
		.flags = in->flags & (FUSE_ASYNC_READ | FUSE_PARALLEL_DIROPS | FUSE_CACHE_SYMLINKS |
				      FUSE_MAX_PAGES | FUSE_BIG_WRITES),
		.max_background = 64,
		.congestion_threshold = 48,
		.max_write = 4096,
		.time_gran = 1,
		.max_pages = READ_MAX / 4096,
	};

	reply(unique, in->major == FUSE_KERNEL_VERSION ? 0 : EPROTO, &out, sizeof(out));
}

static void do_statfs(const struct node *of, uint64_t unique)
{
	struct fuse_statfs_out out = { 0 };
	struct statvfs st;

	if (statvfs(*of->path ? of->path : "/", &st)) {
		reply(unique, errno, NULL, 0);
		return;
	}
	out.st.blocks = st.f_blocks;
	out.st.bsize = st.f_bsize;
	out.st.frsize = st.f_frsize;
	out.st.files = st.f_files;
	out.st.namelen = st.f_namemax;
	reply(unique, 0, &out, sizeof(out));
}

static void answer(const struct fuse_in_header *head, const void *body, size_t len)
{
	/* The least that each request's body has to have. */
	static const size_t least[] = {
		[FUSE_INIT] = 4 * sizeof(uint32_t),
		[FUSE_LOOKUP] = 1,
		[FUSE_FORGET] = sizeof(struct fuse_forget_in),
		[FUSE_BATCH_FORGET] = sizeof(struct fuse_batch_forget_in),
		[FUSE_OPEN] = sizeof(struct fuse_open_in),
		[FUSE_READ] = sizeof(struct fuse_read_in),
		[FUSE_READDIR] = sizeof(struct fuse_read_in),
		[FUSE_RELEASE] = sizeof(struct fuse_release_in),
		[FUSE_RELEASEDIR] = sizeof(struct fuse_release_in),
	};
	uint64_t unique = head->unique;
	const struct node *of = node_at(head->nodeid);
	uint32_t i;

	if (head->opcode < sizeof(least) / sizeof(*least) && len < least[head->opcode]) {
		reply(unique, EINVAL, NULL, 0);
		return;
	}
	switch (head->opcode) {
	case FUSE_INIT:
		do_init(unique, body);
		return;
	case FUSE_FORGET:
		forget(head->nodeid, ((const struct fuse_forget_in *)body)->nlookup);
		return;
	case FUSE_BATCH_FORGET: {
		const struct fuse_batch_forget_in *batch = body;
		const struct fuse_forget_one *one = (const void *)(batch + 1);

		for (i = 0; i < batch->count && (i + 1) * sizeof(*one) <= len - sizeof(*batch); i++)
			forget(one[i].nodeid, one[i].nlookup);
		return;
	}
	case FUSE_INTERRUPT:
		return;			/* what it would interrupt is never long under way */
	case FUSE_DESTROY:
		reply(unique, 0, NULL, 0);
		return;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		do_release(unique, ((const struct fuse_release_in *)body)->fh);
		return;
	case FUSE_READ:
		do_read(unique, body);
		return;
	case FUSE_READDIR:
		do_readdir(unique, body);
		return;
	}
	if (!of) {
		reply(unique, ESTALE, NULL, 0);
		return;
	}
	switch (head->opcode) {
	case FUSE_LOOKUP:
		do_lookup(of, unique, body);
		return;
	case FUSE_GETATTR:
		do_getattr(of, unique);
		return;
	case FUSE_READLINK:
		do_readlink(of, unique);
		return;
	case FUSE_OPEN:
		do_open(of, unique, body);
		return;
	case FUSE_OPENDIR:
		do_opendir(of, unique);
		return;
	case FUSE_STATFS:
		do_statfs(of, unique);
		return;
	case FUSE_SETATTR:
	case FUSE_MKNOD:
	case FUSE_MKDIR:
	case FUSE_SYMLINK:
	case FUSE_LINK:
	case FUSE_UNLINK:
	case FUSE_RMDIR:
	case FUSE_RENAME:
	case FUSE_RENAME2:
	case FUSE_CREATE:
	case FUSE_WRITE:
		reply(unique, EROFS, NULL, 0);
		return;
	}
	reply(unique, ENOSYS, NULL, 0);
}

int main(int argc, char **argv)
{
	/* One byte more: a name that is not ended ends there. */
	static union {
		struct fuse_in_header head;
		char bytes[REQUEST_MAX + 1];
		uint64_t align;
	} in;
	struct rlimit files;
	char *root;
	size_t len;

	if (argc != 2 || !(root = realpath(argv[1], NULL))) {
		fprintf(stderr, "share: %s\n", argc != 2 ? "which folder?" : strerror(errno));
		return 1;
	}
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	/* Paths are made by adding "/name". */
	node_of(strcmp(root, "/") ? root : must(strdup("")));

	while (read_all(&in.head, sizeof(in.head))) {
		if (in.head.len < sizeof(in.head) || in.head.len > REQUEST_MAX)
			return 1;	/* no guest kernel of ours; the stream is lost */
		len = in.head.len - sizeof(in.head);
		if (!read_all(in.bytes + sizeof(in.head), len))
			break;
		in.bytes[in.head.len] = '\0';
		answer(&in.head, in.bytes + sizeof(in.head), len);
	}
	return 0;
}
