/* SPDX-License-Identifier: MIT */
/*
 * elf.c's parts: a file that is being read, relocation, and source lines.
 */
#ifndef ESTP_TOOL_ELF_H
#define ESTP_TOOL_ELF_H

#include <gelf.h>

#include "object.h"

/* A section of a relocatable file, as it would be in memory. */
struct laid {
	u64 addr;
	u8 *bytes;		/* relocated, or NULL: not needed */
	u64 len;
};

struct elf_file {
	struct object *object;
	Elf *elf;
	GElf_Ehdr header;
	size_t section_nr, names;	/* of sections; index of their names' section */
	u64 read;			/* bytes of tables; some may have been read again */
	struct laid *laid;		/* of a relocatable file, by section */
	const u8 *xindex;		/* sections of its symbols, 32 bits each, that these cannot hold */
	size_t xindex_nr;
	u64 outside, outside_step;	/* and where its undefined symbols seem to be */
};

/* Of a relocatable file: gives sections addresses, and applies what can be applied. */
int elf_lay_out(struct elf_file *file, char *why, size_t why_len);

/* The address of a symbol; false if it has none. */
bool elf_symbol_addr(const struct elf_file *file, const GElf_Sym *symbol, u32 index, u64 *addr);

#endif /* ESTP_TOOL_ELF_H */
