// SPDX-License-Identifier: MIT
/*
 * A process as an object: the kernel's list of what is registered (/dev/estp), the code
 * from /proc/PID/mem, names and lines of the files that it has mapped.
 */
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "object.h"

struct live {
	struct object object;
	int mem;
	Dwfl *dwfl;
};

static char *debuginfo_path;

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.debuginfo_path = &debuginfo_path,
};

/* Until the list fits: it may grow between two calls. */
static struct estp_sequence *list(int mem, u32 *nr, int *error)
{
	struct estp_list request = { .mem_fd = mem, .capacity = 1024 };
	struct estp_sequence *seq = NULL;
	int fd = open(ESTP_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		*error = errno;
		return NULL;
	}
	for (;;) {
		seq = realloc(seq, (size_t)request.capacity * sizeof(*seq));
		if (!seq) {
			*error = ENOMEM;
			break;
		}
		request.sequences = (uintptr_t)seq;
		if (ioctl(fd, ESTP_IOC_LIST, &request)) {
			*error = errno;
			free(seq);
			seq = NULL;
			break;
		}
		if (request.count <= request.capacity) {
			*nr = request.count;
			break;
		}
		request.capacity = request.count + 64;
	}
	close(fd);
	return seq;
}

/* Executable mappings only: other memory is nobody's business. */
static void add_code(struct live *live, int pid)
{
	struct object *object = &live->object;
	char path[64], *line = NULL;
	size_t room = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (maps && getline(&line, &room, maps) > 0) {
		unsigned long long start, end;
		struct code code;
		char rights[8];
		int name = 0;
		ssize_t got;
		u8 *bytes;

		if (sscanf(line, "%llx-%llx %7s %*s %*s %*s %n", &start, &end, rights, &name) < 3 ||
		    rights[0] != 'r' || rights[2] != 'x' || end - start > 1 << 28)
			continue;
		bytes = object_alloc(object, end - start);
		got = pread(live->mem, bytes, end - start, start);
		if (got <= 0)
			continue;
		line[strcspn(line, "\n")] = 0;
		code = (struct code) {
			.addr = start, .len = got, .bytes = bytes,
			.section = name && line[name] ? object_print(object, "%s", line + name) : NULL,
		};
		object_add_code(object, &code);
	}
	free(line);
	if (maps)
		fclose(maps);
}

static int add_module_symbols(Dwfl_Module *module, void **user, const char *name,
			      Dwarf_Addr start, void *data)
{
	struct object *object = data;
	int nr = dwfl_module_getsymtab(module), i;

	(void)user, (void)name, (void)start;
	for (i = 1; i < nr; i++) {
		struct symbol symbol;
		GElf_Addr addr;
		GElf_Word section;
		GElf_Sym sym;
		const char *its = dwfl_module_getsym_info(module, i, &sym, &addr, &section,
							  NULL, NULL);
		int kind = its ? GELF_ST_TYPE(sym.st_info) : STT_FILE;

		if ((kind != STT_FUNC && kind != STT_NOTYPE) || section == SHN_UNDEF || !*its)
			continue;
		symbol = (struct symbol) {
			.addr = addr, .size = sym.st_size, .function = kind == STT_FUNC,
			.name = object_print(object, "%s", its),
		};
		object_add_symbol(object, &symbol);
	}
	return DWARF_CB_OK;
}

static void add_symbols(struct live *live, int pid)
{
	live->dwfl = dwfl_begin(&callbacks);
	if (!live->dwfl)
		return;
	live->object.lines = lines_live(live->dwfl);
	dwfl_report_begin(live->dwfl);
	dwfl_linux_proc_report(live->dwfl, pid);
	dwfl_report_end(live->dwfl, NULL, NULL);
	dwfl_getmodules(live->dwfl, add_module_symbols, &live->object, 0);
}

/* Pages and one table for all entries: which call registered what is not known any more. */
static void add_sequences(struct live *live, const struct estp_sequence *seq, u32 nr)
{
	struct object *object = &live->object;
	u8 layout;
	u32 i;

	for (layout = 0; layout <= ESTP_LAYOUT_TABLE; layout++) {
		struct place *place = NULL;
		u32 its = 0;

		for (i = 0; i < nr; i++) {
			u64 addr = layout ? 0 : seq[i].start & ~4095ull;
			struct sequence *s;

			if (seq[i].layout != layout)
				continue;
			if (!place || place->addr != addr) {
				object->place = tool_more(object->place, object->place_nr,
							  sizeof(*place));
				place = &object->place[object->place_nr++];
				*place = (struct place) {
					.addr = addr, .layout = layout, .first = object->sequence_nr,
				};
				its = 0;
			}
			place->nr++;
			place->sequences++;
			object->sequence = tool_more(object->sequence, object->sequence_nr,
						     sizeof(*s));
			s = &object->sequence[object->sequence_nr++];
			*s = (struct sequence) {
				.seq = seq[i], .place = object->place_nr - 1, .index = its++,
			};
		}
	}
}

int live_read(int pid, each_object *each, void *data, char *why, size_t why_len)
{
	struct live live = { 0 };
	struct estp_sequence *seq;
	char path[64];
	int error = 0;
	u32 nr = 0;

	unsetenv("DEBUGINFOD_URLS");
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	live.mem = open(path, O_RDONLY | O_CLOEXEC);
	if (live.mem < 0) {
		if (errno == ENOENT)
			snprintf(why, why_len, "there is no such process");
		else
			snprintf(why, why_len, "its memory cannot be opened: %s", strerror(errno));
		return -1;
	}
	seq = list(live.mem, &nr, &error);
	if (!seq) {
		if (error == ENOENT)
			snprintf(why, why_len, "there is no " ESTP_DEVICE ": the module estp is not loaded");
		else
			snprintf(why, why_len, ESTP_DEVICE " does not answer: %s", strerror(error));
		close(live.mem);
		return -1;
	}
	live.object.name = object_print(&live.object, "process %d", pid);
	live.object.live = true;
#ifdef __aarch64__
	live.object.machine = MACHINE_ARM64;
#endif
	add_code(&live, pid);
	add_symbols(&live, pid);
	add_sequences(&live, seq, nr);
	object_finish(&live.object);
	each(&live.object, data);
	object_free(&live.object);
	free(seq);
	close(live.mem);
	return 0;
}
