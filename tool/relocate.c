// SPDX-License-Identifier: MIT
/*
 * A relocatable file as if it were linked: its sections one after the other, and the
 * relocations applied that tell where code leads and where sequences stand.
 *
 *   sections with bytes | undefined symbols | sections without (.bss)
 *
 * What an undefined symbol stands for is not known: it seems to lie behind all that has
 * bytes, so that no jump to it is taken for one to this file's own code.  What has none
 * comes last: it may be large, and code has to stay within the reach of jumps.
 */
#include <string.h>

#include "elf.h"

#define FIRST_ADDR	0x10000
#define ALIGN_MAX	0x10000
/*
 * What lies beside an undefined symbol, as a+16 does, is not the next one: they are that far
 * apart, but where there are many closer, as all have to be within the reach of jumps.
 */
#define UNDEFINED_STEP	0x10000u
#define UNDEFINED_ALL	0x800000u
/* Of a section without bytes: more than that no program can have. */
#define NOBITS_MAX	(1ull << 47)

#define NO_SECTION	(~0u)

/* Of the reserved numbers one says that it does not fit; the others are those of no section. */
static u32 section_of(const struct elf_file *file, const GElf_Sym *symbol, u32 index)
{
	u32 section = NO_SECTION;

	if (symbol->st_shndx < SHN_LORESERVE)
		section = symbol->st_shndx;
	else if (symbol->st_shndx == SHN_XINDEX && index < file->xindex_nr)
		memcpy(&section, file->xindex + index * sizeof(section), sizeof(section));
	return section;
}

bool elf_symbol_addr(const struct elf_file *file, const GElf_Sym *symbol, u32 index, u64 *addr)
{
	u32 section = section_of(file, symbol, index);

	*addr = symbol->st_value;
	if (!file->laid)
		return section != SHN_UNDEF && section != NO_SECTION;
	/* Symbol 0 is no symbol: the relocation is its addend, as in headers of kernel pages. */
	if (!index) {
		*addr = 0;
		return true;
	}
	if (section == SHN_UNDEF || section >= file->section_nr) {
		*addr = file->outside + index * file->outside_step;
		return section == SHN_UNDEF;
	}
	*addr += file->laid[section].addr;
	return true;
}

static bool wanted(const struct elf_file *file, const GElf_Shdr *section)
{
	const char *name = elf_strptr(file->elf, file->names, section->sh_name);

	return section->sh_type == SHT_PROGBITS &&
	       (section->sh_flags & SHF_EXECINSTR ||
		(name && (!strcmp(name, "estp_entries") || !strcmp(name, "estp_marks"))));
}

/* Of arm64's instructions: which bits of what they hold, and where. */
static const struct field {
	u32 type;
	enum { DISTANCE, PAGES, VALUE } what;
	u8 shift, low, nr;	/* what >> shift, of which nr bits, from bit low on */
} field[] = {
	{ R_AARCH64_CALL26, DISTANCE, 2, 0, 26 }, { R_AARCH64_JUMP26, DISTANCE, 2, 0, 26 },
	{ R_AARCH64_CONDBR19, DISTANCE, 2, 5, 19 }, { R_AARCH64_TSTBR14, DISTANCE, 2, 5, 14 },
	{ R_AARCH64_LD_PREL_LO19, DISTANCE, 2, 5, 19 },
	/* ADR and ADRP hold two more bits elsewhere. */
	{ R_AARCH64_ADR_PREL_LO21, DISTANCE, 2, 5, 19 },
	{ R_AARCH64_ADR_PREL_LO21, DISTANCE, 0, 29, 2 },
	{ R_AARCH64_ADR_PREL_PG_HI21, PAGES, 14, 5, 19 },
	{ R_AARCH64_ADR_PREL_PG_HI21, PAGES, 12, 29, 2 },
	{ R_AARCH64_ADR_PREL_PG_HI21_NC, PAGES, 14, 5, 19 },
	{ R_AARCH64_ADR_PREL_PG_HI21_NC, PAGES, 12, 29, 2 },
	{ R_AARCH64_ADD_ABS_LO12_NC, VALUE, 0, 10, 12 },
	{ R_AARCH64_LDST8_ABS_LO12_NC, VALUE, 0, 10, 12 },
	{ R_AARCH64_LDST16_ABS_LO12_NC, VALUE, 1, 10, 11 },
	{ R_AARCH64_LDST32_ABS_LO12_NC, VALUE, 2, 10, 10 },
	{ R_AARCH64_LDST64_ABS_LO12_NC, VALUE, 3, 10, 9 },
	{ R_AARCH64_LDST128_ABS_LO12_NC, VALUE, 4, 10, 8 },
	/* Not where the thread's copy will lie, but each elsewhere. */
	{ R_AARCH64_TLSLE_ADD_TPREL_HI12, VALUE, 12, 10, 12 },
	{ R_AARCH64_TLSLE_ADD_TPREL_LO12, VALUE, 0, 10, 12 },
	{ R_AARCH64_TLSLE_ADD_TPREL_LO12_NC, VALUE, 0, 10, 12 },
};

