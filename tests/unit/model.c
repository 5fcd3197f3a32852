// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include "host.h"
#include "model.h"

void model_start(struct model *model, u32 page_size)
{
	*model = (struct model) { .page_size = page_size };
}

void model_stop(struct model *model)
{
	free(model->seq);
	*model = (struct model) { 0 };
}

static void add(struct model *model, const struct estp_sequence *seq)
{
	if (model->nr == model->room) {
		model->room = model->room ? 2 * model->room : 16;
		model->seq = realloc(model->seq, model->room * sizeof(*seq));
		if (!model->seq)
			abort();
	}
	model->seq[model->nr++] = *seq;
}

void model_fork(struct model *child, const struct model *parent)
{
	u32 i;

	model_start(child, parent->page_size);
	for (i = 0; i < parent->nr; i++)
		add(child, &parent->seq[i]);
}

/* Does [a, a + a_len) meet [b, b_end)? */
static bool meets(u64 a, u64 a_len, u64 b, u64 b_end)
{
	return a < b_end && b < a + a_len;
}

static bool span_meets(const struct estp_sequence *seq, u64 start, u64 end)
{
	return meets(seq->start, seq->length, start, end);
}

static bool response_meets(const struct estp_sequence *seq, u64 start, u64 end)
{
	return meets(seq->response, seq->response_len ? seq->response_len : 1, start, end);
}

static void take_out(struct model *model, u32 i)
{
	model->nr--;
	memmove(&model->seq[i], &model->seq[i + 1], (model->nr - i) * sizeof(*model->seq));
}

void model_add_page(struct model *model, u64 addr, const struct estp_sequence *seq, u32 nr)
{
	u32 i;

	for (i = model->nr; i-- > 0;)
		if (model->seq[i].layout == ESTP_LAYOUT_PAGE &&
		    span_meets(&model->seq[i], addr, addr + model->page_size))
			take_out(model, i);
	for (i = 0; i < nr; i++)
		add(model, &seq[i]);
}

void model_add_table(struct model *model, const struct estp_sequence *seq, u32 nr)
{
	u32 i, k;

	for (k = 0; k < nr; k++)
		for (i = model->nr; i-- > 0;)
			if (model->seq[i].layout == ESTP_LAYOUT_TABLE &&
			    model->seq[i].selector == seq[k].selector &&
			    model->seq[i].start == seq[k].start &&
			    model->seq[i].length == seq[k].length)
				take_out(model, i);
	for (k = 0; k < nr; k++)
		add(model, &seq[k]);
}

bool model_unregister(struct model *model, u64 start, u64 end)
{
	bool found = false;
	u32 i;

	for (i = model->nr; i-- > 0;)
		if (span_meets(&model->seq[i], start, end)) {
			take_out(model, i);
			found = true;
		}
	return found;
}

void model_unmap(struct model *model, u64 start, u64 end)
{
	u32 i;

	for (i = model->nr; i-- > 0;)
		if (span_meets(&model->seq[i], start, end) ||
		    response_meets(&model->seq[i], start, end))
			take_out(model, i);
}

bool model_before(const struct estp_sequence *a, const struct estp_sequence *b)
{
	if (a->layout != b->layout)
		return a->layout == ESTP_LAYOUT_TABLE;
	if (a->start != b->start)
		return a->start < b->start;
	if (a->length != b->length)
		return a->length < b->length;
	return a->response < b->response;
}

const struct estp_sequence *model_match(const struct model *model, u64 pc, u8 selector,
					u8 cause)
{
	const struct estp_sequence *best = NULL;
	u32 i;

	for (i = 0; i < model->nr; i++) {
		const struct estp_sequence *seq = &model->seq[i];

		if (!model_covers(seq, pc) || seq->selector != selector)
			continue;
		if (selector == ESTP_FAULT && !(seq->causes >> cause & 1))
			continue;
		if (!best || model_before(seq, best))
			best = seq;
	}
	return best;
}

static bool clears_at_least(const struct estp_sequence *a, const struct estp_sequence *b)
{
	return !(b->clear_mask & ~a->clear_mask) && !(b->flags & ~a->flags);
}

bool model_rule(const struct estp_sequence *seq, u32 nr)
{
	const struct model all = { .seq = (struct estp_sequence *)seq, .nr = nr };
	u32 i, k;

	for (i = 0; i < nr; i++) {
		const struct estp_sequence *at;

		if (seq[i].selector == ESTP_INTERRUPT)
			continue;
		at = model_match(&all, seq[i].response, ESTP_INTERRUPT, 0);
		for (k = 0; k < nr; k++) {
			const struct estp_sequence *box = &seq[k];

			if (box->selector != ESTP_INTERRUPT ||
			    (!box->clear_mask && !box->flags) ||
			    !span_meets(&seq[i], box->start, box->start + box->length))
				continue;
			if (!at || !clears_at_least(at, box))
				return false;
		}
	}
	return true;
}

bool model_agrees(const struct estp_sequence *seq, bool hit, const struct estp_match *match)
{
	if (!seq || !hit)
		return !seq && !hit;
	return match->response == seq->response && match->clear_mask == seq->clear_mask &&
	       match->reset_pkey == !!(seq->flags & ESTP_ENTRY_RESET_PKEY);
}
