// SPDX-License-Identifier: MIT
/*
 * Clauses: PAGE-2, PAGE-5, PAGE-8, PAGE-11.
 * Claim: each bound of a page is where the ABI puts it, on pages of 4, 16 and 64 KiB,
 * for instructions of 1 and 4 bytes.
 * Method: for every number of descriptors the last good value and the first bad one.
 */
#include "written.h"

static struct estp_rules rules;
static u32 step;	/* the smallest distance that is no misalignment */

/* Descriptors 0 .. n-2 are good and small; the last one is the caller's. */
static void write_last(u32 n, u64 selector, u64 start, u64 end, u64 response)
{
	u32 i, at = 8 + 8 * n;

	write_page(n);
	for (i = 0; i + 1 < n; i++)
		write_descriptor(i, 0, at, at + 4 + 4 * i, at);
	write_descriptor(n - 1, selector, start, end, response);
}

static void header_bound(u32 n)
{
	u32 first = 8 + 8 * n;

	write_last(n, 2, first, first + step, first);
	expect_accepted(&rules, n);
	write_last(n, 2, first - step, first + step, first);
	expect_refused(&rules, ESTP_IN_HEADER, ESTP_FIELD_START, n - 1, first - step);
	write_last(n, 2, first, first + step, first - step);
	expect_refused(&rules, ESTP_IN_HEADER, ESTP_FIELD_RESPONSE, n - 1, first - step);
	write_last(n, 2, 0, first + step, first);
	expect_refused(&rules, ESTP_IN_HEADER, ESTP_FIELD_START, n - 1, 0);
	write_last(n, 2, first, first + step, 0);
	expect_refused(&rules, ESTP_IN_HEADER, ESTP_FIELD_RESPONSE, n - 1, 0);
}

static void page_bound(u32 n)
{
	/* Offsets are 16 bits wide: the end of a 64 KiB page cannot be written down. */
	u32 first = 8 + 8 * n, size = rules.page_size, last = size > 0xffff ? 0x10000 - step : size;

	write_last(n, 2, first, last, first);
	expect_accepted(&rules, n);
	write_last(n, 2, last - step, last, size - step);
	expect_accepted(&rules, n);
	if (size > 0xffff)
		return;
	write_last(n, 2, first, size + step, first);
	expect_refused(&rules, ESTP_PAST_PAGE, ESTP_FIELD_END, n - 1, size + step);
	write_last(n, 2, size, size + step, first);
	expect_refused(&rules, ESTP_PAST_PAGE, ESTP_FIELD_START, n - 1, size);
	write_last(n, 2, first, size, size);
	expect_refused(&rules, ESTP_PAST_PAGE, ESTP_FIELD_RESPONSE, n - 1, size);
}

static void prefix_bound(u32 n)
{
	u32 first = 8 + 8 * n, size = rules.page_size, at = first + 8, room = size - at;

	write_last(n, 1, first, first + step, at);
	write_word(at - 8, raw_prefix(3, 1, 0));
	expect_accepted(&rules, n);
	write_word(at - 8, raw_prefix(3, room, 0));
	expect_accepted(&rules, n);
	if (room < 0xffff) {
		write_word(at - 8, raw_prefix(3, room + 1, 0));
		expect_refused(&rules, ESTP_BAD_RESPONSE_LEN, ESTP_FIELD_RESPONSE_LEN, n - 1,
			       room + 1);
	}
	write_last(n, 1, first, first + step, at - step);
	expect_refused(&rules, ESTP_IN_HEADER, ESTP_FIELD_PREFIX, n - 1, at - step);

	/* The last instruction of the page. */
	write_last(n, 1, first, first + step, size - step);
	write_word(size - step - 8, raw_prefix(3, step, 0));
	expect_accepted(&rules, n);
	write_word(size - step - 8, raw_prefix(3, step + 1, 0));
	expect_refused(&rules, ESTP_BAD_RESPONSE_LEN, ESTP_FIELD_RESPONSE_LEN, n - 1, step + 1);
}

static void count_bound(void)
{
	write_last(255, 2, 2048, 2052, 2048);
	expect_accepted(&rules, 255);
	write_word(0, raw_metadata(0, 256));
	expect_refused(&rules, ESTP_BAD_COUNT, ESTP_FIELD_METADATA, ESTP_IN_THE_HEADER,
		       raw_metadata(0, 256));
	write_word(0, raw_metadata(0, 0));
	expect_refused(&rules, ESTP_BAD_COUNT, ESTP_FIELD_METADATA, ESTP_IN_THE_HEADER,
		       raw_metadata(0, 0));
	write_last(1, 0, 16, 20, 16);
	expect_accepted(&rules, 1);
}

int main(void)
{
	static const u32 sizes[] = { 4096, 16384, 65536 };
	u32 i, n;

	for (i = 0; i < 6; i++) {
		rules = i % 2 ? rules_arm64 : rules_x86_64;
		rules.page_size = sizes[i / 2];
		step = rules.insn_align;
		for (n = 1; n <= 255; n++) {
			header_bound(n);
			page_bound(n);
			prefix_bound(n);
		}
		count_bound();
		claim("pages of %u bytes, instructions of %u", rules.page_size, step);
	}
	return tap_done();
}
