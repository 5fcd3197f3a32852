/* SPDX-License-Identifier: MIT */
/*
 * The ABI said as plainly as can be: a list of sequences, gone through from end to
 * end at every question.  Slow and obvious; what core/ is measured against.
 */
#ifndef ESTP_TEST_MODEL_H
#define ESTP_TEST_MODEL_H

#include "../../core/core.h"

struct model {
	struct estp_sequence *seq;
	u32 nr, room;
	u32 page_size;
};

void model_start(struct model *model, u32 page_size);
void model_stop(struct model *model);
void model_fork(struct model *child, const struct model *parent);

/* Registering: a page's descriptors replace what that page had; entries add up. */
void model_add_page(struct model *model, u64 addr, const struct estp_sequence *seq, u32 nr);
void model_add_table(struct model *model, const struct estp_sequence *seq, u32 nr);
bool model_unregister(struct model *model, u64 start, u64 end);
void model_unmap(struct model *model, u64 start, u64 end);

/* What an event meets; NULL if nothing. */
const struct estp_sequence *model_match(const struct model *model, u64 pc, u8 selector,
					u8 cause);

/* Does a stand before b when both cover the pc? */
bool model_before(const struct estp_sequence *a, const struct estp_sequence *b);

/* Does "nothing masked may leak" hold for these?  They are in any order. */
bool model_rule(const struct estp_sequence *seq, u32 nr);

/* Is this the answer for that sequence? */
bool model_agrees(const struct estp_sequence *seq, bool hit, const struct estp_match *match);

static inline bool model_covers(const struct estp_sequence *seq, u64 addr)
{
	return addr >= seq->start && addr - seq->start < seq->length;
}

#endif /* ESTP_TEST_MODEL_H */
