// SPDX-License-Identifier: MIT
/*
 * A just-in-time compiler of one function: arm64.
 *
 * It writes what percpu.S is, with an amount that is known at run time only: an
 * ESTP page is data like any other until it is registered. Pseudo-C, registers,
 * commit and reason are those of percpu.S; x6 is the amount.
 */
#include <string.h>
#include <linux/types.h>

#include "estp.h"
#include "jit.h"

size_t jit_write(void *page, uint32_t amount)
{
	static const uint32_t before[] = {
		0xd503245f,					/* bti c */
		0xd2800002,					/* mov x2, #0 */
	};
	const uint32_t sequence[] = {
		0x91000442,					/* add x2, x2, #1 */
		0xb9400023,					/* ldr w3, [x1] */
		0xd37ae463,					/* lsl x3, x3, #6 */
		0xf8636804,					/* ldr x4, [x0, x3] */
		0x528012c5,					/* mov w5, #150 */
		0x710004a5,					/* 1: subs w5, w5, #1 */
		0x54ffffe1,					/* b.ne 1b */
		0x52800006 | (amount & 0xffff) << 5,		/* movz w6, #amount */
		0x72a00006 | amount >> 16 << 5,			/* movk w6, #amount, lsl #16 */
		0x8b060084,					/* add x4, x4, x6 */
		0xf8236804,					/* str x4, [x0, x3] */
	};
	static const uint32_t after[] = {
		0xaa0203e0,					/* mov x0, x2 */
		0xd65f03c0,					/* ret */
	};
	uint64_t *header = page;
	uint8_t *code = (uint8_t *)page + ESTP_HEADER_LEN(1);
	size_t start = ESTP_HEADER_LEN(1) + sizeof(before);
	size_t end = start + sizeof(sequence);

	header[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, 1);
	header[1] = ESTP_DESCRIPTOR(ESTP_PREEMPTION, start, end, start);
	memcpy(code, before, sizeof(before));
	memcpy(code + sizeof(before), sequence, sizeof(sequence));
	memcpy(code + sizeof(before) + sizeof(sequence), after, sizeof(after));
	__builtin___clear_cache((char *)page, (char *)page + end + sizeof(after));
	return ESTP_HEADER_LEN(1);
}
