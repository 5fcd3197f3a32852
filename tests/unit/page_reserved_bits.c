// SPDX-License-Identifier: MIT
/*
 * Clauses: PAGE-2, PAGE-3, PAGE-7, MASK-1, MASK-3.
 * Claim: no bit is ignored; each reserved one is refused.
 * Method: flip each bit of a metadata word, a descriptor and a prefix word; a flip is
 * refused, or it changes the sequence that comes out.
 */
#include "written.h"

static void write_good(void)
{
	write_page(1);
	write_descriptor(0, 1, 0x400, 0x800, 0x480);
	write_word(0x478, raw_prefix(0x80000001, 0x20, 0));
}

/* Flip one bit of the word at off. */
static void flip(u32 off, u32 bit)
{
	write_good();
	written[off + bit / 8] ^= 1 << bit % 8;
}

static void metadata(void)
{
	u32 bit;

	/* Bit 0 makes the count 0; a higher one of the first 8 asks for descriptors. */
	for (bit = 0; bit < 64; bit++) {
		flip(0, bit);
		expect(parse(&rules_x86_64) == -1, "bit %u", bit);
		expect((bit < 32) || why.reason == ESTP_BAD_MAGIC, "bit %u", bit);
		expect((bit / 8 != 3) || why.reason == ESTP_BAD_VERSION, "bit %u", bit);
		expect((bit / 8 != 2) || why.reason == ESTP_BAD_LAYOUT, "bit %u", bit);
		expect((bit / 8 != 1) || why.reason == ESTP_BAD_COUNT, "bit %u", bit);
	}
	claim("metadata word");
}

static bool same(const struct estp_sequence *a, const struct estp_sequence *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static void descriptor(const struct estp_sequence *good)
{
	u32 bit;

	for (bit = 0; bit < 64; bit++) {
		int nr;

		flip(8, bit);
		nr = parse(&rules_x86_64);
		if (bit >= 48 && bit < 61)
			expect(nr == -1 && why.reason == ESTP_NOT_ZERO &&
			       why.field == ESTP_FIELD_DESCRIPTOR && why.index == 0, "bit %u", bit);
		else
			expect(nr == -1 || !same(good, &parsed[0]), "bit %u", bit);
	}
	claim("descriptor: 60..48 are zero, every other bit counts");
}

static void prefix(const struct estp_sequence *good)
{
	u32 bit;

	for (bit = 0; bit < 64; bit++) {
		int nr;

		flip(0x478, bit);
		nr = parse(&rules_x86_64);
		if (bit >= 49)
			expect(nr == -1 && why.reason == ESTP_NOT_ZERO &&
			       why.field == ESTP_FIELD_PREFIX && why.index == 0, "bit %u", bit);
		else if (bit == 4 || (bit >= 16 && bit <= 30))
			expect(nr == -1 && why.reason == ESTP_NOT_CLEARABLE &&
			       why.field == ESTP_FIELD_CLEAR_MASK, "bit %u", bit);
		else
			expect(nr == -1 ? why.reason == ESTP_BAD_RESPONSE_LEN :
			       !same(good, &parsed[0]), "bit %u", bit);

		nr = parse(&rules_arm64);
		if (bit < 32)
			expect(nr == 1 && parsed[0].clear_mask == (0x80000001 ^ 1u << bit),
			       "bit %u", bit);
	}
	claim("prefix word: 63..49 are zero, a mask bit is honoured or refused");
}

int main(void)
{
	struct estp_sequence good;

	write_good();
	expect_accepted(&rules_x86_64, 1);
	good = parsed[0];
	metadata();
	descriptor(&good);
	prefix(&good);
	return tap_done();
}
