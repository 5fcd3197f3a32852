// SPDX-License-Identifier: MIT
/*
 * Clauses: PAGE-2, PAGE-3, PAGE-4, PAGE-5, PAGE-7, PAGE-8, TAB-2, TAB-3, TAB-4, TAB-5,
 * TAB-6, MASK-5.
 * Claim: whatever bytes come in, parsing ends with a reason or with sequences that keep
 * every bound; what was accepted can be judged, compiled and matched, and a match is one
 * of the input's own sequences.
 * Method: LLVMFuzzerTestOneInput() takes a page or a table; main() feeds it random and
 * spoilt inputs, a fixed number.  With ESTP_FUZZER it is libFuzzer's (tests/fuzz_core),
 * which begins with inputs that main() writes: fuzz_parse FOLDER.
 */
#include <string.h>
#include "shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static u64 accepted[2], refused[ESTP_REASON_NR], judged[2];

static void must(bool cond, const char *what)
{
	if (cond)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* Compile what was accepted, and ask at each of its boundaries. */
static void match_all(struct estp_item *item, u32 nr, u32 page_size)
{
	struct registrar r;
	struct model model;
	struct estp_sequence *seq = must_alloc(nr * sizeof(*seq));
	void *scratch = must_alloc(estp_rule_scratch(nr));
	u32 i, k, offender = ~0u;
	bool held;

	estp_sort(item, nr);
	for (i = 0; i < nr; i++)
		seq[i] = item[i].seq;
	held = estp_rule_check(item, nr, scratch, &offender);
	must(held || offender < nr, "offender");
	must(nr > 300 || held == model_rule(seq, nr), "rule");
	judged[held]++;

	registrar_start(&r, page_size);
	model_start(&model, page_size);
	if (item[0].seq.layout == ESTP_LAYOUT_PAGE) {
		registrar_add_page(&r, seq[0].start & ~(u64)(page_size - 1), seq, nr);
		model_add_page(&model, seq[0].start & ~(u64)(page_size - 1), seq, nr);
	} else {
		registrar_add_table(&r, seq, nr);
		model_add_table(&model, seq, nr);
	}
	for (i = 0; i < nr && i < 40; i++)
		for (k = 0; k < 4; k++) {
			u64 pc = seq[i].start + (k & 1 ? seq[i].length : 0) - (k & 2 ? 4 : 0);

			must(compare_at(&r, &model, pc), "match");
		}
	registrar_stop(&r);
	model_stop(&model);
	must(!host_pages_live, "leak");
	free(scratch);
	free(seq);
}

static void check_refusal(const struct estp_reject *why, u32 nr)
{
	must(why->reason > ESTP_OK && why->reason < ESTP_REASON_NR, "reason");
	must(why->field < ESTP_FIELD_NR, "field");
	must(why->index < nr || why->index == ESTP_IN_THE_HEADER, "index");
	refused[why->reason]++;
}

static void check_sequence(const struct estp_sequence *seq, const struct estp_rules *rules)
{
	must(seq->length && seq->selector < 3, "length, selector");
	must(!(seq->start % rules->insn_align) && !(seq->response % rules->insn_align) &&
	     !(seq->length % rules->insn_align), "alignment");
	must((seq->selector == ESTP_FAULT) == !!seq->causes, "causes");
	must((seq->selector == ESTP_INTERRUPT) == !!seq->response_len, "response length");
	must(!(seq->clear_mask & ~rules->clear_valid), "clear mask");
	must(seq->selector == ESTP_INTERRUPT || (!seq->clear_mask && !seq->flags), "for INTERRUPT");
	must(seq->flags < 2 && !seq->zero, "flags");
}

static void one_page(const struct estp_rules *rules, const uint8_t *data, size_t size)
{
	const u64 addr = 0x550000000000;
	struct estp_sequence seq[ESTP_PAGE_COUNT_MAX];
	struct estp_item item[ESTP_PAGE_COUNT_MAX];
	struct estp_reject why = { 0 };
	u8 *page = must_alloc(rules->page_size);
	int nr, i;

	memset(page, 0, rules->page_size);
	memcpy(page, data, size < rules->page_size ? size : rules->page_size);
	nr = estp_parse_page(rules, page, addr, seq, &why);
	free(page);
	if (nr < 0) {
		check_refusal(&why, ESTP_PAGE_COUNT_MAX);
		return;
	}
	must(nr >= 1 && nr <= 255, "count");
	for (i = 0; i < nr; i++) {
		u64 header = addr + 8 + 8 * nr, end = addr + rules->page_size;

		check_sequence(&seq[i], rules);
		must(seq[i].start >= header && seq[i].start + seq[i].length <= end, "span");
		must(seq[i].response >= header && seq[i].response < end, "response");
		must(seq[i].response + seq[i].response_len <= end, "response's end");
		must(seq[i].selector != ESTP_INTERRUPT || seq[i].response >= header + 8, "prefix");
		item[i] = (struct estp_item) { .seq = seq[i] };
	}
	accepted[0]++;
	match_all(item, nr, rules->page_size);
}

static void one_table(const struct estp_rules *rules, const uint8_t *data, size_t size)
{
	struct estp_table table = { 0 };
	struct estp_reject why = { 0 };
	struct estp_item *item;
	int nr, i, n = 0;

	memcpy(&table, data, size < sizeof(table) ? size : sizeof(table));
	nr = estp_parse_table(rules, &table, &why);
	if (nr < 0) {
		check_refusal(&why, 1);
		return;
	}
	data += sizeof(table);
	size -= sizeof(table);
	item = must_alloc(nr * sizeof(*item));
	for (i = 0; i < nr && (i + 1) * sizeof(struct estp_entry) <= size; i++) {
		struct estp_sequence *seq = &item[n].seq;
		struct estp_entry entry;

		memcpy(&entry, data + i * sizeof(entry), sizeof(entry));
		if (estp_parse_entry(rules, &table, &entry, i, seq, &why)) {
			check_refusal(&why, nr);
			break;
		}
		check_sequence(seq, rules);
		must(seq->start == estp_entry_start(&table, &entry), "start");
		must(seq->response == estp_entry_response(&table, &entry), "response");
		item[n].wide = 0;
		/* The host refuses what is not mapped; a test cannot spread over 4 GiB. */
		n += seq->start >> 47 == 0 && seq->start > 0x1000000 && seq->length < 1 << 18 &&
		     seq->response >> 47 == 0 && seq->response > 0x1000000;
	}
	if (n && i == nr) {
		estp_sort(item, n);
		for (i = nr = 1; i < n; i++)
			if (!estp_same_key(&item[nr - 1].seq, &item[i].seq))
				item[nr++] = item[i];
		accepted[1]++;
		match_all(item, nr, rules->page_size);
	}
	free(item);
}

/* The first byte chooses the rules, the rest is the input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const u32 sizes[] = { 4096, 16384, 65536, 4096 };
	struct estp_rules rules;

	if (size < 1 + sizeof(struct estp_table))
		return 0;
	/* Large pages are arm64's; core/ counts on instructions of 4 bytes on 64 KiB pages. */
	rules = data[0] & 7 ? rules_arm64 : rules_x86_64;
	rules.page_size = sizes[data[0] >> 1 & 3];
	rules.reset_pkey = data[0] >> 3 & 1;
	rules.causes = data[0] & 16 ? 31 : 15;
	if (data[0] & 32)
		one_page(&rules, data + 1, size - 1);
	else
		one_table(&rules, data + 1, size - 1);
	return 0;
}

