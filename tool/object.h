/* SPDX-License-Identifier: MIT */
/*
 * What dump and check look at: code, the sequences that it is said to hold, and names.
 *
 *   ELF file (elf.c) ----+
 *   page image (image.c) +--> struct object --> dump.c, check.c
 *   process (live.c) ----+
 *
 * Addresses are those of the file's segments; of a relocatable file, ones that elf.c
 * gives its sections; of a process, its own.  Everything in an object was written by
 * somebody else: lengths and addresses are only believed after object_bytes().
 */
#ifndef ESTP_TOOL_OBJECT_H
#define ESTP_TOOL_OBJECT_H

#include <stdio.h>

#include "core.h"

enum machine { MACHINE_X86_64, MACHINE_ARM64 };

/* A piece of executable memory.  All of it can be read. */
struct code {
	u64 addr, len;
	const u8 *bytes;
	const char *section;	/* or NULL */
	u32 section_index;	/* in a relocatable file, else 0 */
};

/* What holds sequences: one page, or one table. */
struct place {
	u64 addr;
	u8 layout;
	u32 nr;			/* descriptors or entries that it says it has */
	const char *section;	/* or NULL */
	u32 first, sequences;	/* which are its */
	bool refused;		/* as a whole: for which reason */
	struct estp_reject why;
};

/* A sequence, and the reason if the kernel would refuse it. */
struct sequence {
	struct estp_sequence seq;
	u32 place;
	u32 index;		/* of its descriptor or entry there */
	bool refused;
	struct estp_reject why;
};

struct mark {
	u64 addr;
	u8 kind, arg;
};

struct symbol {
	u64 addr, size;
	const char *name;
	bool function;
};

struct object {
	const char *name;
	enum machine machine;
	bool relocatable, live;
	bool unseen;			/* there may be sequences or findings that are not here: a note says why */

	struct code *code;		/* by address */
	struct place *place;
	struct sequence *sequence;	/* by place, then as they stand there */
	struct mark *mark;		/* by address */
	struct symbol *symbol;		/* by address */
	char **note;			/* sentences on what could not be seen */
	u32 code_nr, place_nr, sequence_nr, mark_nr, symbol_nr, note_nr;

	struct lines *lines;		/* lines.c's: addresses to source lines, or NULL */
	void **owned;			/* memory that goes with the object */
	u32 owned_nr;
};

/* Memory or the end of the program. */
void *tool_alloc(size_t bytes);
/* Room for one more in an array of @nr: @array may move. */
void *tool_more(void *array, u32 nr, size_t one);
/* Text as a decimal number within bounds; false if it is none. */
bool tool_number(const char *text, u64 low, u64 high, u64 *value);
/* Room in an object's memory, released by object_free(). */
void *object_alloc(struct object *object, size_t bytes);
char *object_print(struct object *object, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void object_note(struct object *object, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same, where the reason is one that hides sequences or findings. */
void object_unseen(struct object *object, const char *why);
void object_free(struct object *object);

/* The kernel that the tool judges for: one that honours all there is. */
const struct estp_rules *object_rules(enum machine machine, u32 page_size);
const char *machine_name(enum machine machine);
/* The machine of that name; false, with a sentence of @who, if there is none. */
bool machine_named(const char *name, const char *who, enum machine *machine);
const char *selector_name(u8 selector);

/* Adding, while an object is being read. */
void object_add_code(struct object *object, const struct code *code);
void object_add_mark(struct object *object, u64 addr, u8 kind, u8 arg);
void object_add_symbol(struct object *object, const struct symbol *symbol);
/* A page at @addr: its sequences, or why the kernel would refuse it. */
void object_add_page(struct object *object, u64 addr, const char *section);
/* All pages in @code, known by their magic. */
void object_find_pages(struct object *object, const struct code *code);
/* LIB-4's records, as the constructor would register them. */
void object_add_table(struct object *object, u64 addr, const u8 *bytes, size_t len,
		      const char *section);
/* Brings all in order: to be called when all code has been added, and at the end. */
void object_finish(struct object *object);

/* The code that holds @addr, or NULL. */
const struct code *object_code(const struct object *object, u64 addr);
/* The bytes from @addr on, and how many there are: 0 if it is no code. */
const u8 *object_bytes(const struct object *object, u64 addr, u64 *len);
/* The symbol at or before @addr that @addr belongs to, or NULL. */
const struct symbol *object_symbol(const struct object *object, u64 addr);
/* The function that holds @addr by its size, whatever labels stand nearer, or NULL. */
const struct symbol *object_function(const struct object *object, u64 addr);
/* "name", "name+0x12" or "section+0x12" into @text; "" where nothing is known. */
const char *object_where(const struct object *object, u64 addr, char *text, size_t len);
/* "file:12", or NULL.  Valid until the next call. */
const char *object_line(struct object *object, u64 addr);
/* The first mark in [@start, @end), and so on while marks last: @i is the place. */
const struct mark *object_mark(const struct object *object, u64 start, u64 end, u32 *i);

static inline u64 sequence_end(const struct sequence *s)
{
	return s->seq.start + s->seq.length;
}

/*
 * Readers.  @each is called for every object there is: one, or the members of an
 * archive.  They return 0, or -1 after having said why not in @why.
 */
struct input {
	const char *name;
	const u8 *bytes;
	size_t len;
	u64 address;		/* of a page image */
	enum machine machine;	/* of a page image */
};

typedef void each_object(struct object *object, void *data);

int input_open(struct input *input, const char *name, char *why, size_t why_len);
void input_close(struct input *input);

/* An ELF file, an archive of some, or a page image. */
int object_read(const struct input *input, each_object *each, void *data, char *why,
		size_t why_len);
int elf_read(const struct input *input, each_object *each, void *data, char *why,
	     size_t why_len);
int image_read(const struct input *input, each_object *each, void *data, char *why,
	       size_t why_len);
int live_read(int pid, each_object *each, void *data, char *why, size_t why_len);

/*
 * lines.c: lines of an object that was read from these bytes, which stay as long as it
 * does; or of the modules that a Dwfl, which becomes the lines' own, has reported.
 */
struct Dwfl;
struct lines *lines_open(const struct input *input);
struct lines *lines_live(struct Dwfl *dwfl);
const char *lines_find(struct object *object, u64 addr);
void lines_free(struct lines *lines);

#endif /* ESTP_TOOL_OBJECT_H */
