/* SPDX-License-Identifier: MIT */
/*
 * Pages and tables written with raw numbers, as a program without the header would:
 * what core/ reads is checked against numbers, not against its own macros.
 */
#ifndef ESTP_TEST_WRITTEN_H
#define ESTP_TEST_WRITTEN_H

#include <string.h>
#include "host.h"
#include "tap.h"

static unsigned char written[65536] __attribute__((aligned(4096)));

static inline void write_word(u32 off, u64 word)
{
	memcpy(written + off, &word, sizeof(word));
}

static inline u64 raw_metadata(u32 layout, u32 count)
{
	return 0x4553545001000000ull | (u64)layout << 16 | count;
}

static inline u64 raw_descriptor(u64 selector, u64 start, u64 end, u64 response)
{
	return selector << 61 | start << 32 | end << 16 | response;
}

static inline u64 raw_prefix(u64 mask, u64 response_len, u64 reset_pkey)
{
	return reset_pkey << 48 | response_len << 32 | mask;
}

static inline void write_page(u32 count)
{
	memset(written, 0, sizeof(written));
	write_word(0, raw_metadata(0, count));
}

static inline void write_descriptor(u32 i, u64 selector, u64 start, u64 end, u64 response)
{
	write_word(8 + 8 * i, raw_descriptor(selector, start, end, response));
}

static struct estp_sequence parsed[256];
static struct estp_reject why;

#define PAGE_ADDR	0x7f1234560000ull

/* Parse what was written from memory that ends where the page does. */
static inline int parse(const struct estp_rules *rules)
{
	static unsigned char *page;
	static u32 size;

	if (size != rules->page_size) {
		free(page);
		size = rules->page_size;
		page = must_alloc(size);
	}
	memcpy(page, written, rules->page_size);
	memset(parsed, 0x5a, sizeof(parsed));
	why = (struct estp_reject) { 0 };
	return estp_parse_page(rules, page, PAGE_ADDR, parsed, &why);
}

#define expect_accepted(rules, count)						\
	({									\
		int nr_ = parse(rules);						\
		expect(nr_ == (int)(count), "%d, reason %d: ", nr_, why.reason);	\
	})

#define expect_refused(rules, reason_, field_, index_, value_)			\
	({									\
		int nr_ = parse(rules);						\
		expect(nr_ == -1 && why.reason == (reason_) && why.field == (field_) && \
		       why.index == (u32)(index_) && why.value == (u64)(value_), \
		       "%d: %s: %s, index %u, value %#llx", nr_,			\
		       estp_field_text(why.field), estp_reason_text(why.reason), why.index, \
		       (unsigned long long)why.value);				\
	})

/* A table of one entry. */
static struct estp_table table;
static struct estp_entry entry;

static inline void write_table(u32 count)
{
	table = (struct estp_table) {
		.metadata = raw_metadata(1, count), .base = 0x400000, .entries = 0x500000,
		.entry_size = 24,
	};
}

static inline void write_entry(u8 selector)
{
	entry = (struct estp_entry) {
		.start = 0x100, .length = 0x20, .response = 0x200, .selector = selector,
		.response_len = selector == 1 ? 8 : 0, .causes = selector == 2 ? 15 : 0,
		.clear_mask = selector == 1 ? 0x80000003 : 0, .flags = selector == 1,
	};
}

#endif /* ESTP_TEST_WRITTEN_H */
