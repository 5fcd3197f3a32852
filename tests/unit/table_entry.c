// SPDX-License-Identifier: MIT
/*
 * Clauses: TAB-3, TAB-4, TAB-5, TAB-6, MASK-1, MASK-3.
 * Claim: an entry is refused for its first fault, with field, value and index; a field
 * that its selector does not have must be 0; an accepted one comes out as written.
 * Method: every field, each selector, bit by bit.
 */
#include "written.h"

#define INDEX	4711

static struct estp_sequence seq;

static bool accepted(const struct estp_rules *rules)
{
	memset(&seq, 0x5a, sizeof(seq));
	return expect(!estp_parse_entry(rules, &table, &entry, INDEX, &seq, &why), "reason %d",
		      why.reason);
}

static void refused(const struct estp_rules *rules, enum estp_reason reason,
		    enum estp_field field, u64 value)
{
	int ret;

	why = (struct estp_reject) { 0 };
	ret = estp_parse_entry(rules, &table, &entry, INDEX, &seq, &why);
	expect(ret == -1 && why.reason == reason && why.field == field &&
	       why.index == INDEX && why.value == value, "%d: %s: %s, index %u, value %#llx",
	       ret, estp_field_text(why.field), estp_reason_text(why.reason), why.index,
	       (unsigned long long)why.value);
}

static void comes_out(u64 start, u64 response)
{
	accepted(&rules_x86_64);
	expect(seq.start == start && seq.response == response && seq.length == entry.length,
	       "%#llx %#llx", (unsigned long long)seq.start, (unsigned long long)seq.response);
	expect(seq.selector == entry.selector && seq.causes == entry.causes &&
	       seq.clear_mask == entry.clear_mask && seq.response_len == entry.response_len &&
	       seq.flags == entry.flags && seq.layout == 1 && !seq.zero, "fields");
}

static void addresses(u8 selector)
{
	write_entry(selector);
	comes_out(0x400100, 0x400200);
	entry.start = -0x100;
	entry.response = -0x200;
	comes_out(0x3fff00, 0x3ffe00);
	table.base = 0x7f0000000000;
	entry.start = INT32_MIN;
	entry.response = INT32_MAX;
	entry.length = 1;
	comes_out(0x7f0000000000 - 0x80000000, 0x7f0000000000 + 0x7fffffff);
	entry.start = INT32_MAX;
	entry.response = INT32_MIN;
	entry.length = UINT32_MAX;
	comes_out(0x7f0000000000 + 0x7fffffff, 0x7f0000000000 - 0x80000000);
	write_table(1);
}

static void lengths(u8 selector)
{
	u32 off;

	write_entry(selector);
	entry.length = 0;
	refused(&rules_x86_64, ESTP_EMPTY_SPAN, ESTP_FIELD_LENGTH, 0);
	for (off = 1; off < 4; off++) {
		write_entry(selector);
		entry.length = 0x20 + off;
		accepted(&rules_x86_64);
		refused(&rules_arm64, ESTP_MISALIGNED, ESTP_FIELD_LENGTH, 0x20 + off);
		write_entry(selector);
		entry.start = 0x100 + off;
		accepted(&rules_x86_64);
		refused(&rules_arm64, ESTP_MISALIGNED, ESTP_FIELD_START, 0x100 + off);
		entry.start = -(s32)off;
		accepted(&rules_x86_64);
		refused(&rules_arm64, ESTP_MISALIGNED, ESTP_FIELD_START, (u64)-(s64)off);
		write_entry(selector);
		entry.response = 0x200 + off;
		accepted(&rules_x86_64);
		refused(&rules_arm64, ESTP_MISALIGNED, ESTP_FIELD_RESPONSE, 0x200 + off);
	}
}