static void apply_to_insn(u32 type, u8 *at, u64 room, u64 value, u64 place)
{
	u32 i, insn;

	if (room < 4)
		return;
	memcpy(&insn, at, sizeof(insn));
	for (i = 0; i < sizeof(field) / sizeof(*field); i++) {
		const struct field *f = &field[i];
		u64 what = f->what == VALUE ? value : f->what == DISTANCE ? value - place :
			   (value & ~0xfffull) - (place & ~0xfffull);
		u32 mask = (1u << f->nr) - 1;

		if (f->type == type)
			insn = (insn & ~(mask << f->low)) | ((u32)(what >> f->shift) & mask) << f->low;
	}
	memcpy(at, &insn, sizeof(insn));
}

static void apply(enum machine machine, u32 type, u8 *at, u64 room, u64 value, u64 place)
{
	u64 result = value;
	u32 size = 4;

	if (machine == MACHINE_X86_64) {
		switch (type) {
		case R_X86_64_PC32:
		case R_X86_64_PLT32:
			result = value - place;
			break;
		case R_X86_64_PC8:
			result = value - place;
			size = 1;
			break;
		case R_X86_64_PC64:
			result = value - place;
			size = 8;
			break;
		case R_X86_64_64:
			size = 8;
			break;
		case R_X86_64_32:
		case R_X86_64_32S:
		/* Not where the thread's copy will lie, but each elsewhere. */
		case R_X86_64_TPOFF32:
		case R_X86_64_DTPOFF32:
			break;
		default:
			return;
		}
	} else {
		switch (type) {
		case R_AARCH64_PREL32:
			result = value - place;
			break;
		case R_AARCH64_PREL64:
			result = value - place;
			size = 8;
			break;
		case R_AARCH64_ABS64:
			size = 8;
			break;
		case R_AARCH64_ABS32:
			break;
		default:
			apply_to_insn(type, at, room, value, place);
			return;
		}
	}
	if (size <= room)
		memcpy(at, &result, size);
}

static void relocate(struct elf_file *file, Elf_Scn *scn, const GElf_Shdr *section)
{
	struct laid *laid = &file->laid[section->sh_info];
	Elf_Scn *symbols_scn = elf_getscn(file->elf, section->sh_link);
	Elf_Data *relas = elf_getdata(scn, NULL);
	Elf_Data *symbols = symbols_scn ? elf_getdata(symbols_scn, NULL) : NULL;
	size_t nr, i;

	if (!laid->bytes || !relas || !symbols)
		return;
	nr = relas->d_size / sizeof(Elf64_Rela);
	for (i = 0; i < nr; i++) {
		GElf_Rela rela;
		GElf_Sym symbol;
		u64 addr;

		if (!gelf_getrela(relas, i, &rela) || rela.r_offset >= laid->len ||
		    !gelf_getsym(symbols, GELF_R_SYM(rela.r_info), &symbol))
			continue;
		elf_symbol_addr(file, &symbol, GELF_R_SYM(rela.r_info), &addr);
		apply(file->object->machine, GELF_R_TYPE(rela.r_info),
		      laid->bytes + rela.r_offset, laid->len - rela.r_offset,
		      addr + (u64)rela.r_addend, laid->addr + rela.r_offset);
	}
}

