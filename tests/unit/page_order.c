// SPDX-License-Identifier: MIT
/*
 * Clause: PAGE-4.
 * Claim: descriptors increase strictly as unsigned 64-bit numbers; the first one that
 * does not is named.
 * Method: each field decides the order once; then random pages of 255 descriptors with
 * two neighbours exchanged or one repeated, at every place.
 */
#include "written.h"

static void pair(u64 first, u64 second)
{
	write_page(2);
	write_word(8, first);
	write_word(16, second);
	expect_accepted(&rules_x86_64, 2);
	write_word(8, second);
	write_word(16, first);
	expect_refused(&rules_x86_64, ESTP_NOT_INCREASING, ESTP_FIELD_DESCRIPTOR, 1, first);
	write_word(16, second);
	expect_refused(&rules_x86_64, ESTP_NOT_INCREASING, ESTP_FIELD_DESCRIPTOR, 1, second);
}

static void at_every_place(void)
{
	u64 word[255];
	u32 i, k;

	for (i = 0; i < 255; i++)
		word[i] = raw_descriptor(i < 128 ? 0 : 2, 2048 + 16 * (i % 128),
					 2056 + 16 * (i % 128), 3000);
	for (k = 0; k < 254; k++) {
		write_page(255);
		for (i = 0; i < 255; i++)
			write_word(8 + 8 * i, word[i]);
		expect_accepted(&rules_x86_64, 255);
		write_word(8 + 8 * (k + 1), word[k]);
		expect_refused(&rules_x86_64, ESTP_NOT_INCREASING, ESTP_FIELD_DESCRIPTOR, k + 1,
			       word[k]);
		write_word(8 + 8 * k, word[k + 1]);
		expect_refused(&rules_x86_64, ESTP_NOT_INCREASING, ESTP_FIELD_DESCRIPTOR, k + 1,
			       word[k]);
	}
	claim("named wherever it is");
}

int main(void)
{
	pair(raw_descriptor(0, 0x800, 0x900, 0x900), raw_descriptor(2, 0x100, 0x200, 0x100));
	pair(raw_descriptor(2, 0x100, 0x900, 0x900), raw_descriptor(2, 0x101, 0x200, 0x100));
	pair(raw_descriptor(2, 0x100, 0x200, 0x900), raw_descriptor(2, 0x100, 0x201, 0x100));
	pair(raw_descriptor(2, 0x100, 0x200, 0x100), raw_descriptor(2, 0x100, 0x200, 0x101));
	claim("selector, start, end, response, in this order");
	at_every_place();
	return tap_done();
}
