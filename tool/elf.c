// SPDX-License-Identifier: MIT
/*
 * An ELF file as an object.
 *
 *   executable segments   code, and in it pages, by their magic
 *   estp_entries          the table (SPEC LIB-4)
 *   estp_marks            what the source says to tools
 *   .symtab or .dynsym    names
 *
 * A relocatable file has no segments: its sections are laid out one after the other
 * (relocate.c) and take their part.  Any length and offset in the file may be a lie;
 * libelf checks what it hands out, and what is taken from segments is checked here.
 */
#include <string.h>

#include "elf.h"

/* More than that is no program, but somebody's joke. */
#define SEGMENTS_MAX	4096
/* Of estp_text, on the architecture that has the smallest pages (SPEC PAGE-11). */
#define PAGE_ALIGN_MIN	4096

/*
 * Names are libelf's, which has them for as long as the object is read: of copies, a table that names
 * one long text again and again would make more than there is memory.
 */
static const char *section_name(const struct elf_file *file, const GElf_Shdr *section)
{
	const char *name = elf_strptr(file->elf, file->names, section->sh_name);

	return name ? name : "";
}

/* The code's section: for names. */
static const char *section_at(const struct elf_file *file, u64 addr)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr section;

	while ((scn = elf_nextscn(file->elf, scn)))
		if (gelf_getshdr(scn, &section) && section.sh_flags & SHF_ALLOC &&
		    section.sh_type == SHT_PROGBITS && addr - section.sh_addr < section.sh_size)
			return section_name(file, &section);
	return NULL;
}

/* ---- Code -------------------------------------------------------------------- */

static void add_segments(struct elf_file *file)
{
	struct object *object = file->object;
	size_t nr, size, i, dropped = 0, code = 0;
	const u8 *raw = (const u8 *)elf_rawfile(file->elf, &size);
	u64 read = 0;

	if (!raw || elf_getphdrnum(file->elf, &nr))
		nr = 0;
	for (i = 0; i < nr && i < SEGMENTS_MAX; i++) {
		struct code piece;
		GElf_Phdr segment;

		if (!gelf_getphdr(file->elf, i, &segment) || segment.p_type != PT_LOAD ||
		    !(segment.p_flags & PF_X) || !segment.p_filesz)
			continue;
		code++;
		if (segment.p_offset >= size || segment.p_filesz > size - segment.p_offset ||
		    segment.p_vaddr + segment.p_filesz < segment.p_vaddr ||
		    read + segment.p_filesz > 4 * (u64)size) {
			dropped++;
			continue;
		}
		read += segment.p_filesz;
		piece = (struct code) {
			.addr = segment.p_vaddr,
			.len = segment.p_filesz,
			.bytes = raw + segment.p_offset,
		};
		object_add_code(object, &piece);
	}
	if (dropped)
		object_unseen(object, "an executable segment lies outside of the file: is it truncated?");
	else if (!code)
		object_note(object, "the file has no executable segment");
}

static void add_code_sections(struct elf_file *file)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr section;

	while ((scn = elf_nextscn(file->elf, scn))) {
		size_t i = elf_ndxscn(scn);
		struct code piece;

		if (!gelf_getshdr(scn, &section) || !(section.sh_flags & SHF_EXECINSTR) ||
		    !file->laid[i].bytes || !file->laid[i].len)
			continue;
		piece = (struct code) {
			.addr = file->laid[i].addr,
			.len = file->laid[i].len,
			.bytes = file->laid[i].bytes,
			.section = section_name(file, &section),
			.section_index = i,
		};
		object_add_code(file->object, &piece);
	}
}

/*
 * In a relocatable file what stands at a page boundary is chance, unless the section asks
 * for one: a constant in code may look like a page's first word.
 */
static bool may_hold_pages(const struct elf_file *file, const struct code *code)
{
	GElf_Shdr section;

	return !file->laid ||
	       (gelf_getshdr(elf_getscn(file->elf, code->section_index), &section) &&
		section.sh_addralign >= PAGE_ALIGN_MIN);
}

/* ---- What is found in it ------------------------------------------------------- */

/* A section's bytes and address, by name and occurrence; false where there is none. */
static bool section_bytes(struct elf_file *file, Elf_Scn *scn, u64 *addr, const u8 **bytes,
			  size_t *len)
{
	GElf_Shdr section;
	Elf_Data *data;

	if (!gelf_getshdr(scn, &section))
		return false;
	if (file->laid) {
		const struct laid *laid = &file->laid[elf_ndxscn(scn)];

		*addr = laid->addr;
		*bytes = laid->bytes;
		*len = laid->len;
		return laid->bytes;
	}
	data = elf_rawdata(scn, NULL);
	if (section.sh_type == SHT_NOBITS || !data || !data->d_buf)
		return false;
	*addr = section.sh_addr;
	*bytes = data->d_buf;
	*len = data->d_size;
	return true;
}

