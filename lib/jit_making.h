/* SPDX-License-Identifier: MIT */
/* A page or table while it is being made: jit_finish.c and jit_judge.c. */
#ifndef LIB_JIT_MAKING_H
#define LIB_JIT_MAKING_H

#include "core.h"
#include "jit.h"

#define JIT_HIDDEN __attribute__((visibility("hidden")))

/* Where things are while they are being made. */
struct making {
	struct estp_jit *jit;
	char *base, *code;
	size_t len;
	uint32_t header_len;
	uint32_t *order;		/* sequences as they stand in the page or table */
	struct estp_entry *entry;	/* table layout */
	struct estp_item *item;		/* as core/ has read them */
};

/* As of jit_fail(), see jit.h. */
#define jit_selector_name	estp_jit_selector_name_
#define jit_judge_page		estp_jit_judge_page_
#define jit_judge_table		estp_jit_judge_table_

extern const char *const jit_selector_name[] JIT_HIDDEN;

static inline uint32_t place(const struct estp_jit *jit, int label)
{
	return JIT_OF(const struct jit_label, jit->labels)[label].at;
}

static inline const struct jit_sequence *sequence(const struct estp_jit *jit, uint32_t i)
{
	return &JIT_OF(const struct jit_sequence, jit->sequences)[i];
}

static inline const struct jit_response *response(const struct estp_jit *jit, int label)
{
	int i = JIT_OF(const struct jit_label, jit->labels)[label].response;

	return i < 0 ? NULL : &JIT_OF(const struct jit_response, jit->responses)[i];
}

/* 0, or the error that stuck. */
int jit_judge_page(struct making *m) JIT_HIDDEN;
int jit_judge_table(struct making *m, const struct estp_table *table) JIT_HIDDEN;

#endif /* LIB_JIT_MAKING_H */
