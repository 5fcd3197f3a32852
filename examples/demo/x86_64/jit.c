// SPDX-License-Identifier: MIT
/*
 * A just-in-time compiler of one function: x86_64.
 *
 * It writes what percpu.S is, with an amount that is known at run time only: an
 * ESTP page is data like any other until it is registered. Pseudo-C, registers,
 * commit and reason are those of percpu.S.
 */
#include <string.h>
#include <linux/types.h>

#include "estp.h"
#include "jit.h"

size_t jit_write(void *page, uint32_t amount)
{
	static const uint8_t before[] = { 0x31, 0xc0 };		/* xor eax, eax */
	uint8_t sequence[] = {
		0x83, 0xc0, 0x01,			/* add eax, 1 */
		0x8b, 0x16,				/* mov edx, [rsi] */
		0x48, 0xc1, 0xe2, 0x06,			/* shl rdx, 6 */
		0x4c, 0x8b, 0x04, 0x17,			/* mov r8, [rdi + rdx] */
		0xb9, 150, 0, 0, 0,			/* mov ecx, 150 */
		0xff, 0xc9,				/* 1: dec ecx */
		0x75, 0xfc,				/* jnz 1b */
		0x49, 0x81, 0xc0, 0, 0, 0, 0,		/* add r8, amount */
		0x4c, 0x89, 0x04, 0x17,			/* mov [rdi + rdx], r8 */
	};
	static const uint8_t after[] = { 0xc3 };		/* ret */
	uint64_t *header = page;
	uint8_t *code = (uint8_t *)page + ESTP_HEADER_LEN(1);
	size_t start = ESTP_HEADER_LEN(1) + sizeof(before);
	size_t end = start + sizeof(sequence);

	memcpy(&sequence[sizeof(sequence) - 8], &amount, sizeof(amount));
	header[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, 1);
	header[1] = ESTP_DESCRIPTOR(ESTP_PREEMPTION, start, end, start);
	memcpy(code, before, sizeof(before));
	memcpy(code + sizeof(before), sequence, sizeof(sequence));
	memcpy(code + sizeof(before) + sizeof(sequence), after, sizeof(after));
	return ESTP_HEADER_LEN(1);
}
