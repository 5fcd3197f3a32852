// SPDX-License-Identifier: MIT
/*
 * A process as an object: the kernel's list of what is registered (/dev/estp), the code
 * from /proc/PID/mem, names and lines of the files that it has mapped.
 */
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "foreign.h"
#include "object.h"
#include "process.h"
#include "symbols.h"

struct live {
	struct object object;
	int mem;
	Dwfl *dwfl;
};

/* ---- Code -------------------------------------------------------------------------------- */

/* Executable mappings only: other memory is nobody's business. */
static void add_code(struct live *live, int thread)
{
	struct object *object = &live->object;
	char path[64], *line = NULL;
	size_t room = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", thread);
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

/* ---- Names ----------------------------------------------------------------------------- */

/* Whose files libdwfl looks for, and what it has mapped, by address: callbacks are not told. */
static struct {
	int thread;
	struct mapping *mapping;
	u32 nr;
} reported;

static void add_mapping(const struct mapping *mapping, void *object)
{
	reported.mapping = tool_more(reported.mapping, reported.nr, sizeof(*mapping));
	reported.mapping[reported.nr] = *mapping;
	reported.mapping[reported.nr++].path = object_print(object, "%s", mapping->path);
}

static void report(struct live *live, int thread)
{
	reported.thread = thread;
	mapping_each(thread, add_mapping, &live->object);
	dwfl_report_begin(live->dwfl);
	dwfl_linux_proc_report(live->dwfl, thread);
	dwfl_report_end(live->dwfl, NULL, NULL);
}

static void forget_reported(void)
{
	free(reported.mapping);
	memset(&reported, 0, sizeof(reported));
	foreign_copies_gone();
}

/*
 * The file as the process has it: under its path there may be another one here.  What it
 * has mapped without executing it has no names that are asked for.
 */
static int find_elf(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
		    char **file, Elf **elf)
{
	Dwarf_Addr end = base;
	int fd = -1;
	u32 i;

	if (*name != '/')
		return dwfl_linux_proc_find_elf(module, user, name, base, file, elf);
	dwfl_module_info(module, NULL, NULL, &end, NULL, NULL, NULL, NULL);
	for (i = 0; fd < 0 && i < reported.nr && reported.mapping[i].start < end; i++) {
		const struct mapping *mapping = &reported.mapping[i];

		if (mapping->start >= base && !strcmp(mapping->path, name))
			fd = foreign_open_mapped(name, reported.thread, mapping->start, mapping->end);
	}
	if (fd >= 0)
		fd = foreign_copy(fd, name);
	/* libdwfl opens a name that stands without a descriptor. */
	*file = fd < 0 ? NULL : strdup(name);
	return fd;
}

static char *debuginfo_path;

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = foreign_find_debuginfo,
	.debuginfo_path = &debuginfo_path,
};

static int add_module_symbols(Dwfl_Module *module, void **user, const char *name,
			      Dwarf_Addr start, void *data)
{
	(void)user, (void)name, (void)start;
	symbols_add(data, module);
	return DWARF_CB_OK;
}

static void add_symbols(struct live *live, int thread)
{
	live->dwfl = dwfl_begin(&callbacks);
	if (!live->dwfl)
		return;
	live->object.lines = lines_live(live->dwfl);
	report(live, thread);
	dwfl_getmodules(live->dwfl, add_module_symbols, &live->object, 0);
}

/* ---- Sequences -------------------------------------------------------------------------- */

/* Pages and one table for all entries: which call registered what is not known any more. */
static void add_sequences(struct live *live, const struct estp_sequence *seq, u32 nr)
{
	struct object *object = &live->object;
	/* The running kernel's, which has registered them. */
	const u64 page_size = sysconf(_SC_PAGESIZE);
	u8 layout;
	u32 i;

	for (layout = 0; layout <= ESTP_LAYOUT_TABLE; layout++) {
		struct place *place = NULL;
		u32 its = 0;

		for (i = 0; i < nr; i++) {
			u64 addr = layout ? 0 : seq[i].start & ~(page_size - 1);
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
	int error = 0, device;
	u32 nr = 0;

	unsetenv("DEBUGINFOD_URLS");
	if (process_open(pid, &live.mem, why, why_len) != LOOKED)
		return -1;
	device = device_open(why, why_len);
	if (device < 0) {
		close(live.mem);
		return -1;
	}
	seq = device_list(device, live.mem, &nr, &error);
	close(device);
	if (!seq) {
		snprintf(why, why_len, ESTP_DEVICE " does not answer: %s", strerror(-error));
		close(live.mem);
		return -1;
	}
	live.object.name = object_print(&live.object, "process %d", pid);
	live.object.live = true;
#ifdef __aarch64__
	live.object.machine = MACHINE_ARM64;
#endif
	/* Its first thread may have ended, and shows nothing then. */
	add_code(&live, thread_with_memory(pid));
	add_symbols(&live, thread_with_memory(pid));
	add_sequences(&live, seq, nr);
	object_finish(&live.object);
	each(&live.object, data);
	object_free(&live.object);
	forget_reported();
	free(seq);
	close(live.mem);
	return 0;
}
