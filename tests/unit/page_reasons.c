// SPDX-License-Identifier: MIT
/*
 * Clauses: PAGE-2, PAGE-3, PAGE-5, PAGE-6, PAGE-7, PAGE-8, MASK-1, MASK-3, MOD-7.
 * Claim: a malformed page is refused with the reason and the place of its first fault.
 * Method: one fault a page, in a descriptor that is not the first where it can be.
 */
#include "written.h"

static const struct estp_rules *const x86 = &rules_x86_64;

/* Three good descriptors; each case spoils one thing. */
static void write_good(void)
{
	write_page(3);
	write_descriptor(0, 0, 0x100, 0x120, 0x200);
	write_descriptor(1, 1, 0x140, 0x180, 0x240);
	write_descriptor(2, 2, 0x1000 - 4, 0x1000, 0x300);
	write_word(0x238, raw_prefix(0x3, 0x40, 0));
}

static void metadata(void)
{
	static const struct { u64 word; enum estp_reason reason; } cases[] = {
		{ 0x4553545101000003, ESTP_BAD_MAGIC },
		{ 0x0000000001000003, ESTP_BAD_MAGIC },
		{ 0x5054534501000003, ESTP_BAD_MAGIC },
		{ 0x4553545000000003, ESTP_BAD_VERSION },
		{ 0x4553545002000003, ESTP_BAD_VERSION },
		{ 0x4553545001010003, ESTP_BAD_LAYOUT },
		{ 0x4553545001ff0003, ESTP_BAD_LAYOUT },
		{ 0x4553545001000000, ESTP_BAD_COUNT },
		{ 0x4553545001000100, ESTP_BAD_COUNT },
		{ 0x455354500100ffff, ESTP_BAD_COUNT },
	};
	u32 i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		write_good();
		write_word(0, cases[i].word);
		expect_refused(x86, cases[i].reason, ESTP_FIELD_METADATA, ESTP_IN_THE_HEADER,
			       cases[i].word);
	}
	claim("metadata word: magic, version, layout, count");
}

static void selectors(void)
{
	u32 selector;

	for (selector = 3; selector < 8; selector++) {
		write_good();
		write_descriptor(2, selector, 0x500, 0x520, 0x300);
		expect_refused(x86, ESTP_BAD_SELECTOR, ESTP_FIELD_SELECTOR, 2, selector);
	}
	claim("selectors 3 to 7");
}

static void descriptor_fields(void)
{
	write_good();
	write_descriptor(1, 1, 0x1f, 0x180, 0x240);
	expect_refused(x86, ESTP_IN_HEADER, ESTP_FIELD_START, 1, 0x1f);
	write_descriptor(1, 1, 0x1000, 0x1001, 0x240);
	expect_refused(x86, ESTP_PAST_PAGE, ESTP_FIELD_START, 1, 0x1000);
	claim("start");

	write_good();
	write_descriptor(1, 1, 0x140, 0x1001, 0x240);
	expect_refused(x86, ESTP_PAST_PAGE, ESTP_FIELD_END, 1, 0x1001);
	write_descriptor(1, 1, 0x140, 0x140, 0x240);
	expect_refused(x86, ESTP_EMPTY_SPAN, ESTP_FIELD_END, 1, 0x140);
	write_descriptor(1, 1, 0x140, 0x13f, 0x240);
	expect_refused(x86, ESTP_EMPTY_SPAN, ESTP_FIELD_END, 1, 0x13f);
	write_descriptor(1, 1, 0x140, 0, 0x240);
	expect_refused(x86, ESTP_EMPTY_SPAN, ESTP_FIELD_END, 1, 0);
	claim("end");

	write_good();
	write_descriptor(2, 2, 0x400, 0x420, 0x1f);
	expect_refused(x86, ESTP_IN_HEADER, ESTP_FIELD_RESPONSE, 2, 0x1f);
	write_descriptor(2, 2, 0x400, 0x420, 0x1000);
	expect_refused(x86, ESTP_PAST_PAGE, ESTP_FIELD_RESPONSE, 2, 0x1000);
	write_descriptor(2, 2, 0x400, 0x420, 0xffff);
	expect_refused(x86, ESTP_PAST_PAGE, ESTP_FIELD_RESPONSE, 2, 0xffff);
	claim("response");
}

