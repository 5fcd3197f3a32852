/* SPDX-License-Identifier: MIT */
/*
 * Each function of estp/access.h over each kind of memory: the body of two tests, with
 * the module and without.  Results are the same; only the counter of diversions tells.
 */
#ifndef ACCESS_KINDS_H
#define ACCESS_KINDS_H

#include "access.h"

/* The same for all widths: value and access by size. */
static int load(const void *address, u64 *value, size_t size)
{
	u8 v8 = 0x5a;
	u16 v16 = 0x5a5a;
	u32 v32 = 0x5a5a5a5a;
	int error;

	switch (size) {
	case 1: error = estp_load8(address, &v8); *value = v8; break;
	case 2: error = estp_load16(address, &v16); *value = v16; break;
	case 4: error = estp_load32(address, &v32); *value = v32; break;
	default: *value = 0x5a5a5a5a5a5a5a5a; error = estp_load64(address, value);
	}
	return error;
}

static int store(void *address, u64 value, size_t size)
{
	switch (size) {
	case 1: return estp_store8(address, value);
	case 2: return estp_store16(address, value);
	case 4: return estp_store32(address, value);
	default: return estp_store64(address, value);
	}
}

static u64 mask_of(size_t size)
{
	return size == 8 ? ~0ull : (1ull << 8 * size) - 1;
}

/* Diversions since the last call; that many faults there must have been. */
static void diverted_at_least(u64 least, u64 most, const char *what)
{
	static u64 before;
	u64 now = faults_so_far(), nr = now - before;

	before = now;
	if (estp_object_error())
		return;
	ok(nr >= least && nr <= most, "%s: %llu diversions, of %llu to %llu", what,
	   (unsigned long long)nr, (unsigned long long)least, (unsigned long long)most);
}

static void good_memory(void)
{
	u8 *mem = good_pages(2), *copy = good_pages(2);
	unsigned int wrong = 0, off;
	size_t size;
	u64 value, want;

	for (off = 0; off < 2 * PAGE; off++)
		mem[off] = off * 7 + (off >> 8);
	for (size = 1; size <= 8; size *= 2) {
		for (off = PAGE - 16; off < PAGE + 16; off++) {
			want = 0;
			memcpy(&want, mem + off, size);
			wrong += load(mem + off, &value, size) != 0 || value != want;
			memcpy(copy, mem, 2 * PAGE);
			value = 0x123456789abcdef0ull * (off + 1);
			wrong += store(copy + off, value, size) != 0;
			want = 0;
			memcpy(&want, copy + off, size);
			wrong += want != (value & mask_of(size));
			wrong += memcmp(copy, mem, off) != 0 ||
				 memcmp(copy + off + size, mem + off + size, 2 * PAGE - off - size) != 0;
		}
	}
	is(wrong, 0, "good memory: loads and stores of all widths, over a page's end too");
	memset(copy, 0, 2 * PAGE);
	is(estp_copy(copy, mem, 2 * PAGE), 2 * PAGE, "good memory: all is copied");
	is(memcmp(copy, mem, 2 * PAGE), 0, "and is the same");
	memset(mem, 'x', 2 * PAGE);
	wrong = 0;
	for (off = 0; off < 40; off++) {
		unsigned int len;

		for (len = 0; len < 70; len++) {
			mem[off + len] = 0;
			wrong += estp_strnlen((char *)mem + off, 1000) != len;
			wrong += estp_strnlen((char *)mem + off, len) != len;
			wrong += estp_strnlen((char *)mem + off, len + 1) != len;
			wrong += estp_strnlen((char *)mem + off, SIZE_MAX) != len;
			wrong += estp_strnlen((char *)mem + off, len / 2) != len / 2;
			mem[off + len] = 'x';
		}
	}
	is(wrong, 0, "good memory: string lengths at each alignment");
	ok(estp_readable(mem, 2 * PAGE) && estp_writable(mem, 2 * PAGE), "good memory: yes and yes");
	ok(estp_readable("constant", 9) && !estp_writable((void *)"constant", 9),
	   "constants can be read, not written");
	diverted_at_least(1, 1, "good memory");
	free_pages(mem, 2);
	free_pages(copy, 2);
}

/* Addresses that are bad whatever is mapped. */
static void bad_addresses(void)
{
	static u8 *const addresses[] = {
		NULL, (u8 *)8, (u8 *)0x7ffffffffff8, (u8 *)0x800000000000, (u8 *)0xdeadbeefdeadbeef,
		(u8 *)0x7fffffffffffffff, (u8 *)0x8000000000000000, (u8 *)0xffff800000000000,
		(u8 *)0xffffffffff600000, (u8 *)-4096, (u8 *)-8, (u8 *)-1,
	};
	unsigned int i, wrong = 0, nr = 0;
	u8 own[64];
	size_t size;
	u64 value;

	memset(own, 0x77, sizeof(own));
	for (i = 0; i < ARRAY_LEN(addresses); i++) {
		u8 *at = addresses[i];

		for (size = 1; size <= 8; size *= 2, nr += 2) {
			wrong += load(at, &value, size) != -EFAULT ||
				 value != (0x5a5a5a5a5a5a5a5a & mask_of(size));
			wrong += store(at, 1, size) != -EFAULT;
		}
		wrong += estp_copy(own, at, 64) != 0;
		wrong += estp_copy(at, own, 64) != 0;
		wrong += estp_copy(own, at, 1) != 0;
		wrong += estp_copy(at, own, 5) != 0;
		wrong += estp_copy(at, own, SIZE_MAX / 2) != 0;
		wrong += estp_copy(at, at, 5000) != 0;
		wrong += estp_copy(own, at, 0) != 0;
		wrong += estp_strnlen((char *)at, 10) != -EFAULT;
		wrong += estp_strnlen((char *)at, 0) != 0;
		wrong += estp_readable(at, 1) || !estp_readable(at, 0);
		wrong += estp_writable(at, 1) || !estp_writable(at, 0);
		wrong += estp_readable(at, SIZE_MAX) || estp_writable(at, SIZE_MAX);
		nr += 9;	/* copies take two faults, or one by the string instruction and one more */
		if (wrong)
			diag("up to address %p: %u wrong", at, wrong);
	}
	is(wrong, 0, "NULL, unmapped, non-canonical, kernel's: each function refuses each");
	for (i = 0; i < sizeof(own); i++)
		wrong += own[i] != 0x77;
	is(wrong, 0, "and has changed nothing");
	diverted_at_least(nr, 3 * nr, "bad addresses");
}

