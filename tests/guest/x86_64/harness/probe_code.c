// SPDX-License-Identifier: MIT
/*
 * x86_64's code of a probe.  All of it is called like a C function of one pointer.
 *
 *   load:      mov  (%rdi), %rax		FAULT
 *              ret
 *   loop:      incq 8(%rdi)			PREEMPTION, INTERRUPT
 *              cmpl $0, (%rdi)
 *              je   loop
 *              xor  %eax, %eax
 *              ret
 *   response:  mov  $value, %eax
 *              ret
 */
#include <cpuid.h>

#include "probe.h"

#define LOAD		PROBE_CODE
#define LOOP(sel)	(PROBE_CODE + 0x40 * ((sel) + 1))
#define RESPONSE(sel, which) (PROBE_CODE + 0x100 + 0x40 * (sel) + 0x20 * (which))
#define LOAD_LEN	3
#define LOOP_LEN	9

#define SEQ(sel, start, len) \
	[sel] = { start, (start) + (len), { RESPONSE(sel, 0), RESPONSE(sel, 1) } }

const struct probe_seq probe_seq[ESTP_SELECTOR_NR] = {
	SEQ(ESTP_FAULT, LOAD, LOAD_LEN),
	SEQ(ESTP_PREEMPTION, LOOP(ESTP_PREEMPTION), LOOP_LEN),
	SEQ(ESTP_INTERRUPT, LOOP(ESTP_INTERRUPT), LOOP_LEN),
};

const u32 probe_clear_valid = ESTP_X86_64_CLEAR_VALID;

static bool cpuid_ecx(u32 leaf, u32 bit)
{
	u32 a, b, c = 0, d;

	return __get_cpuid_count(leaf, 0, &a, &b, &c, &d) && (c >> bit & 1);
}

/* Either bit says that the kernel has switched it on, not only that the CPU has it. */
bool probe_can_clear_fp(void)
{
	return cpuid_ecx(1, 27);		/* OSXSAVE */
}

bool probe_can_reset_pkey(void)
{
	return cpuid_ecx(7, 4);			/* OSPKE */
}

static const u8 load[] = { 0x48, 0x8b, 0x07, 0xc3 };
static const u8 loop[] = {
	0x48, 0xff, 0x47, 0x08, 0x83, 0x3f, 0x00, 0x74, 0xf7, 0x31, 0xc0, 0xc3,
};

/* hlt: a privileged instruction of one byte; SIGSEGV. */
const u8 probe_mine[] = { 0xf4 };
const u32 probe_mine_len = sizeof(probe_mine);
const u8 probe_spin[] = { 0xeb, 0xfe };
const u32 probe_spin_len = sizeof(probe_spin);

void probe_answer(u8 *at, u32 value)
{
	at[0] = 0xb8;				/* mov $value, %eax; ret */
	memcpy(at + 1, &value, sizeof(value));
	at[5] = 0xc3;
}

static void respond(u8 *page, int selector, int which, u32 value)
{
	u8 *at = page + RESPONSE(selector, which);
	u64 prefix = ESTP_PREFIX(0, 1, 0);

	if (selector == ESTP_INTERRUPT)
		memcpy(at - sizeof(prefix), &prefix, sizeof(prefix));
	probe_answer(at, PROBE_VALUE(value, selector, which));
}

void probe_code(u8 *page, u32 value)
{
	int sel;

	memcpy(page + LOAD, load, sizeof(load));
	memcpy(page + LOOP(ESTP_PREEMPTION), loop, sizeof(loop));
	memcpy(page + LOOP(ESTP_INTERRUPT), loop, sizeof(loop));
	for (sel = 0; sel < ESTP_SELECTOR_NR; sel++) {
		respond(page, sel, 0, value);
		respond(page, sel, 1, value);
	}
}
