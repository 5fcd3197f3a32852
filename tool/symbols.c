// SPDX-License-Identifier: MIT
#include <elfutils/libdwfl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "foreign.h"
#include "object.h"
#include "symbols.h"

/* One version of a file. */
struct file {
	const char *path;
	struct build_id id;
	Dwfl *dwfl;
	Dwfl_Module *module;	/* NULL: it cannot be read, or is no ELF file */
	struct object object;
};

static char *debuginfo_path;

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = foreign_find_debuginfo,
	.section_address = dwfl_offline_section_address,
	.debuginfo_path = &debuginfo_path,
};

void symbols_add(struct object *object, struct Dwfl_Module *module)
{
	int nr = dwfl_module_getsymtab(module), i;

	for (i = 1; i < nr; i++) {
		struct symbol symbol;
		GElf_Addr addr;
		GElf_Word section;
		GElf_Sym sym;
		const char *its = dwfl_module_getsym_info(module, i, &sym, &addr, &section,
							  NULL, NULL);
		int kind = its ? GELF_ST_TYPE(sym.st_info) : STT_FILE;

		if ((kind != STT_FUNC && kind != STT_NOTYPE) || section == SHN_UNDEF)
			continue;
		symbol = (struct symbol) {
			.addr = addr, .size = sym.st_size, .function = kind == STT_FUNC,
			.name = its,
		};
		object_add_symbol(object, &symbol);
	}
}

/* ---- Opening ----------------------------------------------------------------------- */

/* The path as it is here is the last that is tried: of a process that has ended nothing else is left. */
static int open_mapped(const char *path, int pid, u64 start, u64 end)
{
	int fd = pid ? foreign_open_mapped(path, pid, start, end) : -1;

	if (fd < 0)
		fd = foreign_open(path);
	return fd < 0 ? fd : foreign_copy(fd, path);
}

static bool is_the_one(struct file *file)
{
	const unsigned char *bits;
	GElf_Addr addr;
	int len = dwfl_module_build_id(file->module, &bits, &addr);

	return !file->id.len || len <= 0 ||
	       (len == file->id.len && !memcmp(bits, file->id.byte, len));
}

/* Executable segments: they bound what a label names. */
static void add_segments(struct file *file)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(file->module, &bias);
	size_t nr, i;

	if (!elf || elf_getphdrnum(elf, &nr))
		return;
	for (i = 0; i < nr; i++) {
		GElf_Phdr segment;
		struct code code;

		if (!gelf_getphdr(elf, i, &segment) || segment.p_type != PT_LOAD ||
		    !(segment.p_flags & PF_X))
			continue;
		code = (struct code) { .addr = segment.p_vaddr, .len = segment.p_memsz };
		object_add_code(&file->object, &code);
	}
}

static void read_file(struct file *file, int fd)
{
	/* A tool that is asked for a name does not ask servers on the network. */
	unsetenv("DEBUGINFOD_URLS");
	file->dwfl = dwfl_begin(&callbacks);
	if (file->dwfl) {
		dwfl_report_begin(file->dwfl);
		/* Owns fd if it succeeds. */
		file->module = dwfl_report_elf(file->dwfl, file->path, file->path, fd, 0, true);
		dwfl_report_end(file->dwfl, NULL, NULL);
	}
	if (!file->module)
		close(fd);
	else if (!is_the_one(file))
		file->module = NULL;
	if (!file->module)
		return;
	file->object.name = file->path;
	add_segments(file);
	symbols_add(&file->object, file->module);
	object_finish(&file->object);
	/* Which ends the Dwfl when it goes: never, as files are kept. */
	file->object.lines = lines_live(file->dwfl);
}

static int compare(const void *a, const void *b)
{
	const struct file *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : memcmp(&x->id, &y->id, sizeof(x->id));
}

static struct file *find(const char *path, const struct build_id *id, int pid, u64 start, u64 end)
{
	static void *files;
	struct file *file = tool_alloc(sizeof(*file)), **known;
	int fd;

	file->path = path;
	if (id)
		file->id = *id;
	known = tsearch(file, &files, compare);
	if (!known) {
		fputs("estp: out of memory\n", stderr);
		exit(2);
	}
	if (*known != file) {
		free(file);
		return *known;
	}
	file->path = strdup(path);
	fd = file->path ? open_mapped(path, pid, start, end) : -1;
	if (fd >= 0)
		read_file(file, fd);
	return file;
}

/* ---- Naming ------------------------------------------------------------------------ */

/* The address that the file gives its byte at @offset. */
static bool file_addr(struct file *file, u64 offset, u64 *addr)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(file->module, &bias);
	size_t nr, i;

	if (!elf || elf_getphdrnum(elf, &nr))
		return false;
	for (i = 0; i < nr; i++) {
		GElf_Phdr segment;

		if (gelf_getphdr(elf, i, &segment) && segment.p_type == PT_LOAD &&
		    segment.p_flags & PF_X && offset - segment.p_offset < segment.p_filesz) {
			*addr = offset - segment.p_offset + segment.p_vaddr;
			return true;
		}
	}
	return false;
}

void symbols_name(const char *path, const struct build_id *id, u64 offset, int pid,
		  u64 start, u64 end, struct name *name)
{
	struct file *file;
	const char *line;
	u64 addr;

	*name = (struct name) { .object = path };
	if (*path != '/')
		return;
	file = find(path, id, pid, start, end);
	name->object = file->path;
	if (!file->module || !file_addr(file, offset, &addr))
		return;
	object_where(&file->object, addr, name->symbol, sizeof(name->symbol));
	line = object_line(&file->object, addr);
	if (line)
		snprintf(name->line, sizeof(name->line), "%s", line);
}
