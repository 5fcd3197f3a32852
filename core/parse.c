// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * From bytes that anybody may have written to sequences, or to the reason why not.
 *
 * Both layouts end in struct estp_sequence with absolute addresses.  Every bit is
 * looked at: what is accepted is honoured, what is reserved must be zero.  Checks go
 * in the order of the fields, so that the same input is always refused for the same
 * reason.
 */
#include "core.h"

static const char *const reason_text[ESTP_REASON_NR] = {
	[ESTP_OK] = "well-formed",
	[ESTP_BAD_MAGIC] = "the magic is not 0x45535450 (\"ESTP\")",
	[ESTP_BAD_VERSION] = "the version is not 1",
	[ESTP_BAD_LAYOUT] = "the layout does not belong here",
	[ESTP_BAD_COUNT] = "the count is out of range",
	[ESTP_NOT_ZERO] = "reserved bits are not zero",
	[ESTP_BAD_SELECTOR] = "there is no such selector",
	[ESTP_NOT_INCREASING] = "descriptors do not increase strictly",
	[ESTP_IN_HEADER] = "the offset lies in the page's header",
	[ESTP_PAST_PAGE] = "the offset lies past the page",
	[ESTP_EMPTY_SPAN] = "the span is empty",
	[ESTP_MISALIGNED] = "not a multiple of the instruction size",
	[ESTP_BAD_RESPONSE_LEN] = "the response length is 0 or leads out",
	[ESTP_NOT_CLEARABLE] = "the mask has a bit that this kernel cannot honour",
	[ESTP_NO_PKEYS] = "this machine has no protection keys to reset",
	[ESTP_BAD_CAUSES] = "no cause, or one that this kernel cannot honour",
	[ESTP_NOT_FOR_SELECTOR] = "must be 0 for this selector",
	[ESTP_BAD_ENTRY_SIZE] = "the entry size is not 24",
	[ESTP_DUPLICATE] = "the same selector, start and length twice in one table",
	[ESTP_LEAK] = "the response would let out a register that an INTERRUPT span masks",
};

static const char *const field_text[ESTP_FIELD_NR] = {
	[ESTP_FIELD_METADATA] = "metadata word",
	[ESTP_FIELD_DESCRIPTOR] = "descriptor",
	[ESTP_FIELD_SELECTOR] = "selector",
	[ESTP_FIELD_START] = "start",
	[ESTP_FIELD_END] = "end",
	[ESTP_FIELD_LENGTH] = "length",
	[ESTP_FIELD_RESPONSE] = "response",
	[ESTP_FIELD_PREFIX] = "prefix word",
	[ESTP_FIELD_RESPONSE_LEN] = "response length",
	[ESTP_FIELD_CLEAR_MASK] = "clear mask",
	[ESTP_FIELD_CAUSES] = "causes",
	[ESTP_FIELD_FLAGS] = "flags",
	[ESTP_FIELD_ZERO] = "zero",
	[ESTP_FIELD_ENTRY_SIZE] = "entry size",
};

const char *estp_reason_text(enum estp_reason reason)
{
	return (u32)reason < ESTP_REASON_NR ? reason_text[reason] : "unknown reason";
}

const char *estp_field_text(enum estp_field field)
{
	return (u32)field < ESTP_FIELD_NR ? field_text[field] : "unknown field";
}

static int reject(struct estp_reject *why, enum estp_reason reason, enum estp_field field,
		  u32 index, u64 value)
{
	why->reason = reason;
	why->field = field;
	why->index = index;
	why->value = value;
	return -1;
}

static u64 load_word(const void *page, u32 off)
{
	u64 word;

	/* A prefix word stands wherever its response does, aligned or not. */
	__builtin_memcpy(&word, (const char *)page + off, sizeof(word));
	return word;
}

static u32 meta_count(u64 word)
{
	return word & ESTP_META_COUNT_MASK;
}

/* Everything in a metadata word but the upper bound of the count. */
static int check_metadata(u64 word, u32 layout, u32 count_max, struct estp_reject *why)
{
	enum estp_reason reason = ESTP_OK;

	if (word >> ESTP_META_MAGIC_SHIFT != ESTP_MAGIC)
		reason = ESTP_BAD_MAGIC;
	else if ((word >> ESTP_META_VERSION_SHIFT & 0xff) != ESTP_VERSION)
		reason = ESTP_BAD_VERSION;
	else if ((word >> ESTP_META_LAYOUT_SHIFT & 0xff) != layout)
		reason = ESTP_BAD_LAYOUT;
	else if (!meta_count(word) || meta_count(word) > count_max)
		reason = ESTP_BAD_COUNT;

	if (reason != ESTP_OK)
		return reject(why, reason, ESTP_FIELD_METADATA, ESTP_IN_THE_HEADER, word);
	return 0;
}