static void add_marks(struct elf_file *file, u64 addr, const u8 *bytes, size_t len)
{
	size_t off;

	for (off = 0; off + 8 <= len; off += 8) {
		s32 to;

		memcpy(&to, bytes + off, sizeof(to));
		object_add_mark(file->object, addr + off + (u64)(s64)to, bytes[off + 4],
				bytes[off + 5]);
	}
}

/*
 * GCC's intermediate code without the machine code that the linker will make of it: slim.
 * The section begins with two version numbers of 16 bits and a byte that says so.
 */
static bool is_slim(Elf_Scn *scn, const char *name)
{
	static const char lto[] = ".gnu.lto_.lto.";
	Elf_Data *data;

	if (strncmp(name, lto, sizeof(lto) - 1))
		return false;
	data = elf_rawdata(scn, NULL);
	return !data || !data->d_buf || data->d_size < 5 || ((const u8 *)data->d_buf)[4];
}

/*
 * Many headers may name the same bytes, of which each would make sequences and symbols: more
 * than there is memory for.  Files that linkers make have none twice.
 */
static bool read_again(struct elf_file *file, size_t len, char *why, size_t why_len)
{
	size_t file_len;

	elf_rawfile(file->elf, &file_len);
	file->read += len;
	if (file->read <= 2 * (u64)file_len)
		return false;
	snprintf(why, why_len, "a broken ELF file: its sections overlap");
	return true;
}

static int add_sections(struct elf_file *file, char *why, size_t why_len)
{
	bool slim = false, missing = false, nameless = false;
	Elf_Scn *scn = NULL;
	GElf_Shdr section;
	const u8 *bytes;
	size_t len;
	u64 addr;

	while ((scn = elf_nextscn(file->elf, scn))) {
		bool entries, marks, code;
		const char *name;

		if (!gelf_getshdr(scn, &section) ||
		    !elf_strptr(file->elf, file->names, section.sh_name)) {
			nameless = true;
			continue;
		}
		name = section_name(file, &section);
		slim |= is_slim(scn, name);
		entries = !strcmp(name, "estp_entries");
		marks = !strcmp(name, "estp_marks");
		code = section.sh_flags & SHF_ALLOC && section.sh_flags & SHF_EXECINSTR;
		if (!section.sh_size || !(entries || marks || code))
			continue;
		if (!section_bytes(file, scn, &addr, &bytes, &len)) {
			missing = true;
			continue;
		}
		if ((entries || marks) && read_again(file, len, why, why_len))
			return -1;
		if (entries)
			object_add_table(file->object, addr, bytes, len, "estp_entries");
		else if (marks)
			add_marks(file, addr, bytes, len);
	}
	if (file->section_nr < 2)
		object_unseen(file->object, "without section headers inline sequences cannot be found, only pages");
	if (nameless)
		object_unseen(file->object, "names of sections cannot be read, and by them inline sequences are found");
	if (missing)
		object_unseen(file->object, "code or sequences are not in the file: is it truncated, or debug information only?");
	if (slim)
		object_unseen(file->object, "there is no machine code yet: it is made when the object is linked (LTO)");
	return 0;
}

static int add_symbols(struct elf_file *file, u32 type, char *why, size_t why_len)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr section;
	Elf_Data *data;

	while ((scn = elf_nextscn(file->elf, scn))) {
		size_t nr, i;

		if (!gelf_getshdr(scn, &section) || section.sh_type != type ||
		    !(data = elf_getdata(scn, NULL)))
			continue;
		if (read_again(file, data->d_size, why, why_len))
			return -1;
		nr = data->d_size / sizeof(Elf64_Sym);
		for (i = 1; i < nr; i++) {
			struct symbol symbol;
			const char *name;
			GElf_Sym sym;
			int kind;

			if (!gelf_getsym(data, i, &sym))
				continue;
			kind = GELF_ST_TYPE(sym.st_info);
			name = elf_strptr(file->elf, section.sh_link, sym.st_name);
			if ((kind != STT_FUNC && kind != STT_NOTYPE && kind != STT_GNU_IFUNC) ||
			    !name ||
			    !elf_symbol_addr(file, &sym, i, &symbol.addr))
				continue;
			symbol.name = name;
			symbol.size = sym.st_size;
			symbol.function = kind != STT_NOTYPE;
			object_add_symbol(file->object, &symbol);
		}
	}
	return 0;
}

/* ---- One file ------------------------------------------------------------------ */

