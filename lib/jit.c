// SPDX-License-Identifier: MIT
/*
 * Collecting what a page made at run time will be. Everything has a place in the code only,
 * counted from its first byte: how long the header before it will be is known in the end.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jit.h"
#include "jit_insn.h"

int jit_fail(struct estp_jit *jit, int error, const char *format, ...)
{
	va_list args;

	if (jit->error)
		return jit->error;
	va_start(args, format);
	vsnprintf(jit->reason, sizeof(jit->reason), format, args);
	va_end(args);
	jit->error = error;
	return error;
}

/* Is there anything that speaks against going on? */
static int stuck(struct estp_jit *jit)
{
	if (!jit)
		return -ENOMEM;
	if (jit->finished)
		return jit_fail(jit, -EINVAL, "the builder has finished already");
	return jit->error;
}

/* Room for @nr more; where the first of them goes, or NULL. */
static void *append(struct estp_jit *jit, struct jit_array *array, size_t nr)
{
	size_t room = array->room ? array->room : 16;
	void *of;

	while (room - array->nr < nr)
		room *= 2;
	if (room != array->room) {
		int saved = errno;

		of = realloc(array->of, room * array->size);
		errno = saved;
		if (!of) {
			jit_fail(jit, -ENOMEM, "there is no memory");
			return NULL;
		}
		array->of = of;
		array->room = room;
	}
	array->nr += nr;
	return (char *)array->of + (array->nr - nr) * array->size;
}

int estp_jit_new(struct estp_jit **to, unsigned int layout)
{
	int saved = errno;
	struct estp_jit *jit;

	*to = NULL;
	if (layout != ESTP_LAYOUT_PAGE && layout != ESTP_LAYOUT_TABLE)
		return -EINVAL;
	jit = calloc(1, sizeof(*jit));
	errno = saved;
	if (!jit)
		return -ENOMEM;
	jit->layout = layout;
	jit->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	jit->code.size = 1;
	jit->labels.size = sizeof(struct jit_label);
	jit->fixes.size = sizeof(struct jit_fix);
	jit->sequences.size = sizeof(struct jit_sequence);
	jit->responses.size = sizeof(struct jit_response);
	*to = jit;
	return 0;
}

void estp_jit_delete(struct estp_jit *jit)
{
	if (!jit)
		return;
	free(jit->code.of);
	free(jit->labels.of);
	free(jit->fixes.of);
	free(jit->sequences.of);
	free(jit->responses.of);
	free(jit);
}

int estp_jit_emit(struct estp_jit *jit, const void *code, size_t len)
{
	size_t max = jit && jit->layout == ESTP_LAYOUT_PAGE ? jit->page_size : ESTP_JIT_LEN_MAX;
	int error = stuck(jit);
	void *to;

	if (error)
		return error;
	if (len > max - jit->code.nr)
		return jit_fail(jit, -ENOSPC, "more than %zu bytes of code", max);
	to = append(jit, &jit->code, len);
	if (!to)
		return jit->error;
	if (len)
		memcpy(to, code, len);
	return 0;
}

int estp_jit_label(struct estp_jit *jit)
{
	int error = stuck(jit);
	struct jit_label *label;

	if (error)
		return error;
	if (jit->labels.nr == INT32_MAX / 2)
		return jit_fail(jit, -ENOSPC, "there are too many labels");
	label = append(jit, &jit->labels, 1);
	if (!label)
		return jit->error;
	label->at = NO_PLACE;
	label->response = -1;
	return (int)(jit->labels.nr - 1);
}

static struct jit_label *label_of(struct estp_jit *jit, int label)
{
	if (label < 0 || (size_t)label >= jit->labels.nr) {
		jit_fail(jit, -EINVAL, "there is no label %d", label);
		return NULL;
	}
	return &JIT_OF(struct jit_label, jit->labels)[label];
}

int estp_jit_place(struct estp_jit *jit, int number)
{
	int error = stuck(jit);
	struct jit_label *label;

	if (error)
		return error;
	label = label_of(jit, number);
	if (!label)
		return jit->error;
	if (label->at != NO_PLACE)
		return jit_fail(jit, -EINVAL, "label %d has a place already", number);
	label->at = (uint32_t)jit->code.nr;
	return 0;
}

int estp_jit_here(struct estp_jit *jit)
{
	int label = estp_jit_label(jit), error;

	if (label < 0)
		return label;
	error = estp_jit_place(jit, label);
	return error ? error : label;
}

