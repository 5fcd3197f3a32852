// SPDX-License-Identifier: MIT
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "foreign.h"
#include "json.h"
#include "object.h"

/* Of all copies: they stay as long as names are asked for. */
#define COPIES_MAX	(2ull << 30)
#define COPIES_TEXT	"2 GiB"

static u64 copied;

/* ---- Opening ----------------------------------------------------------------------- */

/*
 * Opening a device may do what cannot be undone: start a watchdog, rewind a tape.  With
 * O_PATH it is not opened, and what has been looked at is what is opened then.
 */
int foreign_open(const char *path)
{
	int at = open(path, O_PATH | O_CLOEXEC), fd = -1;
	struct stat st;
	char name[32];

	if (at < 0)
		return -1;
	if (!fstat(at, &st) && S_ISREG(st.st_mode)) {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", at);
		fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	}
	close(at);
	return fd;
}

int foreign_open_mapped(const char *path, int pid, u64 start, u64 end)
{
	char name[4096];
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/map_files/%llx-%llx", pid, (unsigned long long)start,
		 (unsigned long long)end);
	fd = foreign_open(name);
	if (fd < 0 && (size_t)snprintf(name, sizeof(name), "/proc/%d/root%s", pid, path) < sizeof(name))
		fd = foreign_open(name);
	return fd;
}

/* ---- Copies -------------------------------------------------------------------------- */

static bool write_all(int fd, const u8 *bytes, size_t len)
{
	while (len) {
		ssize_t written = write(fd, bytes, len);

		if (written <= 0)
			return false;
		bytes += written;
		len -= written;
	}
	return true;
}

static void too_large(const char *path)
{
	fputs("estp: ", stderr);
	print_text(stderr, path);
	fputs(": not read for names: it and the others would be more than " COPIES_TEXT "\n", stderr);
}

/* Of a file that may grow and shrink meanwhile.  @wanted: its CRC, as a .gnu_debuglink has it, or NULL. */
static int copy(int from, const char *path, const u32 *wanted)
{
	static u8 bytes[1 << 16];
	ssize_t got = -1;
	struct stat st;
	u32 crc = 0;
	u64 len = 0;
	int to;

	if (pread(from, bytes, SELFMAG, 0) != SELFMAG || memcmp(bytes, ELFMAG, SELFMAG))
		return -1;
	if (fstat(from, &st) || (u64)st.st_size > COPIES_MAX - copied) {
		too_large(path);
		return -1;
	}
	to = memfd_create("estp", MFD_CLOEXEC);
	while (to >= 0 && (got = read(from, bytes, sizeof(bytes))) > 0) {
		len += got;
		if (len > COPIES_MAX - copied || !write_all(to, bytes, got)) {
			if (len > COPIES_MAX - copied)
				too_large(path);
			got = -1;
			break;
		}
		crc = crc32(crc, bytes, got);
	}
	if (got < 0 || (wanted && crc != *wanted)) {
		if (to >= 0)
			close(to);
		return -1;
	}
	copied += len;
	return to;
}

int foreign_copy(int fd, const char *path)
{
	int to = copy(fd, path, NULL);

	close(fd);
	return to;
}

void foreign_copies_gone(void)
{
	copied = 0;
}

/* ---- Debug information ------------------------------------------------------------------ */

/* What is to be asked of a module's lines leads to a file that is not there. */
static char incomplete;

/* Where debuggers look, too. */
static int find_linked(const char *file, const char *link, u32 crc, char **found)
{
	static const char *const place[] = { "%s%.*s/%s", "%s%.*s/.debug/%s", "%s%.*s/%s" };
	char *real = realpath(file, NULL), *path;
	const char *whole = real ? real : file, *slash = strrchr(whole, '/');
	int fd = -1, at;
	size_t i;

	for (i = 0; fd < 0 && slash && i < sizeof(place) / sizeof(*place); i++) {
		if (asprintf(&path, place[i], i == 2 ? "/usr/lib/debug" : "", (int)(slash - whole),
			     whole, link) < 0)
			break;
		at = foreign_open(path);
		if (at >= 0) {
			fd = copy(at, path, &crc);
			close(at);
		}
		if (fd >= 0)
			*found = path;
		else
			free(path);
	}
	free(real);
	return fd;
}

/*
 * Called for the file of a .gnu_debuglink, and for that of a .gnu_debugaltlink, which has no
 * CRC, and whose path leads up and down folders: it is found by its build id only.
 */
int foreign_find_debuginfo(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
			   const char *file, const char *link, GElf_Word crc, char **found)
{
	int fd = dwfl_build_id_find_debuginfo(module, user, name, base, file, link, crc, found);

	if (fd >= 0 || !link)
		return fd;
	/* libdwfl opens a name that is left here. */
	*found = NULL;
	if (!crc)
		*user = &incomplete;
	else if (file && !strchr(link, '/'))
		fd = find_linked(file, link, crc, found);
	return fd;
}

Dwfl_Line *foreign_line(Dwfl_Module *module, u64 addr)
{
	Dwarf_Addr bias;
	void **user;

	/* Without the file of a .gnu_debugaltlink libdw would look for it by itself. */
	if (!dwfl_module_getdwarf(module, &bias) ||
	    !dwfl_module_info(module, &user, NULL, NULL, NULL, NULL, NULL, NULL) || *user == &incomplete)
		return NULL;
	return dwfl_module_getsrc(module, addr);
}