/* Is off a place for an instruction of this page?  Starts and responses are. */
static enum estp_reason check_off(const struct estp_rules *rules, u32 header_len, u32 off)
{
	if (off < header_len)
		return ESTP_IN_HEADER;
	if (off >= rules->page_size)
		return ESTP_PAST_PAGE;
	if (off % rules->insn_align)
		return ESTP_MISALIGNED;
	return ESTP_OK;
}

static enum estp_reason check_end(const struct estp_rules *rules, u32 start, u32 end)
{
	if (end > rules->page_size)
		return ESTP_PAST_PAGE;
	if (end <= start)
		return ESTP_EMPTY_SPAN;
	if (end % rules->insn_align)
		return ESTP_MISALIGNED;
	return ESTP_OK;
}

static enum estp_reason check_mask(const struct estp_rules *rules, u32 mask)
{
	return mask & ~rules->clear_valid ? ESTP_NOT_CLEARABLE : ESTP_OK;
}

static int parse_prefix(const struct estp_rules *rules, const void *page, u32 header_len,
			u32 response, u32 i, struct estp_sequence *out,
			struct estp_reject *why)
{
	enum estp_reason reason;
	u64 word;

	if (response < header_len + sizeof(word))
		return reject(why, ESTP_IN_HEADER, ESTP_FIELD_PREFIX, i, response);

	word = load_word(page, response - sizeof(word));
	if (word >> ESTP_PREFIX_ZERO_SHIFT)
		return reject(why, ESTP_NOT_ZERO, ESTP_FIELD_PREFIX, i, word);

	out->clear_mask = (u32)word;
	out->response_len = word >> ESTP_PREFIX_LEN_SHIFT & ESTP_PREFIX_LEN_MASK;
	out->flags = word & ESTP_PREFIX_RESET_PKEY ? ESTP_ENTRY_RESET_PKEY : 0;

	if (out->flags && !rules->reset_pkey)
		return reject(why, ESTP_NO_PKEYS, ESTP_FIELD_PREFIX, i, word);
	if (!out->response_len || response + out->response_len > rules->page_size)
		return reject(why, ESTP_BAD_RESPONSE_LEN, ESTP_FIELD_RESPONSE_LEN, i,
			      out->response_len);
	reason = check_mask(rules, out->clear_mask);
	if (reason != ESTP_OK)
		return reject(why, reason, ESTP_FIELD_CLEAR_MASK, i, out->clear_mask);
	return 0;
}

static int parse_descriptor(const struct estp_rules *rules, const void *page, u64 addr,
			    u32 header_len, u32 i, struct estp_sequence *out,
			    struct estp_reject *why)
{
	u64 word = load_word(page, sizeof(word) * (1 + i));
	u32 selector = word >> ESTP_DESC_SELECTOR_SHIFT;
	u32 start = word >> ESTP_DESC_START_SHIFT & ESTP_DESC_OFF_MASK;
	u32 end = word >> ESTP_DESC_END_SHIFT & ESTP_DESC_OFF_MASK;
	u32 response = word & ESTP_DESC_OFF_MASK;
	enum estp_reason reason;

	if (selector >= ESTP_SELECTOR_NR)
		return reject(why, ESTP_BAD_SELECTOR, ESTP_FIELD_SELECTOR, i, selector);
	if (word >> ESTP_DESC_ZERO_SHIFT & ESTP_DESC_ZERO_MASK)
		return reject(why, ESTP_NOT_ZERO, ESTP_FIELD_DESCRIPTOR, i, word);
	if (i && word <= load_word(page, sizeof(word) * i))
		return reject(why, ESTP_NOT_INCREASING, ESTP_FIELD_DESCRIPTOR, i, word);

	reason = check_off(rules, header_len, start);
	if (reason != ESTP_OK)
		return reject(why, reason, ESTP_FIELD_START, i, start);
	reason = check_end(rules, start, end);
	if (reason != ESTP_OK)
		return reject(why, reason, ESTP_FIELD_END, i, end);
	reason = check_off(rules, header_len, response);
	if (reason != ESTP_OK)
		return reject(why, reason, ESTP_FIELD_RESPONSE, i, response);

	*out = (struct estp_sequence) {
		.start = addr + start,
		.response = addr + response,
		.length = end - start,
		.selector = selector,
		.causes = selector == ESTP_FAULT ? ESTP_CAUSE_PAGE : 0,
		.layout = ESTP_LAYOUT_PAGE,
	};
	if (selector == ESTP_INTERRUPT)
		return parse_prefix(rules, page, header_len, response, i, out, why);
	return 0;
}