/* One page bad, the other good; @first: the bad one comes first. */
static void one_kind(const struct bad_kind *kind, bool first)
{
	u8 *mem = good_pages(2), *bad, *good, *edge;
	bool r = !(kind->denied & NO_READ), w = !(kind->denied & NO_WRITE);
	unsigned int wrong = 0, nr = 0, off;
	static u8 want[PAGE_MAX];
	u8 own[300];
	const char *where = first ? "before" : "after";
	size_t size;
	u64 value;

	memset(mem, 1, 2 * PAGE);
	bad = first ? mem : mem + PAGE;
	good = first ? mem + PAGE : mem;
	edge = mem + PAGE;
	if (!kind->spoil(bad)) {
		skip("%s: not on this machine", kind->name);
		free_pages(mem, 2);
		return;
	}
	memset(good, 0x11, PAGE);
	memset(want, 0x11, PAGE);
	for (size = 1; size <= 8; size *= 2) {
		for (off = 0; off <= 16; off++) {
			/* The access as @off bytes below the edge or, from off 16 on, at it. */
			u8 *at = edge - 16 + off;
			bool in_bad = first ? at < edge : at + size > edge;
			bool in_good = first ? at + size > edge : at < edge;
			int error = load(at, &value, size);

			wrong += error != (in_bad && !r ? -EFAULT : 0);
			if (!error && !in_bad)
				wrong += value != (0x1111111111111111 & mask_of(size));
			nr += in_bad && !r;
			error = store(at, 0x2222222222222222, size);
			wrong += error != (in_bad && !w ? -EFAULT : 0);
			nr += in_bad && !w;
			if (in_good && !error) {
				u64 got = 0;

				if (!in_bad)
					memcpy(&got, at, size);
				wrong += !in_bad && got != (0x2222222222222222 & mask_of(size));
				memset(good, 0x11, PAGE);
			}
			wrong += memcmp(good, want, PAGE) != 0;
		}
	}
	is(wrong, 0, "%s page %s a good one: loads and stores, the reaching ones all or nothing",
	   kind->name, where);
	diverted_at_least(nr, nr, "loads and stores");

	wrong = 0;
	memset(own, 0x33, sizeof(own));
	if (!first) {
		wrong += estp_copy(own, edge - 100, 200) != (r ? 200 : 100);
		wrong += estp_copy(edge - 100, own + 200, 100) != 100;
		wrong += estp_copy(edge - 50, own, 60) != (w ? 60 : 50);
		wrong += estp_strnlen((char *)edge - 37, 1000) != (r ? 1000 : -EFAULT);
		wrong += estp_strnlen((char *)edge - 37, 37) != 37;
		wrong += estp_strnlen((char *)edge - 37, 38) != (r ? 38 : -EFAULT);
		edge[-1] = 0;
		wrong += estp_strnlen((char *)edge - 37, 1000) != 36;
		wrong += estp_strnlen((char *)edge - 1, 1000) != 0;
	} else {
		wrong += estp_copy(own, edge - 1, 200) != (r ? 200 : 0);
		wrong += estp_copy(edge - 1, own, 200) != (w ? 200 : 0);
		wrong += estp_copy(own, edge, 200) != 200;
		wrong += estp_strnlen((char *)edge - 1, 10) != (r ? 10 : -EFAULT);
		wrong += estp_strnlen((char *)edge, 10) != 10;
	}
	is(wrong, 0, "%s page %s a good one: copies and string lengths", kind->name, where);
	diverted_at_least(!r + !w, 24, "copies and string lengths");

	wrong = nr = 0;
	for (off = 1; off < 3; off++) {
		u8 *from = edge - off;

		wrong += estp_readable(from, off) != (!first || r);
		wrong += estp_readable(edge, off) != (first || r);
		wrong += estp_readable(from, 2 * off) != r;
		wrong += estp_writable(from, off) != (!first || w);
		wrong += estp_writable(edge, off) != (first || w);
		wrong += estp_writable(from, 2 * off) != w;
		nr += 2 * !r + 2 * !w;
	}
	wrong += estp_readable(mem, 2 * PAGE) != r || estp_writable(mem, 2 * PAGE) != w;
	nr += !r + !w;
	is(wrong, 0, "%s page %s a good one: readable, writable", kind->name, where);
	diverted_at_least(nr, nr, "readable, writable");
	munmap(mem - PAGE, 4 * PAGE);
}

static void access_kinds(void)
{
	unsigned int i;

	foreign_handlers();
	diverted_at_least(0, ~0ull, "so far");
	errno = 12345;
	good_memory();
	bad_addresses();
	is(errno, 12345, "errno is untouched");
	for (i = 0; i < ARRAY_LEN(bad_kinds); i++) {
		one_kind(&bad_kinds[i], false);
		one_kind(&bad_kinds[i], true);
	}
	is(foreign_nr, 0, "no handler was called");
}

#endif
