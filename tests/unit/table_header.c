// SPDX-License-Identifier: MIT
/*
 * Clause: TAB-2.
 * Claim: a table's header is refused for its first fault, with the place; every field
 * and reserved bit is looked at; 1 and 65535 entries are accepted.
 * Method: one fault a header.
 */
#include "written.h"

static void accepted(const struct estp_rules *rules, int count)
{
	int nr = estp_parse_table(rules, &table, &why);

	expect(nr == count, "%d, reason %d", nr, why.reason);
}

static void refused(const struct estp_rules *rules, enum estp_reason reason,
		    enum estp_field field, u64 value)
{
	int nr;

	why = (struct estp_reject) { 0 };
	nr = estp_parse_table(rules, &table, &why);
	expect(nr == -1 && why.reason == reason && why.field == field &&
	       why.index == ESTP_IN_THE_HEADER && why.value == value,
	       "%d: %s: %s, index %u, value %#llx", nr, estp_field_text(why.field),
	       estp_reason_text(why.reason), why.index, (unsigned long long)why.value);
}

int main(void)
{
	const struct estp_rules *x86 = &rules_x86_64;
	u32 bit, count;

	for (count = 1; count <= 65535; count++) {
		write_table(count);
		accepted(x86, count);
	}
	claim("every count");

	for (bit = 0; bit < 64; bit++) {
		write_table(1);
		table.metadata ^= 1ull << bit;
		if (bit && bit < 16)
			accepted(x86, 1 + (1 << bit));
		else
			refused(x86, bit >= 32 ? ESTP_BAD_MAGIC : bit >= 24 ? ESTP_BAD_VERSION :
				bit >= 16 ? ESTP_BAD_LAYOUT : ESTP_BAD_COUNT,
				ESTP_FIELD_METADATA, table.metadata);
	}
	claim("metadata word, bit by bit");

	write_table(1);
	for (table.entry_size = 0; table.entry_size < 100; table.entry_size++)
		if (table.entry_size != 24)
			refused(x86, ESTP_BAD_ENTRY_SIZE, ESTP_FIELD_ENTRY_SIZE, table.entry_size);
	table.entry_size = 24 + (1u << 31);
	refused(x86, ESTP_BAD_ENTRY_SIZE, ESTP_FIELD_ENTRY_SIZE, table.entry_size);
	claim("entry size");

	for (bit = 0; bit < 32; bit++) {
		write_table(1);
		table.flags = 1u << bit;
		refused(x86, ESTP_NOT_ZERO, ESTP_FIELD_FLAGS, table.flags);
	}
	claim("flags, bit by bit");

	write_table(1);
	for (bit = 1; bit < 4; bit++) {
		table.base = 0x400000 + bit;
		accepted(x86, 1);
		refused(&rules_arm64, ESTP_MISALIGNED, ESTP_FIELD_START, table.base);
	}
	table.base = 0x400004;
	accepted(&rules_arm64, 1);
	claim("base, for instructions of 4 bytes");
	return tap_done();
}