int estp_parse_page(const struct estp_rules *rules, const void *page, u64 addr,
		    struct estp_sequence *out, struct estp_reject *why)
{
	u64 meta = load_word(page, 0);
	u32 i, nr = meta_count(meta);

	if (check_metadata(meta, ESTP_LAYOUT_PAGE, ESTP_PAGE_COUNT_MAX, why))
		return -1;
	for (i = 0; i < nr; i++)
		if (parse_descriptor(rules, page, addr, ESTP_HEADER_LEN(nr), i, &out[i], why))
			return -1;
	return nr;
}

int estp_parse_table(const struct estp_rules *rules, const struct estp_table *table,
		     struct estp_reject *why)
{
	if (check_metadata(table->metadata, ESTP_LAYOUT_TABLE, ESTP_TABLE_COUNT_MAX, why))
		return -1;
	if (table->base % rules->insn_align)
		return reject(why, ESTP_MISALIGNED, ESTP_FIELD_START, ESTP_IN_THE_HEADER,
			      table->base);
	if (table->entry_size != sizeof(struct estp_entry))
		return reject(why, ESTP_BAD_ENTRY_SIZE, ESTP_FIELD_ENTRY_SIZE,
			      ESTP_IN_THE_HEADER, table->entry_size);
	if (table->flags)
		return reject(why, ESTP_NOT_ZERO, ESTP_FIELD_FLAGS, ESTP_IN_THE_HEADER,
			      table->flags);
	return meta_count(table->metadata);
}

/* The fields that belong to one selector are 0 for the others. */
static int check_selector_fields(const struct estp_rules *rules, const struct estp_entry *e,
				 u32 i, struct estp_reject *why)
{
	bool interrupt = e->selector == ESTP_INTERRUPT;
	enum estp_reason reason;

	if (interrupt ? !e->response_len : e->response_len)
		return reject(why, interrupt ? ESTP_BAD_RESPONSE_LEN : ESTP_NOT_FOR_SELECTOR,
			      ESTP_FIELD_RESPONSE_LEN, i, e->response_len);

	if (e->selector == ESTP_FAULT) {
		if (!e->causes || (e->causes & ~rules->causes))
			return reject(why, ESTP_BAD_CAUSES, ESTP_FIELD_CAUSES, i, e->causes);
	} else if (e->causes) {
		return reject(why, ESTP_NOT_FOR_SELECTOR, ESTP_FIELD_CAUSES, i, e->causes);
	}

	reason = interrupt ? check_mask(rules, e->clear_mask) :
		 e->clear_mask ? ESTP_NOT_FOR_SELECTOR : ESTP_OK;
	if (reason != ESTP_OK)
		return reject(why, reason, ESTP_FIELD_CLEAR_MASK, i, e->clear_mask);

	if (e->flags & ~ESTP_ENTRY_RESET_PKEY)
		return reject(why, ESTP_NOT_ZERO, ESTP_FIELD_FLAGS, i, e->flags);
	if (e->flags && !interrupt)
		return reject(why, ESTP_NOT_FOR_SELECTOR, ESTP_FIELD_FLAGS, i, e->flags);
	if (e->flags && !rules->reset_pkey)
		return reject(why, ESTP_NO_PKEYS, ESTP_FIELD_FLAGS, i, e->flags);
	if (e->zero)
		return reject(why, ESTP_NOT_ZERO, ESTP_FIELD_ZERO, i, e->zero);
	return 0;
}

int estp_parse_entry(const struct estp_rules *rules, const struct estp_table *table,
		     const struct estp_entry *e, u32 i, struct estp_sequence *out,
		     struct estp_reject *why)
{
	if ((u32)e->start % rules->insn_align)
		return reject(why, ESTP_MISALIGNED, ESTP_FIELD_START, i, e->start);
	if (!e->length)
		return reject(why, ESTP_EMPTY_SPAN, ESTP_FIELD_LENGTH, i, 0);
	if (e->length % rules->insn_align)
		return reject(why, ESTP_MISALIGNED, ESTP_FIELD_LENGTH, i, e->length);
	if ((u32)e->response % rules->insn_align)
		return reject(why, ESTP_MISALIGNED, ESTP_FIELD_RESPONSE, i, e->response);
	if (e->selector >= ESTP_SELECTOR_NR)
		return reject(why, ESTP_BAD_SELECTOR, ESTP_FIELD_SELECTOR, i, e->selector);
	if (check_selector_fields(rules, e, i, why))
		return -1;

	*out = (struct estp_sequence) {
		.start = estp_entry_start(table, e),
		.response = estp_entry_response(table, e),
		.length = e->length,
		.clear_mask = e->clear_mask,
		.response_len = e->response_len,
		.selector = e->selector,
		.causes = e->causes,
		.flags = e->flags,
		.layout = ESTP_LAYOUT_TABLE,
	};
	return 0;
}
