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

#include <asm/hwcap.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include "../access.h"

/* Not in the oldest headers that this is built with. */
#ifndef HWCAP2_MTE
#define HWCAP2_MTE	(1 << 18)
#endif
#ifndef PROT_MTE
#define PROT_MTE	0x20
#endif
#ifndef PR_MTE_TCF_SYNC
#define PR_MTE_TCF_SYNC		(1ul << 1)
#endif

#define HALF	16		/* bytes of one tag */

static u8 *mem, *one, *two;	/* the same place, by either tag */

static u8 *tagged(u8 *p, u64 tag)
{
	return (u8 *)((u64)p | tag << 56);
}

static void set_tag(u8 *p)
{
	register u8 *x9 __asm__("x9") = p;

	/* stg x9, [x9]: the assembler's name for it depends on the compiler's options. */
	__asm__ volatile(".inst 0xd9200929" : : "r"(x9) : "memory");
}

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
	/* The machine was asked for it, and Debian's kernels know it. */
	if (!(getauxval(AT_HWCAP2) & HWCAP2_MTE))
		bail("the CPU checks no tags");
	mem = mmap(NULL, page_size(), PROT_READ | PROT_WRITE | PROT_MTE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(mem != MAP_FAILED);
	must(!prctl(PR_SET_TAGGED_ADDR_CTRL, PR_TAGGED_ADDR_ENABLE | PR_MTE_TCF_SYNC, 0, 0, 0));
	one = tagged(mem, 1);
	two = tagged(mem, 2);
	set_tag(one);
	set_tag(two + HALF);
	loads_and_stores();
	copies();
	lengths();
}

#endif
