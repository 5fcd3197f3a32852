// SPDX-License-Identifier: MIT
/*
 * TAB-2 to TAB-6, TAB-11, MASK-1, REG-12, REG-14: each way in which a table can be
 * malformed is ENOEXEC, and nothing changes.
 *
 * Method: one good table of three entries over a probe; each case changes one field
 * of header or entries, every reserved bit among them. The table stays registered as
 * it was, so a kernel that took over a part of it is found out. The twins are the
 * table unchanged and the nearest values that are allowed.
 */
#include <stdarg.h>

#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000

static struct guard guard;
static u8 *code;
static size_t page;
static struct estp_table *header, good_header;
static struct estp_entry *entry, good_entry[ESTP_SELECTOR_NR];

static void restore(void)
{
	*header = good_header;
	memcpy(entry, good_entry, sizeof(good_entry));
}

static void malformed(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void malformed(const char *fmt, ...)
{
	char text[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	refused(&guard, header, page, ENOEXEC, "%s", text);
	restore();
}

static void fine(const char *what)
{
	is(madv_register(header, page), 0, "twin: %s", what);
	restore();
	must(!madv_unregister(code, page));
	must(!madv_register(header, page));
	guard_renew(&guard);
}

static void in_header(void)
{
	static const u32 sizes[] = { 0, 16, 23, 25, 32, 48, 0x80000018 };
	unsigned int i;

	for (i = 0; i < 32; i++) {
		header->metadata ^= 1ull << (ESTP_META_MAGIC_SHIFT + i);
		malformed("magic, bit %u", i);
	}
	for (i = 0; i < 8; i++) {
		header->metadata ^= 1ull << (ESTP_META_VERSION_SHIFT + i);
		malformed("version, bit %u", i);
	}
	header->metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, 0);
	malformed("a count of 0");
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		header->entry_size = sizes[i];
		malformed("an entry size of %u", sizes[i]);
	}
	for (i = 0; i < 32; i++) {
		header->flags = 1u << i;
		malformed("header flags, bit %u", i);
	}
	header->metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, 1);
	fine("a count less than the entries that are there");
}

static void in_any_entry(void)
{
	unsigned int sel, i;

	for (sel = 0; sel < ESTP_SELECTOR_NR; sel++) {
		struct estp_entry *e = &entry[sel];

		e->length = 0;
		malformed("entry %u: length 0", sel);
		for (i = ESTP_SELECTOR_NR; i < 256; i = i < 8 ? i + 1 : 2 * i + 1) {
			e->selector = i;
			malformed("entry %u: selector %u", sel, i);
		}
		for (i = 0; i < 16; i++) {
			e->zero = 1u << i;
			malformed("entry %u: zero field, bit %u", sel, i);
		}
		for (i = 1; i < 16; i++) {
			e->flags = 1u << i;
			malformed("entry %u: flags, bit %u", sel, i);
		}
	}
}

static void of_one_selector(void)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		entry[ESTP_PREEMPTION].causes = 1u << i;
		malformed("causes of PREEMPTION, bit %u", i);
		entry[ESTP_INTERRUPT].causes = 1u << i;
		malformed("causes of INTERRUPT, bit %u", i);
	}
	entry[ESTP_FAULT].causes = 0;
	malformed("FAULT without a cause");
	for (i = 5; i < 8; i++) {
		entry[ESTP_FAULT].causes |= 1u << i;
		malformed("causes of FAULT, bit %u", i);
	}
	for (i = 0; i < 4; i++) {
		entry[ESTP_FAULT].causes = 1u << i;
		fine("one cause alone");
	}

	entry[ESTP_INTERRUPT].response_len = 0;
	malformed("INTERRUPT with a response length of 0");
	for (i = 0; i < 16; i++) {
		entry[ESTP_PREEMPTION].response_len = 1u << i;
		malformed("response length of PREEMPTION, bit %u", i);
		entry[ESTP_FAULT].response_len = 1u << i;
		malformed("response length of FAULT, bit %u", i);
	}
	for (i = 0; i < 32; i++) {
		entry[ESTP_PREEMPTION].clear_mask = 1u << i;
		malformed("clear mask of PREEMPTION, bit %u", i);
		entry[ESTP_FAULT].clear_mask = 1u << i;
		malformed("clear mask of FAULT, bit %u", i);
		if (i == 31 || (probe_clear_valid >> i & 1))
			continue;
		entry[ESTP_INTERRUPT].clear_mask = 1u << i;
		malformed("clear mask of INTERRUPT, bit %u", i);
	}
	entry[ESTP_PREEMPTION].flags = ESTP_ENTRY_RESET_PKEY;
	malformed("reset of protection keys in PREEMPTION");
	entry[ESTP_FAULT].flags = ESTP_ENTRY_RESET_PKEY;
	malformed("reset of protection keys in FAULT");
}

/* A response of INTERRUPT lies in its mapping as a whole. */
static void responses(void)
{
	struct estp_entry *e = &entry[ESTP_INTERRUPT];
	u32 left = page - e->response;

	e->response_len = left + 1;
	malformed("a response that leaves the mapping");
	e->response_len = 0xffff;
	malformed("the greatest response length, past the mapping");
	e->response_len = left;
	fine("a response that ends with the mapping");
	e->response = page - INSNS(1);
	e->response_len = INSNS(1) + 1;
	malformed("a response of a byte too much at the mapping's end");
	e->response = page - INSNS(1);
	e->response_len = INSNS(1);
	fine("a response that fits there");
}

static void twice(void)
{
	struct estp_entry *first = &entry[0], *second = &entry[1];

	*second = *first;
	malformed("the same entry twice");
	*second = *first;
	second->response += INSNS(1);
	malformed("the same key with another response");
	*first = entry[ESTP_FAULT];
	first->causes = ESTP_CAUSE_BUS;
	malformed("the same key with another cause");
	*second = *first;
	second->length += INSNS(1);
	fine("another length");
	*second = *first;
	second->start += INSNS(1);
	fine("another start");
	*second = *first;
	second->selector = ESTP_FAULT;
	second->causes = ESTP_CAUSE_SEGV;
	second->length += INSNS(1);
	fine("another selector");
}

void test(void)
{
	struct table t;

	need_estp();
	page = page_size();
	guard_new(&guard, VALUE);
	/* A mapping of its own, whatever comes next to it. */
	code = pages_new(3);
	must(!mprotect(code, page, PROT_NONE));
	must(!mprotect(code + 2 * page, page, PROT_NONE));
	code += page;
	probe_code(code, VALUE + 0x100);
	header = pages_new(1);
	entry = pages_new(1);

	table_init(&t, code);
	probe_entries(&t, code, 0);
	memcpy(good_entry, t.entry, sizeof(good_entry));
	table_free(&t);
	good_header = (struct estp_table) {
		.metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, ESTP_SELECTOR_NR),
		.base = (u64)code, .entries = (u64)entry, .entry_size = sizeof(*entry),
	};
	restore();
	is(madv_register(header, page), 0, "twin: the good table itself");
	is(probe_fault(code, VALUE + 0x100), 0, "twin: it diverts");
	guard_renew(&guard);

	in_header();
	in_any_entry();
	of_one_selector();
	responses();
	twice();
	is(probe_fault(code, VALUE + 0x100), 0, "in the end it diverts still");
}
