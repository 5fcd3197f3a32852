// SPDX-License-Identifier: MIT
/* The rules on descriptors, of an object as a whole: what is refused, what would leak. */
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
