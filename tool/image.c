// SPDX-License-Identifier: MIT
/*
 * Files: their bytes, and what they are by their first bytes; raw images of pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "object.h"

#define INPUT_MAX	(1ull << 30)
#define PAGE_STEP	4096

/* All of it, whatever it is: a file that shrinks meanwhile does no harm. */
int input_open(struct input *input, const char *name, char *why, size_t why_len)
{
	bool standard = !strcmp(name, "-");
	int fd = standard ? 0 : open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t room = 1 << 16, len = 0;
	u8 *bytes = NULL;
	struct stat stat;
	ssize_t got;

	if (fd < 0 || fstat(fd, &stat)) {
		snprintf(why, why_len, "%s", strerror(errno));
		goto fail;
	}
	/* Opening must not wait for whoever is to write into a FIFO; reading has to. */
	if (!standard)
		fcntl(fd, F_SETFL, 0);
	if (S_ISREG(stat.st_mode) && stat.st_size >= 0 && (u64)stat.st_size < INPUT_MAX)
		room = stat.st_size + 1;
	bytes = tool_alloc(room);
	while ((got = read(fd, bytes + len, room - len)) > 0) {
		len += got;
		if (len < room)
			continue;
		if (len >= INPUT_MAX) {
			snprintf(why, why_len, "larger than 1 GiB");
			goto fail;
		}
		room *= 2;
		bytes = realloc(bytes, room);
		if (!bytes) {
			snprintf(why, why_len, "%s", strerror(ENOMEM));
			goto fail;
		}
	}
	if (got < 0) {
		snprintf(why, why_len, "%s", strerror(errno));
		goto fail;
	}
	if (!standard)
		close(fd);
	input->name = standard ? "standard input" : name;
	input->bytes = bytes;
	input->len = len;
	return 0;
fail:
	free(bytes);
	if (fd >= 0 && !standard)
		close(fd);
	return -1;
}

void input_close(struct input *input)
{
	free((void *)input->bytes);
	input->bytes = NULL;
}

int object_read(const struct input *input, each_object *each, void *data, char *why,
		size_t why_len)
{
	u64 word = 0;

	if (!input->len) {
		snprintf(why, why_len, "empty");
		return -1;
	}
	if ((input->len >= 4 && !memcmp(input->bytes, "\177ELF", 4)) ||
	    (input->len >= 8 && !memcmp(input->bytes, "!<arch>\n", 8)))
		return elf_read(input, each, data, why, why_len);
	if (input->len >= sizeof(word))
		memcpy(&word, input->bytes, sizeof(word));
	if (word >> ESTP_META_MAGIC_SHIFT == ESTP_MAGIC)
		return image_read(input, each, data, why, why_len);
	snprintf(why, why_len, "neither an ELF file nor an image of an ESTP page");
	return -1;
}

int image_read(const struct input *input, each_object *each, void *data, char *why,
	       size_t why_len)
{
	struct object object = { .name = input->name, .machine = input->machine };
	struct code code = { .addr = input->address, .len = input->len, .bytes = input->bytes };
	u64 word;

	memcpy(&word, input->bytes, sizeof(word));
	if ((word >> ESTP_META_LAYOUT_SHIFT & 0xff) == ESTP_LAYOUT_TABLE) {
		snprintf(why, why_len, "the image of a table's header: its entries and code are elsewhere");
		return -1;
	}
	if (code.addr % PAGE_STEP || code.addr + code.len < code.addr) {
		snprintf(why, why_len, "a page cannot be at address 0x%llx",
			 (unsigned long long)code.addr);
		return -1;
	}
	object_add_code(&object, &code);
	object_finish(&object);
	object_find_pages(&object, &object.code[0]);
	if (input->len % PAGE_STEP)
		object_note(&object, "no whole number of pages: what is missing was taken as 0");
	object_finish(&object);
	each(&object, data);
	object_free(&object);
	return 0;
}
