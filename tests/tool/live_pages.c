// SPDX-License-Identifier: MIT
/*
 * A page of sequences is one page, however large the kernel's pages are: estp dump of a
 * process on kernels with pages of 4, 16 and 64 KiB.
 *
 * What the kernel answers is made here; the linker puts these functions in the place of the
 * tool's and of libc's (--wrap).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../tool/object.h"
#include "../../tool/process.h"
#include "../unit/tap.h"

static long page_size;

long __wrap_sysconf(int name);
int __wrap_device_open(char *why, size_t why_len);
enum looked __wrap_process_open(int pid, int *mem, char *why, size_t why_len);
struct estp_sequence *__wrap_device_list(int device, int mem, u32 *nr, int *error);
long __real_sysconf(int name);

long __wrap_sysconf(int name)
{
	return name == _SC_PAGESIZE ? page_size : __real_sysconf(name);
}

int __wrap_device_open(char *why, size_t why_len)
{
	(void)why, (void)why_len;
	return open("/dev/null", O_RDONLY);
}

enum looked __wrap_process_open(int pid, int *mem, char *why, size_t why_len)
{
	(void)pid, (void)why, (void)why_len;
	*mem = open("/proc/self/mem", O_RDONLY);
	return LOOKED;
}

/* Two pages, each with a sequence near its first byte and one near its last. */
struct estp_sequence *__wrap_device_list(int device, int mem, u32 *nr, int *error)
{
	struct estp_sequence *seq = calloc(4, sizeof(*seq));
	int i;

	(void)device, (void)mem;
	for (i = 0; seq && i < 4; i++) {
		seq[i].start = page_size * (16 + i / 2) + (i % 2 ? page_size - 8 : 32);
		seq[i].length = 4;
		seq[i].response = seq[i].start;
		seq[i].layout = ESTP_LAYOUT_PAGE;
	}
	*nr = 4;
	*error = 0;
	return seq;
}

static void look(struct object *object, void *data)
{
	u32 i;

	(*(int *)data)++;
	expect(object->place_nr == 2, "%u", object->place_nr);
	for (i = 0; i < object->place_nr; i++) {
		expect(object->place[i].addr == (u64)page_size * (16 + i), "%#llx",
		       (unsigned long long)object->place[i].addr);
		expect(object->place[i].sequences == 2, "%u", object->place[i].sequences);
	}
}

int main(void)
{
	static const int size[] = { 4, 16, 64 };
	char why[256] = "";
	int looks = 0;
	size_t i;

	for (i = 0; i < sizeof(size) / sizeof(*size); i++) {
		page_size = size[i] << 10;
		expect(!live_read(getpid(), look, &looks, why, sizeof(why)), "%s", why);
		expect(looks == (int)i + 1, "%d", looks);
		claim("pages of %d KiB are shown where they begin", size[i]);
	}
	return tap_done();
}
