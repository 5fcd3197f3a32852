// SPDX-License-Identifier: MIT
/*
 * Addresses to source lines: elfutils' libdwfl, which knows separate debug files, and
 * relocates those sections of relocatable files that hold lines.  It gives a relocatable
 * file's sections addresses of its own.
 */
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <gelf.h>

#include "foreign.h"
#include "object.h"

struct lines {
	struct input input;
	bool opened, live;
	Dwfl *dwfl;
	Dwfl_Module *module;
	char text[512];
};

static char *debuginfo_path;

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = foreign_find_debuginfo,
	.section_address = dwfl_offline_section_address,
	.debuginfo_path = &debuginfo_path,
};

struct lines *lines_open(const struct input *input)
{
	struct lines *lines = tool_alloc(sizeof(*lines));

	lines->input = *input;
	return lines;
}

struct lines *lines_live(Dwfl *dwfl)
{
	struct lines *lines = tool_alloc(sizeof(*lines));

	lines->dwfl = dwfl;
	lines->opened = lines->live = true;
	return lines;
}

void lines_free(struct lines *lines)
{
	if (!lines)
		return;
	if (lines->dwfl)
		dwfl_end(lines->dwfl);
	free(lines);
}

/* A descriptor of the same bytes: a member of an archive has no file of its own. */
static int bytes_fd(const struct input *input)
{
	int fd = memfd_create("estp", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < input->len) {
		ssize_t written = write(fd, input->bytes + done, input->len - done);

		if (written <= 0) {
			close(fd);
			return -1;
		}
		done += written;
	}
	return fd;
}

static void open_once(struct lines *lines)
{
	int fd;

	lines->opened = true;
	/* A tool that is asked to read a file does not ask servers on the network. */
	unsetenv("DEBUGINFOD_URLS");
	fd = bytes_fd(&lines->input);
	if (fd < 0)
		return;
	lines->dwfl = dwfl_begin(&callbacks);
	if (lines->dwfl) {
		dwfl_report_begin(lines->dwfl);
		/* Owns fd if it succeeds. */
		lines->module = dwfl_report_elf(lines->dwfl, lines->input.name, lines->input.name,
						fd, 0, true);
		dwfl_report_end(lines->dwfl, NULL, NULL);
	}
	if (!lines->module)
		close(fd);
}

/* Where libdwfl has put a section's code. */
static bool their_addr(struct lines *lines, const struct code *code, u64 *addr)
{
	GElf_Addr bias;
	GElf_Shdr section;
	Elf *elf = dwfl_module_getelf(lines->module, &bias);
	Elf_Scn *scn = elf ? elf_getscn(elf, code->section_index) : NULL;

	if (!scn || !gelf_getshdr(scn, &section))
		return false;
	*addr = *addr - code->addr + section.sh_addr + bias;
	return true;
}

const char *lines_find(struct object *object, u64 addr)
{
	struct lines *lines = object->lines;
	const char *file, *slash;
	Dwfl_Line *line;
	int nr;

	if (!lines)
		return NULL;
	if (!lines->opened)
		open_once(lines);
	if (!lines->module && !lines->live)
		return NULL;
	if (object->relocatable) {
		const struct code *code = object_code(object, addr);

		if (!code || !their_addr(lines, code, &addr))
			return NULL;
	}
	line = foreign_line(lines->live ? dwfl_addrmodule(lines->dwfl, addr) : lines->module, addr);
	file = line ? dwfl_lineinfo(line, NULL, &nr, NULL, NULL, NULL) : NULL;
	if (!file)
		return NULL;
	/* The whole path is long, and the builder's; the last two parts tell enough. */
	slash = strrchr(file, '/');
	while (slash && slash > file && slash[-1] != '/')
		slash--;
	snprintf(lines->text, sizeof(lines->text), "%s:%d", slash ? slash : file, nr);
	return lines->text;
}
