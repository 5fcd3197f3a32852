// SPDX-License-Identifier: MIT
/*
 * PAGE-2 to PAGE-8, MASK-1, REG-12, REG-14: each way in which an ESTP page can be
 * malformed is ENOEXEC, and nothing changes.
 *
 * Method: one good page; each case changes one thing of it, every reserved bit among
 * them, and registers it again over itself: refused, and what was registered before
 * still diverts. The twins are the same page unchanged, and the nearest values that
 * are allowed.
 */
#include <stdarg.h>

#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE		0x1000
#define NR		ESTP_SELECTOR_NR
#define H		ESTP_HEADER_LEN(NR)
#define INT_RESPONSE	(probe_seq[ESTP_INTERRUPT].response[0])

static struct guard guard;
static u8 *page, *good;
static size_t len;
static u64 *word;

/* The least distance between two offsets. */
#define I ((u64)INSN_ALIGN)

static void malformed(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void malformed(const char *fmt, ...)
{
	char text[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	refused(&guard, page, len, ENOEXEC, "%s", text);
	memcpy(page, good, len);
}

/* The page as it stands is fine: registered, then the good one again. */
static void fine(const char *what)
{
	is(madv_register(page, len), 0, "twin: %s", what);
	memcpy(page, good, len);
	must(!madv_register(page, len));
	guard_renew(&guard);
}

static void metadata(void)
{
	static const u32 counts[] = { 0, 256, 257, 4096, 65535 };
	unsigned int i;
	u64 header;

	for (i = 0; i < 32; i++) {
		word[0] ^= 1ull << (ESTP_META_MAGIC_SHIFT + i);
		malformed("magic, bit %u", i);
	}
	for (i = 0; i < 8; i++) {
		word[0] ^= 1ull << (ESTP_META_VERSION_SHIFT + i);
		malformed("version, bit %u", i);
	}
	for (i = 0; i < 8; i++) {
		word[0] ^= 1ull << (ESTP_META_LAYOUT_SHIFT + i);
		malformed("layout, bit %u", i);
	}
	for (i = 0; i < ARRAY_LEN(counts); i++) {
		word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, counts[i]);
		malformed("count %u", counts[i]);
	}
	header = word[0];
	word[0] = __builtin_bswap64(header);
	malformed("the metadata word big-endian");
	word[0] = 0;
	malformed("a metadata word of 0");
	memset(page, 0, PROBE_CODE);
	malformed("a header of zeros");
	memset(page, 0xff, PROBE_CODE);
	malformed("a header of ones");
}

/* One descriptor in place of the third, FAULT's, which comes last in the order. */
static void third(u64 selector, u64 start, u64 end, u64 response)
{
	word[3] = ESTP_DESCRIPTOR(selector, start, end, response);
}

static void fields(void)
{
	u64 s = probe_seq[ESTP_FAULT].start, e = probe_seq[ESTP_FAULT].end,
	    r = probe_seq[ESTP_FAULT].response[0], i;

	for (i = ESTP_SELECTOR_NR; i < 8; i++) {
		third(i, s, e, r);
		malformed("selector %u", (u32)i);
	}
	for (i = 0; i < 13; i++) {
		word[3] |= 1ull << (ESTP_DESC_ZERO_SHIFT + i);
		malformed("zero bit %u", (u32)(ESTP_DESC_ZERO_SHIFT + i));
	}

	third(ESTP_FAULT, H - I, e, r);
	malformed("a start in the header's last byte");
	third(ESTP_FAULT, 0, e, r);
	malformed("a start of 0");
	third(ESTP_FAULT, H, e, r);
	fine("a start right behind the header");
	third(ESTP_FAULT, s, s, r);
	malformed("an empty span");
	third(ESTP_FAULT, s, s - I, r);
	malformed("an end before the start");
	third(ESTP_FAULT, s, 0, r);
	malformed("an end of 0");
	third(ESTP_FAULT, s, len + I, r);
	malformed("an end past the page");
	third(ESTP_FAULT, s, INSN_FLOOR(0xffff), r);
	malformed("the greatest end");
	third(ESTP_FAULT, s, len, r);
	fine("an end that is the page's");
	third(ESTP_FAULT, len, len + I, r);
	malformed("a span past the page");
	third(ESTP_FAULT, len, len, r);
	malformed("an empty span at the page's end");
	third(ESTP_FAULT, len - I, len, r);
	fine("a span that is the page's last byte");
	third(ESTP_FAULT, s, e, H - I);
	malformed("a response in the header's last byte");
	third(ESTP_FAULT, s, e, 0);
	malformed("a response of 0");
	third(ESTP_FAULT, s, e, H);
	fine("a response right behind the header");
	third(ESTP_FAULT, s, e, len);
	malformed("a response at the page's end");
	third(ESTP_FAULT, s, e, INSN_FLOOR(0xffff));
	malformed("the greatest response");
	third(ESTP_FAULT, s, e, len - I);
	fine("a response at the page's last byte");
}

/* Off an instruction's border, where there are such. */
static void borders(void)
{
	u64 s = probe_seq[ESTP_FAULT].start, e = probe_seq[ESTP_FAULT].end,
	    r = probe_seq[ESTP_FAULT].response[0], i;

	for (i = 1; i < I; i++) {
		third(ESTP_FAULT, s + i, e + I, r);
		malformed("a start %u bytes behind an instruction's", (u32)i);
		third(ESTP_FAULT, s, e + i, r);
		malformed("an end %u bytes behind an instruction's", (u32)i);
		third(ESTP_FAULT, s, e, r + i);
		malformed("a response %u bytes behind an instruction's", (u32)i);
	}
}

static void order(void)
{
	u64 w1 = word[1], w2 = word[2], w3 = word[3];

	word[1] = w2;
	word[2] = w1;
	malformed("the first two descriptors exchanged");
	word[2] = w3;
	word[3] = w2;
	malformed("the last two exchanged");
	word[2] = w1;
	malformed("the first descriptor twice");
	word[2] = w3;
	malformed("the last descriptor twice");
	word[2] = w1 - I;
	malformed("a response less by one in the second");
	word[2] = w1 + I;
	fine("a response more by one in the second");
	word[2] = w1 + (I << ESTP_DESC_END_SHIFT) - I;
	fine("an end more by one, a response less by one");
	word[2] = w1 + (I << ESTP_DESC_START_SHIFT) - (I << ESTP_DESC_END_SHIFT);
	fine("a start more by one, an end less by one");
	word[2] = w1 - (I << ESTP_DESC_START_SHIFT) + (I << ESTP_DESC_END_SHIFT);
	malformed("a start less by one, an end more by one");
}

/* With 255 descriptors, each fault alone in the last one. */
static void full_page(void)
{
	unsigned int i;
	u64 last;

	word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, ESTP_PAGE_COUNT_MAX);
	for (i = 0; i < ESTP_PAGE_COUNT_MAX; i++)
		word[1 + i] = ESTP_DESCRIPTOR(ESTP_PREEMPTION, 0x800 + INSNS(i), 0x800 + INSNS(i + 1), 0x800);
	memcpy(good, page, len);
	fine("255 descriptors");
	last = word[255];
	word[255] = last + ESTP_DESCRIPTOR(3, 0, 0, 0);
	malformed("the selector of the last of 255");
	word[255] = word[254];
	malformed("the last of 255 like the one before");
	word[255] = last - I;
	malformed("the response of the last of 255 in the header's last byte");
	word[1] -= ESTP_DESCRIPTOR(0, I, 0, 0);
	malformed("the start of the first of 255 in the header's last byte");
}