#ifndef ESTP_FUZZER

static uint8_t input[1 + 65536];

static void put_word(size_t at, u64 word)
{
	memcpy(input + 1 + at, &word, sizeof(word));
}

static u64 get_word(size_t at)
{
	u64 word;

	memcpy(&word, input + 1 + at, sizeof(word));
	return word;
}

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

/* Mostly a good page; prefix words may fall over one another. */
static size_t random_input_page(void)
{
	u32 size = 4096u << (input[0] >> 1 & 3) * 2, n = 1 + random_below(one_in(4) ? 255 : 6), i;
	u32 align = input[0] & 7 ? 4 : 1, first = 8 + 8 * n;
	u64 word[255];

	if ((input[0] >> 1 & 3) == 3)
		size = 4096;
	for (i = 0; i < n; i++) {
		u32 start = first + random_below(size - first - 8);
		u32 end = start + 1 + random_below(one_in(2) ? 64 : size - start);
		u32 response = first + 8 + random_below(size - first - 8);

		start &= -align, end = (end + align - 1) & -align, response &= -align;
		word[i] = random_below(3) << 61 | (u64)start << 32 |
			  (u64)(end > 0xffff ? 0x10000 - align : end) << 16 | response;
	}
	qsort(word, n, sizeof(*word), by_value);
	put_word(0, 0x4553545001000000 | n);
	for (i = 0; i < n; i++) {
		u32 response = word[i] & 0xffff;

		put_word(8 + 8 * i, word[i]);
		if (word[i] >> 61 == 1 && response >= first + 8)
			put_word(response - 8, (1 + random_below(one_in(9) ? size : 8)) << 32 |
				 (one_in(2) ? random_word() & 0x8000ffef : 0));
	}
	return size;
}