static int check_header(struct elf_file *file, char *why, size_t why_len)
{
	const GElf_Ehdr *header = &file->header;

	if (gelf_getclass(file->elf) != ELFCLASS64)
		snprintf(why, why_len, "a 32-bit ELF file: ESTP is for 64-bit programs only");
	else if (header->e_ident[EI_DATA] != ELFDATA2LSB)
		snprintf(why, why_len, "a big-endian ELF file: ESTP has no port for it");
	else if (header->e_machine != EM_X86_64 && header->e_machine != EM_AARCH64)
		snprintf(why, why_len, "an ELF file for machine %u: ESTP is for x86_64 and arm64",
			 header->e_machine);
	else if (header->e_type != ET_REL && header->e_type != ET_EXEC && header->e_type != ET_DYN)
		snprintf(why, why_len, "an ELF file, but no object, library or program%s",
			 header->e_type == ET_CORE ? ": a core file" : "");
	else
		return 0;
	return -1;
}

static int read_one(const struct input *input, Elf *elf, each_object *each, void *data,
		    char *why, size_t why_len)
{
	struct object object = { .name = input->name };
	struct elf_file file = { .object = &object, .elf = elf };
	int error = -1;
	u32 i;

	if (!gelf_getehdr(elf, &file.header)) {
		snprintf(why, why_len, "a broken ELF file: %s", elf_errmsg(-1));
		return -1;
	}
	if (check_header(&file, why, why_len))
		return -1;
	object.machine = file.header.e_machine == EM_X86_64 ? MACHINE_X86_64 : MACHINE_ARM64;
	object.relocatable = file.header.e_type == ET_REL;
	if (elf_getshdrnum(elf, &file.section_nr) || elf_getshdrstrndx(elf, &file.names)) {
		file.section_nr = 0;
		if (object.relocatable) {
			snprintf(why, why_len, "a relocatable ELF file whose sections cannot be read: %s",
				 elf_errmsg(-1));
			return -1;
		}
	}

	if (object.relocatable) {
		if (elf_lay_out(&file, why, why_len))
			goto out;
		add_code_sections(&file);
	} else {
		add_segments(&file);
	}
	if (add_symbols(&file, SHT_SYMTAB, why, why_len) ||
	    (!object.symbol_nr && add_symbols(&file, SHT_DYNSYM, why, why_len)))
		goto out;
	object_finish(&object);
	for (i = 0; i < object.code_nr; i++)
		if (may_hold_pages(&file, &object.code[i]))
			object_find_pages(&object, &object.code[i]);
	for (i = 0; i < object.place_nr; i++)
		if (!object.place[i].section)
			object.place[i].section = section_at(&file, object.place[i].addr);
	if (add_sections(&file, why, why_len))
		goto out;
	object_finish(&object);
	object.lines = lines_open(input);
	each(&object, data);
	error = 0;
out:
	object_free(&object);
	return error;
}

/* ---- Archives -------------------------------------------------------------------- */

static int read_members(const struct input *input, Elf *archive, each_object *each, void *data,
			char *why, size_t why_len)
{
	Elf_Cmd command = ELF_C_READ_MMAP;	/* as elf_memory() has it */
	int found = 0, error = 0;
	bool bitcode = false;
	Elf *member;

	while (!error && (member = elf_begin(-1, command, archive))) {
		Elf_Arhdr *header = elf_getarhdr(member);
		struct input one = { .name = input->name };
		char name[512];

		one.bytes = (const u8 *)elf_rawfile(member, &one.len);
		if (header && header->ar_name && one.bytes && elf_kind(member) == ELF_K_ELF) {
			snprintf(name, sizeof(name), "%s(%s)", input->name, header->ar_name);
			one.name = name;
			found++;
			error = elf_read(&one, each, data, why, why_len);
		} else if (one.bytes && one.len >= 4 && !memcmp(one.bytes, "BC\300\336", 4)) {
			bitcode = true;
		}
		command = elf_next(member);
		elf_end(member);
	}
	/* clang's slim objects: no ELF files. */
	if (bitcode && !error) {
		snprintf(why, why_len, "of some members there is no machine code yet: it is made when they are linked (LTO)");
		error = -1;
	} else if (!found && !error) {
		snprintf(why, why_len, "an archive without ELF files");
		error = -1;
	}
	return error;
}

int elf_read(const struct input *input, each_object *each, void *data, char *why, size_t why_len)
{
	int error = -1;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_memory((char *)input->bytes, input->len);
	switch (elf ? elf_kind(elf) : ELF_K_NONE) {
	case ELF_K_ELF:
		error = read_one(input, elf, each, data, why, why_len);
		break;
	case ELF_K_AR:
		error = read_members(input, elf, each, data, why, why_len);
		break;
	default:
		snprintf(why, why_len, "a broken ELF file: %s", elf ? "it is too short" :
								     elf_errmsg(-1));
	}
	elf_end(elf);
	return error;
}