/* @len bytes @code, which will refer to the label. */
static int emit_fixed(struct estp_jit *jit, int label, unsigned int kind, const void *code,
		      size_t len)
{
	struct jit_fix *fix;

	if (!label_of(jit, label))
		return jit->error;
	fix = append(jit, &jit->fixes, 1);
	if (!fix)
		return jit->error;
	*fix = (struct jit_fix){ .at = (uint32_t)jit->code.nr, .label = label, .kind = kind };
	return estp_jit_emit(jit, code, len);
}

int estp_jit_fix(struct estp_jit *jit, int label, unsigned int kind)
{
	static const uint8_t zero[8], len[] = { 1, 4, 8 };
	int error = stuck(jit);

	if (error)
		return error;
	if (kind > ESTP_JIT_ABS64)
		return jit_fail(jit, -EINVAL, "there is no kind of fix %u", kind);
	return emit_fixed(jit, label, kind, zero, len[kind]);
}

int estp_jit_insn(struct estp_jit *jit, uint32_t insn, int label)
{
	int error = stuck(jit);

	if (error)
		return error;
	if (!jit_insn_refers(insn))
		return jit_fail(jit, -EINVAL, "instruction %#x has no distance to a label, or one "
				"that is not 0", insn);
	return emit_fixed(jit, label, JIT_INSN, &insn, sizeof(insn));
}

static int add_sequence(struct estp_jit *jit, struct jit_sequence sequence)
{
	size_t max = jit && jit->layout == ESTP_LAYOUT_PAGE ? ESTP_PAGE_COUNT_MAX :
							       ESTP_TABLE_COUNT_MAX;
	int error = stuck(jit);
	struct jit_sequence *to;

	if (error)
		return error;
	if (!label_of(jit, sequence.start) || !label_of(jit, sequence.end) ||
	    !label_of(jit, sequence.response))
		return jit->error;
	if (jit->sequences.nr == max)
		return jit_fail(jit, -ENOSPC, "more than %zu sequences", max);
	to = append(jit, &jit->sequences, 1);
	if (!to)
		return jit->error;
	*to = sequence;
	return 0;
}

int estp_jit_preemption(struct estp_jit *jit, int start, int end, int response)
{
	return add_sequence(jit, (struct jit_sequence){
		.start = start, .end = end, .response = response, .selector = ESTP_PREEMPTION });
}

int estp_jit_interrupt(struct estp_jit *jit, int start, int end, int response)
{
	return add_sequence(jit, (struct jit_sequence){
		.start = start, .end = end, .response = response, .selector = ESTP_INTERRUPT });
}

int estp_jit_fault(struct estp_jit *jit, int start, int end, int response, unsigned int causes)
{
	int error = stuck(jit);

	if (error)
		return error;
	if (!causes || causes & ~ESTP_CAUSE_VALID)
		return jit_fail(jit, -EINVAL, "causes %#x: none, or an unknown one", causes);
	if (jit->layout == ESTP_LAYOUT_PAGE && causes != ESTP_CAUSE_PAGE)
		return jit_fail(jit, -EINVAL, "on a page a fault's causes are ESTP_ANY; "
				"others take the table layout");
	return add_sequence(jit, (struct jit_sequence){
		.start = start, .end = end, .response = response, .selector = ESTP_FAULT,
		.causes = (uint8_t)causes });
}

int estp_jit_response(struct estp_jit *jit, int number, int end, uint32_t mask,
		      unsigned int flags)
{
	static const uint64_t prefix;	/* written in the end */
	int error = stuck(jit);
	struct jit_response *response;

	if (error)
		return error;
	if (!label_of(jit, number) || !label_of(jit, end))
		return jit->error;
	if (flags & ~(unsigned int)ESTP_ENTRY_RESET_PKEY)
		return jit_fail(jit, -EINVAL, "flags %#x of a response are unknown", flags);
	response = append(jit, &jit->responses, 1);
	if (!response)
		return jit->error;
	*response = (struct jit_response){ .end = end, .mask = mask, .flags = (uint16_t)flags };
	if (jit->layout == ESTP_LAYOUT_PAGE && estp_jit_emit(jit, &prefix, sizeof(prefix)))
		return jit->error;
	error = estp_jit_place(jit, number);
	if (!error)
		label_of(jit, number)->response = (int)jit->responses.nr - 1;
	return error;
}

void *estp_jit_address(const struct estp_jit *jit, int label)
{
	const struct jit_label *of;

	if (!jit || !jit->finished || label < 0 || (size_t)label >= jit->labels.nr)
		return NULL;
	of = &JIT_OF(const struct jit_label, jit->labels)[label];
	return of->at == NO_PLACE ? NULL : jit->base + of->at;
}

const char *estp_jit_reason(const struct estp_jit *jit)
{
	if (!jit)
		return "there is no builder: there was no memory, or no such layout";
	return jit->reason[0] ? jit->reason : "nothing is wrong";
}
