/* SPDX-License-Identifier: MIT */
/*
 * The functions of estp/access.h in memory whose tags differ from granule to granule (MTE), the
 * thread being told at once: the body of two tests, with the module and without.
 *
 *	mem	| 1 | 2 |	16 bytes each
 *
 * (QEMU 7.2 gives a tag to all granules of the page that lie an even number farther: there are no others.)
 * What is there is all that a pointer's tag opens, to the byte; nothing else changes.
 */
#ifndef ACCESS_TAGS_H
#define ACCESS_TAGS_H

#include "../access.h"
#include "tags.h"

#define HALF	16		/* bytes of one tag */

static u8 *mem, *one, *two;	/* the same place, by either tag */

/* Each byte its own, none 0. */
static void fill(void)
{
	memset(one, 0, HALF);
	memset(two + HALF, 0, HALF);
	for (u32 i = 0; i < HALF; i++) {
		one[i] = 1 + i;
		two[HALF + i] = 1 + HALF + i;
	}
}

/* So many bytes are not what fill() made of them. */
static u32 changed(void)
{
	u32 nr = 0;

	for (u32 i = 0; i < HALF; i++)
		nr += (one[i] != 1 + i) + (two[HALF + i] != 1 + HALF + i);
	return nr;
}

static void loads_and_stores(void)
{
	u32 wrong = 0, off;

	for (off = 0; off <= 2 * HALF - 8; off++) {
		bool good = off <= HALF - 8;
		u64 value = 0x5a;
		u16 small = 0x5a;

		fill();
		wrong += estp_load64(one + off, &value) != (good ? 0 : -EFAULT) || (value == 0x5a) == good;
		wrong += estp_load16(one + off, &small) != (off <= HALF - 2 ? 0 : -EFAULT);
		wrong += estp_store64(one + off, ~0ull) != (good ? 0 : -EFAULT) || changed() != (good ? 8 : 0);
		/* The other way round: what refuses comes first. */
		good = off >= HALF;
		fill();
		wrong += estp_store64(two + off, ~0ull) != (good ? 0 : -EFAULT) || changed() != (good ? 8 : 0);
		fill();
		wrong += estp_store32(two + off, ~0u) != (good ? 0 : -EFAULT) || changed() != (good ? 4 : 0);
	}
	is(wrong, 0, "loads and stores: all or nothing, wherever the tag changes");
}

static void copies(void)
{
	u8 own[2 * HALF];
	u32 wrong = 0, off, i;

	for (off = 0; off < HALF; off++) {
		fill();
		memset(own, 0xee, sizeof(own));
		wrong += estp_copy(own, one + off, sizeof(own)) != HALF - off;
		for (i = 0; i < sizeof(own); i++)
			wrong += own[i] != (i < HALF - off ? 1 + off + i : 0xee);
		wrong += estp_copy(one + off, own, sizeof(own)) != HALF - off || changed();
		memset(own, 0xee, sizeof(own));
		wrong += estp_copy(one + off, own, sizeof(own)) != HALF - off || changed() != HALF - off;
	}
	is(wrong, 0, "copies: up to the last byte of the tag, and none behind it");
}

static void lengths(void)
{
	u32 wrong = 0, i;

	for (i = 0; i < HALF; i++) {
		fill();
		one[i] = 0;
		wrong += estp_strnlen((char *)one, 4096) != i;
	}
	is(wrong, 0, "strings that end before the tag does");
	fill();
	is(estp_strnlen((char *)one, HALF), HALF, "one that is bounded there");
	is(estp_strnlen((char *)one, HALF + 1), -EFAULT, "and one that is not");
}

static void access_tags(void)
{
	need_tags();
	mem = mmap(NULL, page_size(), PROT_READ | PROT_WRITE | PROT_MTE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(mem != MAP_FAILED);
	tell_tags(PR_MTE_TCF_SYNC);
	one = (u8 *)tagged(mem, 1);
	two = (u8 *)tagged(mem, 2);
	set_tag((u64)one);
	set_tag((u64)two + HALF);
	loads_and_stores();
	copies();
	lengths();
}

#endif
