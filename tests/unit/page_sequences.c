// SPDX-License-Identifier: MIT
/*
 * Clauses: PAGE-2, PAGE-3, PAGE-5, PAGE-7, PAGE-10, PAGE-11.
 * Claim: the sequences of an accepted page are what was written, in match order.
 * Method: random well-formed pages of each size, up to 255 descriptors, all fields.
 */
#include "written.h"

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

static u64 random_off(const struct estp_rules *rules, u64 first, u64 past)
{
	return first + random_below((past - first) / rules->insn_align) * rules->insn_align;
}

/*
 * The upper half of the page has the prefix words, none over another: responses of
 * INTERRUPT descriptors are multiples of 16.
 */
static u32 write_random(const struct estp_rules *rules, u64 *word)
{
	u32 n = 1 + random_below(255), header = 8 + 8 * n, size = rules->page_size, i, k;
	u64 offs = size > 0xffff ? 0x10000u - rules->insn_align : size;

	write_page(n);
	for (i = 0; i < n; i++) {
		u64 start = random_off(rules, header, offs - rules->insn_align);
		u64 end = random_off(rules, start + rules->insn_align, offs);
		u64 selector = random_below(3), response = random_off(rules, header, size);

		if (selector == 1)
			response = size / 2 + 16 + 16 * random_below(size / 2 / 16 - 1);
		word[i] = raw_descriptor(selector, start, end, response);
	}
	qsort(word, n, sizeof(*word), by_value);
	for (i = k = 1; i < n; i++)
		if (word[i] != word[k - 1])
			word[k++] = word[i];
	n = k;
	write_word(0, raw_metadata(0, n));
	for (i = 0; i < n; i++) {
		u32 response = word[i] & 0xffff;

		write_word(8 + 8 * i, word[i]);
		if (word[i] >> 61 == 1)
			write_word(response - 8, raw_prefix(random_word() & rules->clear_valid,
				   1 + random_below(size - response), random_below(2)));
	}
	return n;
}

static void check_one(const struct estp_sequence *seq, u64 word)
{
	u32 selector = word >> 61;
	u64 prefix = 0;

	if (selector == 1)
		memcpy(&prefix, written + (word & 0xffff) - 8, 8);
	expect(seq->start == PAGE_ADDR + (word >> 32 & 0xffff), "start");
	expect(seq->length == (word >> 16 & 0xffff) - (word >> 32 & 0xffff), "length");
	expect(seq->response == PAGE_ADDR + (word & 0xffff), "response");
	expect(seq->selector == selector, "selector");
	expect(seq->causes == (selector == 2 ? 15 : 0), "causes");
	expect(seq->clear_mask == (u32)prefix, "clear mask");
	expect(seq->response_len == (prefix >> 32 & 0xffff), "response length");
	expect(seq->flags == prefix >> 48, "flags");
	expect(seq->layout == 0 && seq->zero == 0, "layout");
}

static void random_pages(const struct estp_rules *rules)
{
	u32 round, i, n;
	u64 word[255];

	for (round = 0; round < 300; round++) {
		struct estp_item item[255], sorted[255];

		n = write_random(rules, word);
		expect_accepted(rules, n);
		for (i = 0; i < n; i++) {
			check_one(&parsed[i], word[i]);
			item[i] = sorted[i] = (struct estp_item) { .seq = parsed[i] };
		}
		estp_sort(sorted, n);
		expect(!memcmp(item, sorted, n * sizeof(*item)), "not in match order");
	}
	claim("pages of %u bytes, instructions of %u", rules->page_size, rules->insn_align);
}

int main(void)
{
	static const u32 sizes[] = { 4096, 16384, 65536 };
	struct estp_rules rules;
	u32 i;

	random_start();
	for (i = 0; i < 3; i++) {
		rules = rules_arm64;
		rules.page_size = sizes[i];
		random_pages(&rules);
	}
	random_pages(&rules_x86_64);
	return tap_done();
}