static void prefix(void)
{
	struct estp_rules no_keys = rules_x86_64;
	u64 word;

	write_good();
	write_descriptor(1, 1, 0x140, 0x180, 0x20);
	expect_refused(x86, ESTP_IN_HEADER, ESTP_FIELD_PREFIX, 1, 0x20);
	write_descriptor(1, 1, 0x140, 0x180, 0x27);
	expect_refused(x86, ESTP_IN_HEADER, ESTP_FIELD_PREFIX, 1, 0x27);
	claim("prefix word in the header");

	write_good();
	write_word(0x238, raw_prefix(3, 0, 0));
	expect_refused(x86, ESTP_BAD_RESPONSE_LEN, ESTP_FIELD_RESPONSE_LEN, 1, 0);
	write_word(0x238, raw_prefix(3, 0x1000 - 0x240 + 1, 0));
	expect_refused(x86, ESTP_BAD_RESPONSE_LEN, ESTP_FIELD_RESPONSE_LEN, 1,
		       0x1000 - 0x240 + 1);
	write_word(0x238, raw_prefix(3, 0xffff, 0));
	expect_refused(x86, ESTP_BAD_RESPONSE_LEN, ESTP_FIELD_RESPONSE_LEN, 1, 0xffff);
	claim("response length");

	write_word(0x238, raw_prefix(0x13, 0x40, 0));
	expect_refused(x86, ESTP_NOT_CLEARABLE, ESTP_FIELD_CLEAR_MASK, 1, 0x13);
	claim("clear mask");

	word = raw_prefix(3, 0x40, 0) | 1ull << 63;
	write_word(0x238, word);
	expect_refused(x86, ESTP_NOT_ZERO, ESTP_FIELD_PREFIX, 1, word);
	claim("reserved bits of the prefix word");

	no_keys.reset_pkey = false;
	word = raw_prefix(3, 0x40, 1);
	write_word(0x238, word);
	expect_accepted(x86, 3);
	expect_refused(&no_keys, ESTP_NO_PKEYS, ESTP_FIELD_PREFIX, 1, word);
	claim("bit 48 without protection keys");
}

static void misaligned(void)
{
	static const u32 off[] = { 1, 2, 3 };
	u32 i;

	for (i = 0; i < 3; i++) {
		u64 start = 0x400 + off[i], end = 0x440 + off[i], response = 0x300 + off[i];

		write_good();
		write_descriptor(2, 2, start, 0x440, 0x300);
		expect_refused(&rules_arm64, ESTP_MISALIGNED, ESTP_FIELD_START, 2, start);
		expect_accepted(x86, 3);
		write_descriptor(2, 2, 0x400, end, 0x300);
		expect_refused(&rules_arm64, ESTP_MISALIGNED, ESTP_FIELD_END, 2, end);
		expect_accepted(x86, 3);
		write_descriptor(2, 2, 0x400, 0x440, response);
		expect_refused(&rules_arm64, ESTP_MISALIGNED, ESTP_FIELD_RESPONSE, 2, response);
		expect_accepted(x86, 3);
	}
	claim("instructions of 4 bytes: start, end and response, each alone");
}

static void words(void)
{
	u32 i;

	for (i = 0; i < ESTP_REASON_NR; i++)
		expect(estp_reason_text(i) && *estp_reason_text(i), "reason %u", i);
	for (i = 0; i < ESTP_FIELD_NR; i++)
		expect(estp_field_text(i) && *estp_field_text(i), "field %u", i);
	expect(*estp_reason_text(ESTP_REASON_NR) && *estp_reason_text(-1), "out of range");
	expect(*estp_field_text(ESTP_FIELD_NR) && *estp_field_text(-1), "out of range");
	claim("every reason and field has a text");
}

int main(void)
{
	write_good();
	expect_accepted(x86, 3);
	expect_accepted(&rules_arm64, 3);
	claim("the page without a fault is accepted");
	metadata();
	selectors();
	descriptor_fields();
	prefix();
	misaligned();
	words();
	return tap_done();
}
