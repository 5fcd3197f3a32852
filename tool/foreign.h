/* SPDX-License-Identifier: MIT */
/*
 * Files that others have written or named: what a process has mapped, what such a file names
 * as its debug information.  Root looks at processes of anybody, who may wish it ill:
 *
 *   a device or a FIFO under the name   nothing but regular files is opened at all
 *   a file that is cut off afterwards   libdwfl, which maps what it gets, gets a copy
 *   a link to debug information         leads to a file beside, and not to wherever it says
 */
#ifndef ESTP_TOOL_FOREIGN_H
#define ESTP_TOOL_FOREIGN_H

#include <elfutils/libdwfl.h>

#include "core.h"

/* A regular file, to be read; -1 where there is none. */
int foreign_open(const char *path);
/*
 * The mapping of a process itself, which is right even if the file has been replaced, or
 * the file as the process sees it, which may stand elsewhere; -1 where neither can be had.
 */
int foreign_open_mapped(const char *path, int pid, u64 start, u64 end);
/*
 * The bytes of an ELF file, in memory, for libdwfl: it would unpack anything else, however
 * large.  Closes @fd.  -1: it is none, cannot be read, or is too large, which is said.
 */
int foreign_copy(int fd, const char *path);
/* All copies are gone: there is room for others. */
void foreign_copies_gone(void);

/* libdwfl's find_debuginfo.  By build id it looks where the distribution has its files. */
int foreign_find_debuginfo(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
			   const char *file, const char *link, GElf_Word crc, char **found);
/* dwfl_module_getsrc() where that opens nothing more. */
Dwfl_Line *foreign_line(Dwfl_Module *module, u64 addr);

#endif /* ESTP_TOOL_FOREIGN_H */
