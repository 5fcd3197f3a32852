// SPDX-License-Identifier: MIT
/*
 * The rules on an object as a whole: what the kernel would refuse, what would leak, and
 * code that does not fit the spans.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* ---- What the kernel would refuse ------------------------------------------------- */

bool check_mapped(struct check *check, const struct sequence *s)
{
	const struct estp_sequence *seq = &s->seq;
	const struct code *code = object_code(check->object, seq->start);
	u64 len = seq->response_len ? seq->response_len : 1;

	if (!code || seq->length > code->len - (seq->start - code->addr)) {
		report(check, ESTP_RULE_REFUSED, s, seq->start,
		       "the span 0x%llx..0x%llx does not lie in the file's executable code",
		       (unsigned long long)seq->start, (unsigned long long)sequence_end(s));
		return false;
	}
	/* A linker has yet to bring a relocatable file's sections together. */
	if (check->object->relocatable)
		return true;
	if (seq->response - code->addr >= code->len ||
	    len > code->len - (seq->response - code->addr)) {
		report(check, ESTP_RULE_REFUSED, s, seq->start,
		       "the response 0x%llx does not lie in the same executable segment as the span",
		       (unsigned long long)seq->response);
		return false;
	}
	return true;
}

static void report_reject(struct check *check, const struct sequence *s, u64 addr,
			  const struct estp_reject *why, u8 layout)
{
	if (why->index == ESTP_IN_THE_HEADER)
		report(check, ESTP_RULE_REFUSED, s, addr, "%s: %s (0x%llx)",
		       estp_field_text(why->field), estp_reason_text(why->reason),
		       (unsigned long long)why->value);
	else
		report(check, ESTP_RULE_REFUSED, s, addr, "%s %u, %s: %s (0x%llx)",
		       layout == ESTP_LAYOUT_PAGE ? "descriptor" : "entry", why->index,
		       estp_field_text(why->field), estp_reason_text(why->reason),
		       (unsigned long long)why->value);
}

static int by_key(const void *a, const void *b)
{
	const struct estp_sequence *x = &(*(struct sequence *const *)a)->seq;
	const struct estp_sequence *y = &(*(struct sequence *const *)b)->seq;

	if (x->selector != y->selector)
		return x->selector < y->selector ? -1 : 1;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->length < y->length ? -1 : x->length > y->length;
}

static void check_duplicates(struct check *check)
{
	struct object *object = check->object;
	struct sequence **entry = tool_alloc(object->sequence_nr * sizeof(*entry));
	u32 nr = 0, i;

	for (i = 0; i < object->sequence_nr; i++)
		if (!object->sequence[i].refused &&
		    object->sequence[i].seq.layout == ESTP_LAYOUT_TABLE)
			entry[nr++] = &object->sequence[i];
	if (nr)
		qsort(entry, nr, sizeof(*entry), by_key);
	for (i = 1; i < nr; i++)
		if (!by_key(&entry[i - 1], &entry[i]))
			report(check, ESTP_RULE_REFUSED, entry[i], entry[i]->seq.start,
			       "entries %u and %u of the table: %s", entry[i - 1]->index,
			       entry[i]->index, estp_reason_text(ESTP_DUPLICATE));
	free(entry);
}

void check_refused(struct check *check)
{
	struct object *object = check->object;
	u32 i;

	for (i = 0; i < object->place_nr; i++)
		if (object->place[i].refused)
			report_reject(check, NULL, object->place[i].addr, &object->place[i].why,
				      object->place[i].layout);
	for (i = 0; i < object->sequence_nr; i++)
		if (object->sequence[i].refused)
			report_reject(check, &object->sequence[i], object->sequence[i].seq.start,
				      &object->sequence[i].why, object->sequence[i].seq.layout);
	check_duplicates(check);
}

/* ---- Nothing masked may leak (MASK-5), here over all places of the object (OBL-18) ------- */

static u32 leaks_in(struct check *check, u32 place)
{
	struct object *object = check->object;
	u32 first = place == OUTSIDE ? 0 : object->place[place].first;
	u32 all = place == OUTSIDE ? object->sequence_nr : object->place[place].sequences;
	struct estp_item *item = tool_alloc(all * sizeof(*item));
	u32 nr = 0, found = 0, i, offender;
	void *scratch;

	for (i = first; i < first + all; i++) {
		const struct sequence *s = &object->sequence[i];

		if (s->refused)
			continue;
		item[nr].seq = s->seq;
		item[nr].seq.layout = ESTP_LAYOUT_TABLE;
		item[nr++].wide = i;	/* which it is; the sort carries it along */
	}
	estp_sort(item, nr);
	scratch = tool_alloc(estp_rule_scratch(nr));
	/* It names the first; the next one shows when that one is gone. */
	while (found < 64 && !estp_rule_check(item, nr, scratch, &offender)) {
		const struct sequence *s = &object->sequence[item[offender].wide];

		report(check, ESTP_RULE_LEAK, s, s->seq.response,
		       "the response lies in no INTERRUPT span that clears what those over the span 0x%llx..0x%llx clear: it would leak",
		       (unsigned long long)s->seq.start, (unsigned long long)sequence_end(s));
		found++;
		nr--;
		memmove(&item[offender], &item[offender + 1], (nr - offender) * sizeof(*item));
	}
	free(scratch);
	free(item);
	return found;
}

void check_leaks(struct check *check)
{
	struct object *object = check->object;
	u32 i, found = 0;
	bool box = false;

	for (i = 0; i < object->sequence_nr; i++)
		box |= object->sequence[i].seq.clear_mask || object->sequence[i].seq.flags;
	if (!box)
		return;
	for (i = 0; i < object->place_nr; i++)
		found += leaks_in(check, i);
	if (!found)
		leaks_in(check, OUTSIDE);
}

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

/* Is it a jump or call that the code's own decoding comes by? */
static bool is_transfer(struct check *check, const struct code *code, u64 addr, u64 target)
{
	const struct symbol *symbol = object_symbol(check->object, addr);
	u64 at = addr - code->addr > SYNC ? addr - SYNC : code->addr;
	struct insn insn;

	if (symbol && symbol->function && symbol->addr >= code->addr &&
	    addr - symbol->addr < SYMBOL_FAR)
		at = symbol->addr;
	while (at < addr) {
		u64 off = at - code->addr;

		at += decode(check->decoder, code->bytes + off, code->len - off, at, &insn) ?
		      insn.len : 1;
	}
	if (at != addr || !decode(check->decoder, code->bytes + (at - code->addr),
				  code->len - (at - code->addr), at, &insn))
		return false;
	return (insn.flow == FLOW_JUMP || insn.flow == FLOW_BRANCH || insn.flow == FLOW_CALL) &&
	       insn.target == target;
}

static void report_entry(struct check *check, const struct code *code, u64 addr, u64 target)
{
	struct object *object = check->object;
	u32 i;

	if (!is_transfer(check, code, addr, target))
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
static void scan(struct check *check, const struct code *code, const struct range *range, u32 nr)
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

void check_entries(struct check *check)
{
	struct object *object = check->object;
	struct range *range = tool_alloc(object->sequence_nr * sizeof(*range));
	u32 nr = middles(object, range), i;

	for (i = 0; nr && i < object->code_nr; i++)
		scan(check, &object->code[i], range, nr);
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