static u64 *prefix_at(u32 response)
{
	return (u64 *)(page + response - 8);
}

static void prefixes(void)
{
	u64 *prefix = prefix_at(INT_RESPONSE), s = probe_seq[ESTP_INTERRUPT].start,
	    e = probe_seq[ESTP_INTERRUPT].end;
	unsigned int i;

	for (i = ESTP_PREFIX_ZERO_SHIFT; i < 64; i++) {
		*prefix |= 1ull << i;
		malformed("prefix word, zero bit %u", i);
	}
	*prefix = ESTP_PREFIX(0, 0, 0);
	malformed("a response length of 0");
	*prefix = ESTP_PREFIX(0, len - INT_RESPONSE + 1, 0);
	malformed("a response that leaves the page");
	*prefix = ESTP_PREFIX(0, 0xffff, 0);
	malformed("the greatest response length");
	*prefix = ESTP_PREFIX(0, len - INT_RESPONSE, 0);
	fine("a response that ends with the page");
	for (i = 0; i < 31; i++) {
		if (probe_clear_valid >> i & 1)
			continue;
		*prefix |= 1ull << i;
		malformed("mask bit %u", i);
	}

	word[2] = ESTP_DESCRIPTOR(ESTP_INTERRUPT, s, e, len - I);
	*prefix_at(len - I) = ESTP_PREFIX(0, I, 0);
	fine("an INTERRUPT response at the page's last byte, prefix word unaligned");
	word[2] = ESTP_DESCRIPTOR(ESTP_INTERRUPT, s, e, len - I);
	*prefix_at(len - I) = ESTP_PREFIX(0, I + 1, 0);
	malformed("an INTERRUPT response there of two bytes");
	word[2] = ESTP_DESCRIPTOR(ESTP_INTERRUPT, s, e, H);
	malformed("an INTERRUPT response right behind the header");
	word[2] = ESTP_DESCRIPTOR(ESTP_INTERRUPT, s, e, H + 8 - I);
	*prefix_at(H + 8 - I) = ESTP_PREFIX(0, 1, 0);
	malformed("a prefix word that begins in the header's last byte");
	word[2] = ESTP_DESCRIPTOR(ESTP_INTERRUPT, s, e, H + 8);
	*prefix_at(H + 8) = ESTP_PREFIX(0, 1, 0);
	fine("a prefix word right behind the header");
	word[2] = ESTP_DESCRIPTOR(ESTP_INTERRUPT, s, e, 0);
	malformed("an INTERRUPT response of 0");
	word[2] = ESTP_DESCRIPTOR(ESTP_INTERRUPT, s, e, 4);
	malformed("an INTERRUPT response of 4");
}

/* Not one bad byte in a page counts that is not header or prefix word. */
static void code_is_not_judged(void)
{
	memset(page + H, 0xff, probe_seq[ESTP_PREEMPTION].start - H - 64);
	fine("any bytes between header and code");
}

void test(void)
{
	need_estp();
	len = page_size();
	good = malloc(len);
	guard_new(&guard, VALUE);
	page = guard.page;
	word = (u64 *)page;
	memcpy(good, page, len);

	fine("the good page itself");
	metadata();
	fields();
	borders();
	order();
	prefixes();
	code_is_not_judged();
	/* A page of its own: its probes are not this header's. */
	guard_new(&guard, VALUE + 0x100);
	page = probe_new(VALUE + 0x200);
	word = (u64 *)page;
	memcpy(good, page, len);
	is(madv_register(page, len), 0, "twin: another page");
	guard_renew(&guard);
	full_page();
}
