/* SPDX-License-Identifier: MIT */
/* Instructions with a distance in their midst: where it stands, and how far it reaches. */
#ifndef JIT_INSN_H
#define JIT_INSN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct jit_distance {
	unsigned int bits, shift;	/* of the field */
	unsigned int unit;		/* bytes that 1 stands for */
};

static inline struct jit_distance jit_insn_distance(uint32_t insn)
{
	if ((insn & 0x7c000000) == 0x14000000)		/* b, bl */
		return (struct jit_distance){ 26, 0, 4 };
	if ((insn & 0xff000010) == 0x54000000 ||	/* b.cond */
	    (insn & 0x7e000000) == 0x34000000 ||	/* cbz, cbnz */
	    (insn & 0x3b000000) == 0x18000000)		/* ldr, ldrsw, prfm (literal) */
		return (struct jit_distance){ 19, 5, 4 };
	if ((insn & 0x7e000000) == 0x36000000)		/* tbz, tbnz */
		return (struct jit_distance){ 14, 5, 4 };
	if ((insn & 0x9f000000) == 0x10000000)		/* adr: its two lowest bits stand apart */
		return (struct jit_distance){ 21, 5, 1 };
	return (struct jit_distance){ 0 };
}

static inline uint32_t jit_insn_field(struct jit_distance d, int64_t distance)
{
	uint32_t value = (uint32_t)(distance / d.unit) & ((1u << d.bits) - 1);

	return d.unit == 1 ? value >> 2 << 5 | (value & 3) << 29 : value << d.shift;
}

/* Is it one of these, with no distance in it? */
static inline bool jit_insn_refers(uint32_t insn)
{
	struct jit_distance d = jit_insn_distance(insn);

	return d.bits && !(insn & jit_insn_field(d, -(int64_t)d.unit));
}

/* False if that is too far, or no multiple of its unit. */
static inline bool jit_insn_aim(void *at, int64_t distance)
{
	struct jit_distance d;
	uint32_t insn;
	int64_t half;

	memcpy(&insn, at, sizeof(insn));
	d = jit_insn_distance(insn);
	half = (int64_t)d.unit << (d.bits - 1);
	if (distance % d.unit || distance < -half || distance >= half)
		return false;
	insn |= jit_insn_field(d, distance);
	memcpy(at, &insn, sizeof(insn));
	return true;
}

#endif
