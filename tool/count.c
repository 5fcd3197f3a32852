// SPDX-License-Identifier: MIT
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"
#include "object.h"

static int compare(const void *a, const void *b)
{
	const struct estp_sequence *x = &((const struct counted *)a)->seq;
	const struct estp_sequence *y = &((const struct counted *)b)->seq;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->response != y->response)
		return x->response < y->response ? -1 : 1;
	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	return (int)x->selector - (int)y->selector;
}

/* The one that is there already, or a new one. */
static struct counted *get(struct counts *counts, const struct estp_sequence *seq)
{
	struct counted *counted = tool_alloc(sizeof(*counted)), **there;

	counted->seq = *seq;
	there = tsearch(counted, &counts->tree, compare);
	if (!there) {
		fputs("estp: out of memory\n", stderr);
		exit(2);
	}
	if (*there != counted) {
		free(counted);
		return *there;
	}
	counts->counted = tool_more(counts->counted, counts->nr, sizeof(*counts->counted));
	counts->counted[counts->nr++] = counted;
	return counted;
}

void counts_update(struct counts *counts, const struct estp_sequence *seq, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		get(counts, &seq[i]);
	memset(counts->slot_key, 0, sizeof(counts->slot_key));
	counts->stale = false;
}

static struct counted *find(struct counts *counts, const struct event *event)
{
	struct estp_sequence none = {
		.start = event->pc, .response = event->response, .selector = event->selector,
	};
	struct counted *counted;
	u32 i;

	for (i = 0; i < counts->nr; i++) {
		const struct estp_sequence *seq = &counts->counted[i]->seq;

		if (seq->selector == event->selector && event->pc - seq->start < seq->length &&
		    seq->response == event->response)
			return counts->counted[i];
	}
	/* Registered a moment ago, or gone already: the list is only asked once for it. */
	i = counts->nr;
	counted = get(counts, &none);
	counts->stale |= counts->nr != i;
	return counted;
}

void counts_add(struct counts *counts, const struct event *event)
{
	const u64 key[] = { event->pc, event->response, event->selector + 1u };
	u32 slot = (event->pc * 31 + event->response * 7 + event->selector) & 1023;

	if (memcmp(counts->slot_key[slot], key, sizeof(key))) {
		counts->slot[slot] = find(counts, event);
		memcpy(counts->slot_key[slot], key, sizeof(key));
	}
	counts->slot[slot]->since++;
}

/* ---- Coming to the end ------------------------------------------------------------------ */

/*
 * A FAULT is a branch, and often the common one: only where its response lies in its own
 * span can it go round in a circle.
 */
static bool may_go_round(const struct counted *c)
{
	return c->seq.length && (c->seq.selector != ESTP_FAULT ||
				 c->seq.response - c->seq.start < c->seq.length);
}

void counts_look_after(struct counts *counts, int pid)
{
	u32 i, busy = 0;

	for (i = 0; i < counts->nr; i++)
		busy += !!counts->counted[i]->ends;
	while (busy < ENDS_MAX) {
		struct counted *most = NULL;

		for (i = 0; i < counts->nr; i++) {
			struct counted *c = counts->counted[i];

			if (!c->ends && !c->refused && may_go_round(c) &&
			    c->since >= COUNT_ENOUGH && (!most || c->since > most->since))
				most = c;
		}
		if (!most)
			return;
		most->ends = ends_open(pid, most->seq.start + most->seq.length);
		most->watched_from = most->since;
		most->refused = !most->ends;
		busy += !!most->ends;
	}
}

int counts_end(const struct counted *c)
{
	int seen = c->ends ? ends_seen(c->ends) : -1;

	/* That nobody came says something only where somebody was sent back. */
	return !seen && c->since - c->watched_from < COUNT_ENOUGH ? -1 : seen;
}

void counts_next(struct counts *counts)
{
	u32 i;

	for (i = 0; i < counts->nr; i++) {
		struct counted *c = counts->counted[i];

		ends_close(c->ends);
		c->ends = NULL;
		c->refused = false;
		c->before += c->since;
		c->since = 0;
	}
}

void counts_forget(struct counts *counts)
{
	u32 i;

	counts_next(counts);
	for (i = 0; i < counts->nr; i++)
		counts->counted[i]->before = 0;
}

void counts_free(struct counts *counts)
{
	counts_next(counts);
	tdestroy(counts->tree, free);
	free(counts->counted);
}
