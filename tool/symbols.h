/* SPDX-License-Identifier: MIT */
/*
 * Names for places in files: of what is mapped, or was when somebody stood there.
 *
 *   address --mapping--> file, offset --symbols.c--> function+offset, source line
 *
 * A file is read once, when the first name in it is asked for, and kept: its process may
 * have ended by then, and the file may have been replaced, which the build id tells.
 */
#ifndef ESTP_TOOL_SYMBOLS_H
#define ESTP_TOOL_SYMBOLS_H

#include "core.h"

struct Dwfl_Module;
struct object;

struct build_id {
	u8 len;			/* 0: not known */
	u8 byte[20];
};

/* What is to be said of an address. */
struct name {
	const char *object;	/* the file, or what is mapped instead; "" if nothing is known */
	char symbol[256];	/* "function+0x12"; "" */
	char line[256];		/* "file.c:12"; "" */
};

/*
 * The byte at @offset of @path.  @pid: a process that has mapped it from @start to @end,
 * through which a deleted file can still be reached; 0 if it has ended.
 */
void symbols_name(const char *path, const struct build_id *id, u64 offset, int pid,
		  u64 start, u64 end, struct name *name);
/* Adds a module's functions and labels, of separate debug files, too.  The names stay the module's. */
void symbols_add(struct object *object, struct Dwfl_Module *module);

#endif /* ESTP_TOOL_SYMBOLS_H */