static size_t random_input_table(void)
{
	u32 n = 1 + random_below(one_in(4) ? 60 : 6), i;
	s64 mask = input[0] & 7 ? -4 : -1;

	put_word(0, 0x4553545001010000 | n);
	put_word(8, (one_in(20) ? random_word() : 0x7f0000000000) & mask);
	put_word(16, random_word());
	put_word(24, 24);
	for (i = 0; i < n; i++) {
		struct estp_entry entry = {
			.start = random_below(one_in(9) ? 1ull << 32 : 20000) & mask,
			.length = (1 + random_below(one_in(9) ? 1 << 19 : 300)) & mask,
			.response = random_below(one_in(9) ? 1ull << 32 : 20000) & mask,
			.selector = random_below(3),
		};

		if (entry.selector == 1) {
			entry.response_len = 1 + random_below(one_in(9) ? 65535 : 9);
			entry.clear_mask = one_in(2) ? random_word() & 0x8000ffef : 0;
			entry.flags = input[0] & 8 && one_in(3);
		}
		if (entry.selector == 2)
			entry.causes = 1 + random_below(15);
		memcpy(input + 1 + 32 + 24 * i, &entry, sizeof(entry));
	}
	return 32 + 24 * n;
}

/* A bit, a byte, a whole word of the header or an entry. */
static void spoil(size_t size)
{
	size_t header = size < 2100 ? size : 2100, at = random_below(one_in(3) ? size : header);

	switch (random_below(4)) {
	case 0:
		input[1 + at] ^= 1 << random_below(8);
		break;
	case 1:
		input[1 + at] = random_word();
		break;
	case 2:
		put_word(at & ~7ul, get_word(at & ~7ul) + (random_below(5) - 2) *
			 (1ull << random_below(64)));
		break;
	default:
		put_word(at & ~7ul, random_word());
	}
}

static size_t random_input(void)
{
	size_t size;
	u32 i;

	memset(input, 0, one_in(50) ? sizeof(input) : 8192);
	input[0] = random_word();
	/* Large pages are slow to fill. */
	if (input[0] & 32 && !one_in(20))
		input[0] &= ~6;
	size = input[0] & 32 ? random_input_page() : random_input_table();
	for (i = random_below(4); i > 1; i--)
		spoil(size);
	return 1 + size;
}

static int write_corpus(const char *folder)
{
	char path[256];
	int i;

	for (i = 0; i < 300; i++) {
		size_t size = random_input();
		FILE *file;

		snprintf(path, sizeof(path), "%s/%d", folder, i);
		file = fopen(path, "w");
		if (!file || fwrite(input, size, 1, file) != 1 || fclose(file)) {
			perror(path);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	u32 round, i;

	random_start();
	if (argc > 1)
		return write_corpus(argv[1]);
	for (round = 0; round < 60000; round++)
		LLVMFuzzerTestOneInput(input, random_input());
	expect(accepted[0] > round / 20, "%llu pages", (unsigned long long)accepted[0]);
	expect(accepted[1] > round / 20, "%llu tables", (unsigned long long)accepted[1]);
	expect(judged[0] > round / 50 && judged[1] > round / 50, "%llu, %llu",
	       (unsigned long long)judged[0], (unsigned long long)judged[1]);
	for (i = ESTP_OK + 1; i < ESTP_REASON_NR; i++)
		if (i != ESTP_DUPLICATE && i != ESTP_LEAK)
			expect(refused[i], "never refused: %s", estp_reason_text(i));
	claim("%u inputs: %llu pages and %llu tables accepted, each reason met", round,
	      (unsigned long long)accepted[0], (unsigned long long)accepted[1]);
	return tap_done();
}

#endif
