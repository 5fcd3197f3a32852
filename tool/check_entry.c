// SPDX-License-Identifier: MIT
/* The rules on code that does not fit the spans: jumps into them, starts in instructions. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* ---- Jumps into the middle ------------------------------------------------------------- */

struct range {
	u64 start, end;
};

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* The middles of all spans in which a jump does harm, joined where they overlap. */
static u32 middles(const struct object *object, struct range *range)
{
	u32 nr = 0, joined = 0, i;

	for (i = 0; i < object->sequence_nr; i++) {
		const struct sequence *s = &object->sequence[i];

		/* The response to a FAULT copes with any instruction that faults. */
		if (!s->refused && s->seq.selector != ESTP_FAULT && s->seq.length > 1)
			range[nr++] = (struct range) { s->seq.start + 1, sequence_end(s) };
	}
	if (nr)
		qsort(range, nr, sizeof(*range), by_start);
	for (i = 0; i < nr; i++) {
		if (joined && range[i].start <= range[joined - 1].end) {
			if (range[joined - 1].end < range[i].end)
				range[joined - 1].end = range[i].end;
		} else {
			range[joined++] = range[i];
		}
	}
	return joined;
}

static bool in_range(const struct range *range, u32 nr, u64 addr)
{
	u32 lo = 0, hi = nr;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (range[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo < nr && range[lo].start <= addr;
}

#define SYMBOL_FAR	65536
#define SYNC		256	/* bytes after which decoding has found the boundaries */

static bool is_direct(const struct insn *insn)
{
	return insn->flow == FLOW_JUMP || insn->flow == FLOW_BRANCH || insn->flow == FLOW_CALL;
}

/*
 * Is the opcode at *addr that of a jump or call which the code's own decoding comes by?
 * Then *addr becomes where that begins: with its prefixes.
 */
static bool is_transfer(struct check *check, const struct code *code, u64 *addr, u64 target)
{
	const struct symbol *symbol = object_symbol(check->object, *addr);
	u64 at = *addr - code->addr > SYNC ? *addr - SYNC : code->addr;
	struct insn insn = { 0 };

	if (symbol && symbol->function && symbol->addr >= code->addr &&
	    *addr - symbol->addr < SYMBOL_FAR)
		at = symbol->addr;
	while (at <= *addr) {
		u64 off = at - code->addr;

		if (!decode(check->decoder, code->bytes + off, code->len - off, at, &insn))
			insn = (struct insn) { .len = 1 };
		at += insn.len;
	}
	*addr = insn.addr;
	/* What is not judged leads elsewhere on some processors. */
	return is_direct(&insn) && (insn.target == target || !insn.judged);
}

static void report_entry(struct check *check, const struct code *code, u64 addr, u64 target)
{
	struct object *object = check->object;
	u32 i;

	if (object->machine == MACHINE_X86_64 && !is_transfer(check, code, &addr, target))
		return;
	for (i = 0; i < object->sequence_nr; i++) {
		const struct sequence *s = &object->sequence[i];

		if (s->refused || s->seq.selector == ESTP_FAULT ||
		    target - s->seq.start - 1 >= (u64)s->seq.length - 1 ||
		    addr - s->seq.start < s->seq.length)
			continue;
		report(check, ESTP_RULE_ENTRY, s, addr,
		       "a jump to 0x%llx, into the middle of the span 0x%llx..0x%llx, which is protected from there on, but was not begun",
		       (unsigned long long)target, (unsigned long long)s->seq.start,
		       (unsigned long long)sequence_end(s));
	}
}

/* By the bytes of direct jumps: whether there is one is looked at only where it would hit. */
static void scan_x86_64(struct check *check, const struct code *code, const struct range *range,
			u32 nr)
{
	const u8 *b = code->bytes;
	u64 i;

	for (i = 0; i + 1 < code->len; i++) {
		u64 addr = code->addr + i, target;
		u32 op = b[i], len = 0;
		s32 by;

		if ((op & 0xfe) == 0xe8 && i + 5 <= code->len)
			len = 1;
		else if (op == 0x0f && (b[i + 1] & 0xf0) == 0x80 && i + 6 <= code->len)
			len = 2;
		if (len) {
			memcpy(&by, b + i + len, sizeof(by));
			target = addr + len + 4 + (u64)(s64)by;
		} else if ((op & 0xf0) == 0x70 || op == 0xeb || (op & 0xfc) == 0xe0) {
			target = addr + 2 + (u64)(s64)(int8_t)b[i + 1];
		} else {
			continue;
		}
		if (in_range(range, nr, target))
			report_entry(check, code, addr, target);
	}
}

#define AROUND	16		/* words before it that have to be instructions, too */

/* Segments of code hold data as well: is this a word of a function, or among instructions? */
static bool among_code(struct check *check, const struct code *code, u64 addr)
{
	struct insn insn;
	u32 i;

	if (object_function(check->object, addr))
		return true;
	for (i = 1; i <= AROUND && addr - code->addr >= 4 * i; i++)
		if (!decode(check->decoder, code->bytes + (addr - code->addr - 4 * i), 4, addr,
			    &insn) || !insn.judged)
			return false;
	return true;
}

static void scan_arm64(struct check *check, const struct code *code, const struct range *range,
		       u32 nr)
{
	u64 i;

	for (i = -code->addr & 3; i + 4 <= code->len; i += 4) {
		struct insn insn;

		/* Branches and system instructions have 101 there. */
		if ((code->bytes[i + 3] & 0x1c) == 0x14 &&
		    decode(check->decoder, code->bytes + i, 4, code->addr + i, &insn) &&
		    is_direct(&insn) && in_range(range, nr, insn.target) &&
		    among_code(check, code, insn.addr))
			report_entry(check, code, insn.addr, insn.target);
	}
}

void check_entries(struct check *check)
{
	struct object *object = check->object;
	struct range *range = tool_alloc(object->sequence_nr * sizeof(*range));
	u32 nr = middles(object, range), i;

	for (i = 0; nr && i < object->code_nr; i++)
		(object->machine == MACHINE_X86_64 ? scan_x86_64 : scan_arm64)(check, &object->code[i],
									       range, nr);
	free(range);
}

/* ---- Starts inside of an instruction ----------------------------------------------------- */

#define WALK_MAX	16384	/* bytes of a function that are walked */

/* From the function's entry along its code: an instruction that holds addr, but elsewhere. */
static bool inside_insn(struct check *check, const struct code *code, u64 from, u64 addr,
			u64 *found)
{
	u64 len = addr - from, i;
	u8 *seen;
	u64 *todo;
	u32 nr = 0;
	bool inside = false;

	if (len > WALK_MAX)
		return false;
	seen = tool_alloc(len + 1);
	todo = tool_alloc((2 * len + 2) * sizeof(*todo));
	todo[nr++] = from;
	for (i = 0; i < nr && !inside; i++) {
		u64 at = todo[i];

		while (at - from < len && !seen[at - from]) {
			u64 off = at - code->addr;
			struct insn insn;

			seen[at - from] = 1;
			if (!decode(check->decoder, code->bytes + off, code->len - off, at, &insn))
				break;
			if (insn_end(&insn) > addr) {
				inside = true;
				*found = at;
				break;
			}
			if ((insn.flow == FLOW_BRANCH || insn.flow == FLOW_JUMP) &&
			    insn.target - from < len && nr < 2 * len)
				todo[nr++] = insn.target;
			if (insn.flow != FLOW_NEXT && insn.flow != FLOW_BRANCH &&
			    insn.flow != FLOW_CALL && insn.flow != FLOW_CALL_INDIRECT)
				break;
			at = insn_end(&insn);
		}
	}
	free(seen);
	free(todo);
	return inside;
}

void check_starts(struct check *check)
{
	struct object *object = check->object;
	u64 at = 0;
	u32 i;

	/* Where no start lies inside of one, or it would have been refused. */
	if (check->decoder->isa->step != 1)
		return;
	for (i = 0; i < object->sequence_nr; i++) {
		const struct sequence *s = &object->sequence[i];
		const struct code *code = object_code(object, s->seq.start);
		const struct symbol *symbol = object_function(object, s->seq.start);

		if (s->refused || !code)
			continue;
		if (symbol && symbol->addr >= code->addr &&
		    inside_insn(check, code, symbol->addr, s->seq.start, &at))
			report(check, ESTP_RULE_CUT, s, s->seq.start,
			       "the span's start lies inside the instruction at 0x%llx",
			       (unsigned long long)at);
	}
}
