// SPDX-License-Identifier: MIT
/*
 * An object: what was found in it, in one form for all sources.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

#include <estp/asm.h>

void *tool_alloc(size_t bytes)
{
	void *memory = calloc(1, bytes ? bytes : 1);

	if (!memory) {
		fputs("estp: out of memory\n", stderr);
		exit(2);
	}
	return memory;
}

/* Capacities are the powers of two: no room is left when @nr is one. */
void *tool_more(void *array, u32 nr, size_t one)
{
	if (nr & (nr - 1))
		return array;
	array = realloc(array, (nr ? 2 * (size_t)nr : 1) * one);
	if (!array) {
		fputs("estp: out of memory\n", stderr);
		exit(2);
	}
	return array;
}

bool tool_number(const char *text, u64 low, u64 high, u64 *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *value >= low && *value <= high;
}

static void *own(struct object *object, void *memory)
{
	object->owned = tool_more(object->owned, object->owned_nr, sizeof(*object->owned));
	object->owned[object->owned_nr++] = memory;
	return memory;
}

void *object_alloc(struct object *object, size_t bytes)
{
	return own(object, tool_alloc(bytes));
}

static char *print(struct object *object, const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		text = tool_alloc(1);
	return own(object, text);
}

char *object_print(struct object *object, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = print(object, format, args);
	va_end(args);
	return text;
}

void object_note(struct object *object, const char *format, ...)
{
	va_list args;

	object->note = tool_more(object->note, object->note_nr, sizeof(*object->note));
	va_start(args, format);
	object->note[object->note_nr++] = print(object, format, args);
	va_end(args);
}

void object_unseen(struct object *object, const char *why)
{
	object->unseen = true;
	object_note(object, "%s", why);
}

void object_free(struct object *object)
{
	u32 i;

	lines_free(object->lines);
	for (i = 0; i < object->owned_nr; i++)
		free(object->owned[i]);
	free(object->owned);
	free(object->code);
	free(object->place);
	free(object->sequence);
	free(object->mark);
	free(object->symbol);
	free(object->note);
	memset(object, 0, sizeof(*object));
}

const struct estp_rules *object_rules(enum machine machine, u32 page_size)
{
	static struct estp_rules rules;

	rules = (struct estp_rules) {
		.page_size = page_size,
		.clear_valid = machine == MACHINE_X86_64 ? ESTP_X86_64_CLEAR_VALID :
							   ESTP_ARM64_CLEAR_VALID,
		.insn_align = machine == MACHINE_X86_64 ? 1 : 4,
		.causes = ESTP_CAUSE_VALID,
		.reset_pkey = true,
	};
	return &rules;
}

const char *machine_name(enum machine machine)
{
	return machine == MACHINE_X86_64 ? "x86_64" : "arm64";
}

bool machine_named(const char *name, const char *who, enum machine *machine)
{
	*machine = strcmp(name, machine_name(MACHINE_ARM64)) ? MACHINE_X86_64 : MACHINE_ARM64;
	if (!strcmp(name, machine_name(*machine)))
		return true;
	fprintf(stderr, "%s: ESTP has no port for '%s'\n", who, name);
	return false;
}

const char *selector_name(u8 selector)
{
	static const char *const name[] = { "PREEMPTION", "INTERRUPT", "FAULT" };

	return selector < ESTP_SELECTOR_NR ? name[selector] : "unknown";
}

/* ---- Adding ---------------------------------------------------------------- */

void object_add_code(struct object *object, const struct code *code)
{
	object->code = tool_more(object->code, object->code_nr, sizeof(*code));
	object->code[object->code_nr++] = *code;
}

void object_add_mark(struct object *object, u64 addr, u8 kind, u8 arg)
{
	object->mark = tool_more(object->mark, object->mark_nr, sizeof(*object->mark));
	object->mark[object->mark_nr++] = (struct mark) { .addr = addr, .kind = kind, .arg = arg };
}

void object_add_symbol(struct object *object, const struct symbol *symbol)
{
	/* "$x" and the like say, on arm64, what is code. */
	if (!*symbol->name || *symbol->name == '$')
		return;
	object->symbol = tool_more(object->symbol, object->symbol_nr, sizeof(*symbol));
	object->symbol[object->symbol_nr++] = *symbol;
}

static struct place *add_place(struct object *object)
{
	object->place = tool_more(object->place, object->place_nr, sizeof(*object->place));
	object->place[object->place_nr] = (struct place) { .first = object->sequence_nr };
	return &object->place[object->place_nr++];
}

