// SPDX-License-Identifier: MIT
/*
 * Is what was laid out well-formed? core/ reads it as the kernel will; what is wrong is told
 * of the sequence by its number in the order of being added.
 */
#include <stdlib.h>

#include <estp/object.h>

#include "jit_making.h"

const char *const jit_selector_name[] = { "PREEMPTION", "INTERRUPT", "FAULT" };

/* What this kernel honours; without ESTP, what any would. */
static struct estp_rules rules(const struct estp_jit *jit)
{
	bool any = !estp_has(ESTP_FEATURE_VERSION_1);
	struct estp_rules rules = {
		.page_size = jit->page_size,
		.clear_valid = ESTP_CLEAR_VALID_,
		.insn_align = ESTP_INSN_ALIGN_,
		.causes = ESTP_CAUSE_PAGE,
		.reset_pkey = any || estp_has(ESTP_FEATURE_RESET_PKEY),
	};

	if (any || estp_has(ESTP_FEATURE_MCEERR))
		rules.causes |= ESTP_CAUSE_MCEERR;
	if (!any && !estp_has(ESTP_FEATURE_CLEAR_FP))
		rules.clear_valid &= ~ESTP_CLEAR_FP;
	return rules;
}

static int malformed(struct making *m, const struct estp_reject *why)
{
	uint32_t i = why->index == ESTP_IN_THE_HEADER ? 0 : m->order[why->index];

	return jit_fail(m->jit, -ENOEXEC, "sequence %u (%s): %s: %s (%#llx)", i,
			jit_selector_name[sequence(m->jit, i)->selector],
			estp_field_text(why->field), estp_reason_text(why->reason),
			(unsigned long long)why->value);
}

/* Which sequence an item was made from. */
static uint32_t origin(const struct making *m, const struct estp_sequence *seq)
{
	uint32_t i;

	for (i = 0; i + 1 < m->jit->sequences.nr; i++) {
		const struct jit_sequence *s = sequence(m->jit, i);

		if (s->selector == seq->selector &&
		    (uintptr_t)m->code + place(m->jit, s->start) == seq->start &&
		    place(m->jit, s->end) - place(m->jit, s->start) == seq->length)
			break;
	}
	return i;
}

/* What concerns all sequences together: no key twice, and nothing masked leaks. */
static int judge_all(struct making *m)
{
	uint32_t i, nr = (uint32_t)m->jit->sequences.nr, offender;
	void *scratch = malloc(estp_rule_scratch(nr));
	int error = 0;

	if (!scratch)
		return jit_fail(m->jit, -ENOMEM, "there is no memory");
	estp_sort(m->item, nr);
	for (i = 1; i < nr && m->jit->layout == ESTP_LAYOUT_TABLE && !error; i++)
		if (estp_same_key(&m->item[i - 1].seq, &m->item[i].seq))
			error = jit_fail(m->jit, -ENOEXEC, "sequence %u (%s): %s",
					 origin(m, &m->item[i].seq),
					 jit_selector_name[m->item[i].seq.selector],
					 estp_reason_text(ESTP_DUPLICATE));
	if (!error && !estp_rule_check(m->item, nr, scratch, &offender))
		error = jit_fail(m->jit, -ENOEXEC, "sequence %u (%s): %s",
				 origin(m, &m->item[offender].seq),
				 jit_selector_name[m->item[offender].seq.selector],
				 estp_reason_text(ESTP_LEAK));
	free(scratch);
	return error;
}

int jit_judge_page(struct making *m)
{
	struct estp_rules honoured = rules(m->jit);
	struct estp_sequence seq[ESTP_PAGE_COUNT_MAX];
	struct estp_reject why;
	int i, nr = estp_parse_page(&honoured, m->base, (uintptr_t)m->base, seq, &why);

	if (nr < 0)
		return malformed(m, &why);
	for (i = 0; i < nr; i++)
		m->item[i].seq = seq[i];
	return judge_all(m);
}

int jit_judge_table(struct making *m, const struct estp_table *table)
{
	struct estp_rules honoured = rules(m->jit);
	struct estp_reject why;
	uint32_t i;

	for (i = 0; i < m->jit->sequences.nr; i++)
		if (estp_parse_entry(&honoured, table, &m->entry[i], i, &m->item[i].seq, &why))
			return malformed(m, &why);
	return judge_all(m);
}
