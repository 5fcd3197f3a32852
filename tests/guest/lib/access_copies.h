/* SPDX-License-Identifier: MIT */
/*
 * estp_copy() at each distance from a bad page, on either side: exactly the bytes before
 * the first bad one are copied, and no other byte changes.  Body of two tests.
 */
#ifndef ACCESS_COPIES_H
#define ACCESS_COPIES_H

#include "access.h"

/* Up to the bad page; a whole number of pages would take long to compare where they are large. */
#define AREA	(3 * 4096)

static u8 *src, *dst;

/* One copy, judged byte by byte; @left: bytes before the bad page, on either side. */
static unsigned int one_copy(size_t src_left, size_t dst_left, size_t len)
{
	static u8 before[AREA];
	u8 *from = src + AREA - src_left, *to = dst + AREA - dst_left;
	size_t want = len, got;

	if (want > src_left)
		want = src_left;
	if (want > dst_left)
		want = dst_left;
	memset(dst, 0xee, AREA);
	memcpy(before, dst, AREA);
	memcpy(before + AREA - dst_left, from, want);
	got = estp_copy(to, from, len);
	if (got == want && !memcmp(dst, before, AREA))
		return 0;
	diag("%zu bytes, %zu to the end of the source, %zu of the target: %zu, should be %zu%s",
	     len, src_left, dst_left, got, want, memcmp(dst, before, AREA) ? "; bytes differ" : "");
	return 1;
}

static u8 *area(void)
{
	size_t nr = (AREA + PAGE - 1) / PAGE;

	return good_pages(nr) + nr * PAGE - AREA;
}

static void access_copies(unsigned int step)
{
	static const size_t lens[] = { 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 47, 48,
				       63, 64, 65, 79, 80, 100, 127, 128, 129, 200 };
	static const size_t large[] = { 1023, 1024, 1025, 4095, 4096, 4097, 8000 };
	unsigned int i, k, wrong[4] = { 0 }, nr = 0;
	size_t left;
	u64 before;

	foreign_handlers();
	src = area();
	dst = area();
	for (i = 0; i < AREA; i++)
		src[i] = i % 251;
	before = faults_so_far();
	for (left = 0; left <= 136; left += step) {
		for (i = 0; i < ARRAY_LEN(lens); i++) {
			wrong[0] += one_copy(left, 1000, lens[i]);
			wrong[1] += one_copy(1000, left, lens[i]);
			wrong[2] += one_copy(left, left, lens[i]);
			/* Both in reach, at another alignment. */
			wrong[2] += one_copy(left, left / 2 + 3, lens[i]);
			nr += 3 * (lens[i] > left);
		}
	}
	is(wrong[0], 0, "the source ends: each distance, each length");
	is(wrong[1], 0, "the target ends: each distance, each length");
	is(wrong[2], 0, "both end");
	for (i = 0; i < ARRAY_LEN(large); i++) {
		for (k = 0; k < ARRAY_LEN(large); k++) {
			for (left = large[k] - 2; left <= large[k] + 2; left++) {
				wrong[3] += one_copy(left, AREA, large[i]);
				wrong[3] += one_copy(AREA - 5, left, large[i]);
				nr += 2 * (large[i] > left);
			}
		}
	}
	is(wrong[3], 0, "large ones");
	if (!estp_object_error())
		ok(faults_so_far() - before >= nr, "%llu diversions, at least %u",
		   (unsigned long long)(faults_so_far() - before), nr);
	is(foreign_nr, 0, "no handler was called");
}

#endif
