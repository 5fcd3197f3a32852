// SPDX-License-Identifier: MIT
/*
 * lib/arm64/jit_insn.h against what an assembler makes of the same instructions, up to the
 * ends of their reach.
 */
#include "../../lib/arm64/jit_insn.h"

#include "../unit/tap.h"

static const struct {
	const char *text;
	uint32_t insn;			/* with distance 0 */
	int64_t distance;
	uint32_t aimed;			/* 0: it does not reach */
} cases[] = {
	{ "b .+8", 0x14000000, 8, 0x14000002 },
	{ "b .-4", 0x14000000, -4, 0x17ffffff },
	{ "b .", 0x14000000, 0, 0x14000000 },
	{ "b .+0x7fffffc", 0x14000000, 0x7fffffc, 0x15ffffff },
	{ "b .-0x8000000", 0x14000000, -0x8000000, 0x16000000 },
	{ "b .+0x8000000", 0x14000000, 0x8000000, 0 },
	{ "b .-0x8000004", 0x14000000, -0x8000004, 0 },
	{ "b .+2", 0x14000000, 2, 0 },
	{ "bl .+0x7fffffc", 0x94000000, 0x7fffffc, 0x95ffffff },
	{ "b.ne .+12", 0x54000001, 12, 0x54000061 },
	{ "b.ne .+0xffffc", 0x54000001, 0xffffc, 0x547fffe1 },
	{ "b.ne .-0x100000", 0x54000001, -0x100000, 0x54800001 },
	{ "b.ne .+0x100000", 0x54000001, 0x100000, 0 },
	{ "cbz w1, .-8", 0x34000001, -8, 0x34ffffc1 },
	{ "cbnz x2, .+4", 0xb5000002, 4, 0xb5000022 },
	{ "tbz w0, #3, .+4", 0x36180000, 4, 0x36180020 },
	{ "tbnz x5, #40, .-0x8000", 0xb7400005, -0x8000, 0xb7440005 },
	{ "tbz w0, #3, .+0x7ffc", 0x36180000, 0x7ffc, 0x361bffe0 },
	{ "tbz w0, #3, .+0x8000", 0x36180000, 0x8000, 0 },
	{ "adr x0, .+5", 0x10000000, 5, 0x30000020 },
	{ "adr x0, .-1", 0x10000000, -1, 0x70ffffe0 },
	{ "adr x0, .+0xfffff", 0x10000000, 0xfffff, 0x707fffe0 },
	{ "adr x0, .+0x100000", 0x10000000, 0x100000, 0 },
	{ "ldr x16, .+8", 0x58000010, 8, 0x58000050 },
	{ "ldr w3, .+4", 0x18000003, 4, 0x18000023 },
	{ "ldrsw x3, .-4", 0x98000003, -4, 0x98ffffe3 },
	{ "ldr q1, .+16", 0x9c000001, 16, 0x9c000081 },
};

static const struct {
	const char *text;
	uint32_t insn;
} others[] = {
	{ "nop", 0xd503201f }, { "ret", 0xd65f03c0 }, { "add x0, x0, #0", 0x91000000 },
	{ "ldr x0, [x0]", 0xf9400000 }, { "adrp x0, 0", 0x90000000 }, { "udf #0", 0x00000000 },
	{ "br x0", 0xd61f0000 }, { "svc #0", 0xd4000001 }, { "bc.ne .", 0x54000011 },
	{ "b .+4, aimed already", 0x14000001 }, { "adr x0, .+1, likewise", 0x30000000 },
};

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t insn = cases[i].insn;
		bool refers = jit_insn_refers(insn), aimed = jit_insn_aim(&insn, cases[i].distance);

		expect(refers && aimed == !!cases[i].aimed &&
		       insn == (cases[i].aimed ? cases[i].aimed : cases[i].insn), "%s: %#x",
		       cases[i].text, insn);
	}
	claim("instructions are aimed as an assembler does, or said not to reach");
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		expect(!jit_insn_refers(others[i].insn), "%s", others[i].text);
	claim("others are told apart");
	return tap_done();
}