static struct sequence *add_sequence(struct object *object)
{
	struct sequence *s;

	object->sequence = tool_more(object->sequence, object->sequence_nr, sizeof(*s));
	s = &object->sequence[object->sequence_nr++];
	*s = (struct sequence) { .place = object->place_nr - 1 };
	object->place[s->place].sequences++;
	return s;
}

/*
 * arm64 kernels have pages of three sizes, and one object runs on all: the smallest
 * page that its offsets fit.
 */
static int parse_page(enum machine machine, const u8 *page, u64 addr,
		      struct estp_sequence *out, struct estp_reject *why)
{
	static const u32 size[] = { 4096, 16384, 65536 };
	u32 i, sizes = machine == MACHINE_ARM64 ? 3 : 1;
	int nr = -1;

	for (i = 0; i < sizes && nr < 0 && !(addr % size[i]); i++) {
		struct estp_reject first = *why;

		nr = estp_parse_page(object_rules(machine, size[i]), page, addr, out, why);
		if (nr < 0 && i && why->reason != ESTP_PAST_PAGE &&
		    why->reason != ESTP_BAD_RESPONSE_LEN)
			*why = first;
	}
	return nr;
}

void object_add_page(struct object *object, u64 addr, const char *section)
{
	struct estp_sequence *seq = tool_alloc(ESTP_PAGE_COUNT_MAX * sizeof(*seq));
	u8 *page = tool_alloc(65536);	/* the biggest page; what is not in the file is 0 */
	struct place *place = add_place(object);
	struct estp_reject why = { 0 };
	u64 len, meta;
	const u8 *bytes = object_bytes(object, addr, &len);
	int nr, i;

	memcpy(page, bytes, len < 65536 ? len : 65536);
	memcpy(&meta, page, sizeof(meta));
	place->addr = addr;
	place->layout = ESTP_LAYOUT_PAGE;
	place->section = section;
	place->nr = meta & ESTP_META_COUNT_MASK;
	nr = parse_page(object->machine, page, addr, seq, &why);
	if (nr < 0) {
		place->refused = true;
		place->why = why;
	}
	for (i = 0; i < nr; i++) {
		struct sequence *s = add_sequence(object);

		s->seq = seq[i];
		s->index = i;
	}
	free(page);
	free(seq);
}

/* Below a page of memory a piece of code is only whole with what the loader adds. */
#define PAGE_STEP	4096u

void object_find_pages(struct object *object, const struct code *code)
{
	u64 off = -code->addr & (PAGE_STEP - 1), meta;

	for (; off + sizeof(meta) <= code->len; off += PAGE_STEP) {
		memcpy(&meta, code->bytes + off, sizeof(meta));
		if (meta >> ESTP_META_MAGIC_SHIFT == ESTP_MAGIC)
			object_add_page(object, code->addr + off, code->section);
		/* An address that wraps would come by again. */
		if (off + PAGE_STEP < off)
			break;
	}
}

void object_add_table(struct object *object, u64 addr, const u8 *bytes, size_t len,
		      const char *section)
{
	const struct estp_rules *rules = object_rules(object->machine, PAGE_STEP);
	struct estp_table table = { .base = addr, .entry_size = sizeof(struct estp_entry) };
	struct place *place = add_place(object);
	size_t nr = len / sizeof(struct estp_entry), i;

	place->addr = addr;
	place->layout = ESTP_LAYOUT_TABLE;
	place->section = section;
	place->nr = nr;
	if (len % sizeof(struct estp_entry))
		object_note(object, "%s is no whole number of records", section);
	if (nr > ESTP_TABLE_COUNT_MAX) {
		place->refused = true;
		place->why = (struct estp_reject) { ESTP_BAD_COUNT, ESTP_FIELD_METADATA,
						    ESTP_IN_THE_HEADER, nr };
		return;
	}
	for (i = 0; i < nr; i++) {
		struct sequence *s = add_sequence(object);
		struct estp_entry entry;
		u32 off = i * sizeof(entry);

		memcpy(&entry, bytes + off, sizeof(entry));
		entry.start = (s32)((u32)entry.start + off);
		entry.response = (s32)((u32)entry.response + off +
				       (u32)offsetof(struct estp_entry, response));
		s->index = i;
		if (!estp_parse_entry(rules, &table, &entry, i, &s->seq, &s->why))
			continue;
		s->refused = true;
		s->seq = (struct estp_sequence) {
			.start = estp_entry_start(&table, &entry),
			.response = estp_entry_response(&table, &entry),
			.length = entry.length,
			.clear_mask = entry.clear_mask,
			.response_len = entry.response_len,
			.selector = entry.selector,
			.causes = entry.causes,
			.flags = entry.flags,
			.layout = ESTP_LAYOUT_TABLE,
		};
	}
}

