// SPDX-License-Identifier: MIT
/*
 * arm64's code of a probe.  All of it is called like a C function of one pointer.
 *
 *   load:      ldr  x0, [x0]			FAULT
 *              nop				FAULT
 *              ret
 *   loop:      ldr  x1, [x0, #8]		PREEMPTION, INTERRUPT
 *              add  x1, x1, #1
 *              str  x1, [x0, #8]
 *              ldr  w2, [x0]
 *              cbz  w2, loop
 *              mov  x0, #0
 *              ret
 *   response:  movz w0, #value; movk w0, #value, lsl #16
 *              ret
 */
#include <sys/auxv.h>
#include <asm/hwcap.h>

#include "probe.h"

#define LOAD		PROBE_CODE
#define LOOP(sel)	(PROBE_CODE + 0x40 * ((sel) + 1))
#define RESPONSE(sel, which) (PROBE_CODE + 0x100 + 0x40 * (sel) + 0x20 * (which))
#define LOAD_LEN	8
#define LOOP_LEN	20

#define SEQ(sel, start, len) \
	[sel] = { start, (start) + (len), { RESPONSE(sel, 0), RESPONSE(sel, 1) } }

const struct probe_seq probe_seq[ESTP_SELECTOR_NR] = {
	SEQ(ESTP_FAULT, LOAD, LOAD_LEN),
	SEQ(ESTP_PREEMPTION, LOOP(ESTP_PREEMPTION), LOOP_LEN),
	SEQ(ESTP_INTERRUPT, LOOP(ESTP_INTERRUPT), LOOP_LEN),
};

const u32 probe_clear_valid = ESTP_ARM64_CLEAR_VALID;

#ifndef HWCAP2_FPMR
#define HWCAP2_FPMR (1ul << 48)
#endif

bool probe_can_clear_fp(void)
{
	return getauxval(AT_HWCAP) & HWCAP_FP && !(getauxval(AT_HWCAP2) & HWCAP2_FPMR);
}

bool probe_can_reset_pkey(void)
{
	return cpu_has_keys();
}

static const u32 load[] = { 0xf9400000, 0xd503201f, 0xd65f03c0 };
static const u32 loop[] = {
	0xf9400401, 0x91000421, 0xf9000401, 0xb9400002, 0x34ffff82, 0xd2800000, 0xd65f03c0,
};

/* udf #0 */
const u8 probe_mine[] = { 0, 0, 0, 0 };
const u32 probe_mine_len = sizeof(probe_mine);
const u8 probe_spin[] = { 0x00, 0x00, 0x00, 0x14 };
const u32 probe_spin_len = sizeof(probe_spin);

/* A page that tests write to and then run: data and instruction caches are apart. */
static void put(u8 *at, const u32 *word, size_t len)
{
	memcpy(at, word, len);
	__builtin___clear_cache((char *)at, (char *)at + len);
}

void probe_answer(u8 *at, u32 value)
{
	const u32 answer[] = {
		0x52800000 | (value & 0xffff) << 5, 0x72a00000 | value >> 16 << 5, 0xd65f03c0,
	};

	put(at, answer, sizeof(answer));
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

	put(page + LOAD, load, sizeof(load));
	put(page + LOOP(ESTP_PREEMPTION), loop, sizeof(loop));
	put(page + LOOP(ESTP_INTERRUPT), loop, sizeof(loop));
	for (sel = 0; sel < ESTP_SELECTOR_NR; sel++) {
		respond(page, sel, 0, value);
		respond(page, sel, 1, value);
	}
}
