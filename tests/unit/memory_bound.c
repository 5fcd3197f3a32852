// SPDX-License-Identifier: MIT
/*
 * Clause: MEM-1.
 * Claim: a set takes at most 96 bytes a page of code and 32 for each sequence on each
 * page that it has a part on, beside a fixed amount, in any shape and at any size; a
 * span over several pages counts 48 on each of them, and 96 once.
 * Method: sets of many shapes, grown one request at a time and measured after each, and
 * made by one request; every allocation is rounded as the kernel's allocator does.
 */
#include "shape.h"

/* The part of an index that does not depend on the set: its header, rounded up. */
#define FIXED	4096

#define PAGE	4096ull
#define ADDR	0x7f0000000000ull

static struct estp_sequence seq[70000];

/* A span of several pages counts half as much again on each, and as one page more. */
static u64 allowed(const struct registrar *r)
{
	const struct estp_index *ix = r->set.index;
	u64 parts = 0, wide = 0;
	u32 i;

	for (i = 0; i <= ix->mask; i++) {
		const struct estp_page *page = estp_slot_page(ix->slot[i]);

		if (page && !estp_key_is_token(page->key)) {
			parts += estp_page_entries(page);
			wide += page->wide_nr;
		}
	}
	return 96 * (r->set.pages + r->set.tokens) + 32 * parts + 16 * wide;
}

static double worst;

static void measure(const struct registrar *r, const char *what)
{
	u64 bytes = registrar_bytes(r), limit = allowed(r);

	expect(bytes <= limit + FIXED, "%s: %llu pages, %llu tokens: %llu bytes, %llu allowed",
	       what, (unsigned long long)r->set.pages, (unsigned long long)r->set.tokens,
	       (unsigned long long)bytes, (unsigned long long)limit);
	if (limit > 1 << 20 && (double)bytes / limit > worst)
		worst = (double)bytes / limit;
}

/* n entries on each page, so many of them reaching onto the next one. */
static void make(u64 page, u32 n, u32 wide, u8 selector)
{
	u32 i;

	for (i = 0; i < n; i++)
		seq[i] = (struct estp_sequence) {
			.start = ADDR + page * PAGE + (i < wide ? PAGE - 1 - i : 8 * (i % 256)),
			.length = i < wide ? 4 + i : 1 + i / 256,
			.response = ADDR + page * PAGE + 2048,
			.selector = selector, .causes = selector == 2, .layout = ESTP_LAYOUT_TABLE,
			.response_len = selector == 1,
		};
}

static void grow(u32 pages, u32 stride, u32 n, u32 wide, u8 selector)
{
	struct registrar r;
	char what[80];
	u32 i;

	snprintf(what, sizeof(what), "%u entries a page, %u of them wide, every %u pages", n, wide,
		 stride);
	registrar_start(&r, PAGE);
	measure(&r, "empty");
	for (i = 0; i < pages; i++) {
		make((u64)i * stride, n, wide, selector);
		registrar_add_table(&r, seq, n);
		/* Measuring goes through all: not after each step of a large set. */
		if (i < 300 || !(i & (i - 1)) || !((i - 1) & (i - 2)) || one_in(100))
			measure(&r, what);
	}
	measure(&r, what);
	registrar_stop(&r);
}

static void at_once(u32 nr, u32 apart, u32 length)
{
	struct registrar r;
	char what[80];
	u32 i;

	snprintf(what, sizeof(what), "%u entries, %u bytes apart, of %u bytes", nr, apart, length);
	for (i = 0; i < nr; i++)
		seq[i] = (struct estp_sequence) {
			.start = ADDR + (u64)i * apart, .length = length,
			.response = ADDR + (u64)i * apart, .layout = ESTP_LAYOUT_TABLE,
		};
	registrar_start(&r, PAGE);
	registrar_add_table(&r, seq, nr);
	measure(&r, what);
	registrar_stop(&r);
}

static void descriptors(u32 pages, u32 n)
{
	const struct arena a = { .addr = ADDR, .page_size = PAGE, .pages = pages, .align = 1,
				 .span_max = PAGE, .far_one_in = 1 };
	struct registrar r;
	u32 i;

	registrar_start(&r, PAGE);
	for (i = 0; i < pages; i++) {
		u32 nr = random_page(&a, ADDR + i * PAGE, seq, n);

		registrar_add_page(&r, ADDR + i * PAGE, seq, nr);
		if (i < 100 || one_in(100))
			measure(&r, "descriptors");
	}
	measure(&r, "descriptors");
	registrar_stop(&r);
}

int main(void)
{
	u32 n, wide, i;

	random_start();
	for (n = 1; n <= 255; n += n < 60 ? 1 : 39)
		descriptors(n < 8 ? 2100 : 140, n);
	claim("pages of 1 to 255 descriptors, registered one by one");
	for (n = 1; n <= 12; n++)
		grow(1100, 1, n, 0, n % 3);
	for (n = 16; n <= 4096; n *= 2)
		grow(70, 1, n, 0, n % 3);
	claim("entries on one page each");
	for (i = 1; i <= 4; i++)
		for (n = 1; n <= 12; n++)
			for (wide = 1; wide <= n; wide++)
				grow(i > 2 ? 80 : 300, i, n, wide, n % 3);
	grow(2100, 2, 3, 3, 0);
	grow(2100, 2, 1, 1, 0);
	claim("entries over two pages");
	for (n = 1; n <= 65535; n = n * 5 / 4 + 1) {
		at_once(n, 4096, 16);
		at_once(n, 16, 8);
		at_once(n < 5000 ? n : 5000, 5000, 5000);
		at_once(n < 5000 ? n : 5000, 20000, 20000);
	}
	claim("one table of 1 to 65535 entries");
	printf("# of what is allowed, a large set took %.1f %% at most\n", 100 * worst);
	return tap_done();
}