static int by_addr(u64 a, u64 b)
{
	return a < b ? -1 : a > b;
}

static int compare_code(const void *a, const void *b)
{
	return by_addr(((const struct code *)a)->addr, ((const struct code *)b)->addr);
}

static int compare_mark(const void *a, const void *b)
{
	return by_addr(((const struct mark *)a)->addr, ((const struct mark *)b)->addr);
}

/* What of a name tells it from others: somebody's may be as long as a file. */
#define NAME_COMPARED	256

/* Of several at one address the last one names it: functions that have a size. */
static int compare_symbol(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;
	int order = by_addr(x->addr, y->addr);

	if (!order)
		order = (int)x->function - (int)y->function;
	return order ? order : -strncmp(x->name, y->name, NAME_COMPARED);
}

static void sort(void *array, u32 nr, size_t one, int (*compare)(const void *, const void *))
{
	if (nr)
		qsort(array, nr, one, compare);
}

void object_finish(struct object *object)
{
	sort(object->code, object->code_nr, sizeof(*object->code), compare_code);
	sort(object->mark, object->mark_nr, sizeof(*object->mark), compare_mark);
	sort(object->symbol, object->symbol_nr, sizeof(*object->symbol), compare_symbol);
}

/* ---- Asking ---------------------------------------------------------------- */

const struct code *object_code(const struct object *object, u64 addr)
{
	u32 lo = 0, hi = object->code_nr;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (object->code[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && addr - object->code[lo - 1].addr < object->code[lo - 1].len ?
	       &object->code[lo - 1] : NULL;
}

const u8 *object_bytes(const struct object *object, u64 addr, u64 *len)
{
	const struct code *code = object_code(object, addr);

	*len = code ? code->len - (addr - code->addr) : 0;
	return code ? code->bytes + (addr - code->addr) : NULL;
}

/* How far back to look for one that holds the address, past labels inside it. */
#define SYMBOLS_BACK	64

/* How many symbols there are at addr and before it. */
static u32 symbols_up_to(const struct object *object, u64 addr)
{
	u32 lo = 0, hi = object->symbol_nr;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (object->symbol[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct symbol *object_function(const struct object *object, u64 addr)
{
	u32 nr = symbols_up_to(object, addr), i;

	for (i = 0; i < 8 * SYMBOLS_BACK && i < nr; i++) {
		const struct symbol *symbol = &object->symbol[nr - 1 - i];

		if (symbol->function && addr - symbol->addr < symbol->size)
			return symbol;
	}
	return NULL;
}

const struct symbol *object_symbol(const struct object *object, u64 addr)
{
	u32 lo = symbols_up_to(object, addr), i;
	const struct code *code = object_code(object, addr);
	const struct symbol *label = NULL;

	for (i = 0; i < SYMBOLS_BACK && i < lo; i++) {
		const struct symbol *symbol = &object->symbol[lo - 1 - i];

		if (symbol->addr == addr || addr - symbol->addr < symbol->size)
			return symbol;
		if (!label && !symbol->size && code && symbol->addr >= code->addr)
			label = symbol;
	}
	return label;
}

const char *object_where(const struct object *object, u64 addr, char *text, size_t len)
{
	const struct symbol *symbol = object_symbol(object, addr);
	const struct code *code;

	if (symbol && symbol->addr == addr)
		snprintf(text, len, "%.*s", (int)len, symbol->name);
	else if (symbol)
		snprintf(text, len, "%.*s+0x%llx", (int)len, symbol->name,
			 (unsigned long long)(addr - symbol->addr));
	else if ((code = object_code(object, addr)) && code->section)
		snprintf(text, len, "%.*s+0x%llx", (int)len, code->section,
			 (unsigned long long)(addr - code->addr));
	else
		snprintf(text, len, "%s", "");
	return text;
}

const char *object_line(struct object *object, u64 addr)
{
	return lines_find(object, addr);
}

const struct mark *object_mark(const struct object *object, u64 start, u64 end, u32 *i)
{
	for (; *i < object->mark_nr; ++*i) {
		const struct mark *mark = &object->mark[*i];

		if (mark->addr >= end)
			return NULL;
		if (mark->addr >= start) {
			++*i;
			return mark;
		}
	}
	return NULL;
}