static void response_lengths(u8 selector)
{
	write_entry(selector);
	if (selector == 1) {
		for (entry.response_len = 1; entry.response_len; entry.response_len++)
			accepted(&rules_x86_64);
		refused(&rules_x86_64, ESTP_BAD_RESPONSE_LEN, ESTP_FIELD_RESPONSE_LEN, 0);
		return;
	}
	for (entry.response_len = 1; entry.response_len; entry.response_len++)
		refused(&rules_x86_64, ESTP_NOT_FOR_SELECTOR, ESTP_FIELD_RESPONSE_LEN,
			entry.response_len);
}

static void causes(u8 selector)
{
	u32 value;

	for (value = 0; value < 256; value++) {
		struct estp_rules no_mce = rules_x86_64;

		no_mce.causes = 15;
		write_entry(selector);
		entry.causes = value;
		if (selector == 2 ? value && value < 32 : !value)
			accepted(&rules_x86_64);
		else
			refused(&rules_x86_64,
				selector == 2 ? ESTP_BAD_CAUSES : ESTP_NOT_FOR_SELECTOR,
				ESTP_FIELD_CAUSES, value);
		if (selector == 2 && value & 16)
			refused(&no_mce, ESTP_BAD_CAUSES, ESTP_FIELD_CAUSES, value);
	}
}

static void masks(u8 selector)
{
	u32 bit;

	for (bit = 0; bit < 32; bit++) {
		write_entry(selector);
		entry.clear_mask = 1u << bit;
		if (selector != 1)
			refused(&rules_x86_64, ESTP_NOT_FOR_SELECTOR, ESTP_FIELD_CLEAR_MASK,
				entry.clear_mask);
		else if (bit == 4 || (bit >= 16 && bit < 31))
			refused(&rules_x86_64, ESTP_NOT_CLEARABLE, ESTP_FIELD_CLEAR_MASK,
				entry.clear_mask);
		else
			accepted(&rules_x86_64);
		if (selector == 1)
			accepted(&rules_arm64);
	}
}

static void flags(u8 selector)
{
	struct estp_rules no_keys = rules_x86_64;
	u32 bit;

	no_keys.reset_pkey = false;
	for (bit = 1; bit < 16; bit++) {
		write_entry(selector);
		entry.flags = 1u << bit;
		refused(&rules_x86_64, ESTP_NOT_ZERO, ESTP_FIELD_FLAGS, entry.flags);
	}
	write_entry(selector);
	entry.flags = 1;
	if (selector == 1) {
		accepted(&rules_x86_64);
		refused(&no_keys, ESTP_NO_PKEYS, ESTP_FIELD_FLAGS, 1);
	} else {
		refused(&rules_x86_64, ESTP_NOT_FOR_SELECTOR, ESTP_FIELD_FLAGS, 1);
	}
	for (bit = 0; bit < 16; bit++) {
		write_entry(selector);
		entry.zero = 1u << bit;
		refused(&rules_x86_64, ESTP_NOT_ZERO, ESTP_FIELD_ZERO, entry.zero);
	}
}

int main(void)
{
	static const char *const name[] = { "PREEMPTION", "INTERRUPT", "FAULT" };
	u32 selector;

	write_table(1);
	for (selector = 0; selector < 3; selector++) {
		addresses(selector);
		claim("%s: addresses, from -2 GiB to +2 GiB", name[selector]);
		lengths(selector);
		claim("%s: length, alignment", name[selector]);
		response_lengths(selector);
		claim("%s: response length", name[selector]);
		causes(selector);
		claim("%s: causes", name[selector]);
		masks(selector);
		claim("%s: clear mask", name[selector]);
		flags(selector);
		claim("%s: flags and zero", name[selector]);
	}
	for (selector = 3; selector < 256; selector++) {
		write_entry(0);
		entry.selector = selector;
		refused(&rules_x86_64, ESTP_BAD_SELECTOR, ESTP_FIELD_SELECTOR, selector);
	}
	claim("selectors 3 to 255");
	return tap_done();
}