/* The next section of those that take memory, with the alignment that it gets; or NULL. */
static Elf_Scn *next_laid(const struct elf_file *file, Elf_Scn *scn, bool nobits,
			  GElf_Shdr *section, u64 *align)
{
	while ((scn = elf_nextscn(file->elf, scn))) {
		if (elf_ndxscn(scn) >= file->section_nr || !gelf_getshdr(scn, section) ||
		    !(section->sh_flags & SHF_ALLOC) ||
		    (section->sh_type == SHT_NOBITS) != nobits)
			continue;
		*align = section->sh_addralign;
		if (!*align || *align & (*align - 1))
			*align = 16;
		else if (*align > ALIGN_MAX)
			*align = ALIGN_MAX;	/* enough for pages */
		return scn;
	}
	return NULL;
}

static void find_xindex(struct elf_file *file)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr section;
	Elf_Data *data;

	while ((scn = elf_nextscn(file->elf, scn)))
		if (gelf_getshdr(scn, &section) && section.sh_type == SHT_SYMTAB_SHNDX &&
		    (data = elf_getdata(scn, NULL)) && data->d_buf) {
			file->xindex = data->d_buf;
			file->xindex_nr = data->d_size / sizeof(Elf32_Word);
		}
}

/* How many symbols its tables have at most: their indices stay below. */
static u64 symbol_nr(const struct elf_file *file, size_t file_len)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr section;
	u64 most = 0;

	while ((scn = elf_nextscn(file->elf, scn)))
		if (gelf_getshdr(scn, &section) && section.sh_type == SHT_SYMTAB &&
		    section.sh_size <= file_len && section.sh_size > most)
			most = section.sh_size;
	return most / sizeof(Elf64_Sym);
}

int elf_lay_out(struct elf_file *file, char *why, size_t why_len)
{
	u64 addr = FIRST_ADDR, copied = 0, align, symbols;
	Elf_Scn *scn = NULL;
	GElf_Shdr section;
	size_t file_len;

	elf_rawfile(file->elf, &file_len);
	find_xindex(file);
	file->laid = object_alloc(file->object, file->section_nr * sizeof(*file->laid));
	while ((scn = next_laid(file, scn, false, &section, &align))) {
		struct laid *laid = &file->laid[elf_ndxscn(scn)];
		Elf_Data *data;

		addr = (addr + align - 1) & -align;
		laid->addr = addr;
		if (section.sh_size > file_len) {
			addr += 64;
			continue;
		}
		addr += section.sh_size;
		if (!wanted(file, &section) || !(data = elf_rawdata(scn, NULL)) || !data->d_buf)
			continue;
		copied += data->d_size;
		if (copied > 2 * (u64)file_len) {
			snprintf(why, why_len, "a broken ELF file: its sections overlap");
			return -1;
		}
		laid->len = data->d_size;
		laid->bytes = object_alloc(file->object, data->d_size);
		memcpy(laid->bytes, data->d_buf, data->d_size);
	}
	file->outside = (addr + 0xfffff) & ~0xfffffull;

	symbols = symbol_nr(file, file_len) + 1;
	file->outside_step = UNDEFINED_ALL / symbols & ~15ull;
	if (file->outside_step > UNDEFINED_STEP)
		file->outside_step = UNDEFINED_STEP;
	if (!file->outside_step)
		file->outside_step = 16;

	addr = file->outside + symbols * file->outside_step;
	while ((scn = next_laid(file, scn, true, &section, &align))) {
		addr = (addr + align - 1) & -align;
		file->laid[elf_ndxscn(scn)].addr = addr;
		if (section.sh_size > NOBITS_MAX || addr > NOBITS_MAX) {
			snprintf(why, why_len, "a broken ELF file: no memory holds its sections");
			return -1;
		}
		addr += section.sh_size;
	}

	while ((scn = elf_nextscn(file->elf, scn)))
		if (gelf_getshdr(scn, &section) && section.sh_type == SHT_RELA &&
		    section.sh_info < file->section_nr)
			relocate(file, scn, &section);
	return 0;
}
