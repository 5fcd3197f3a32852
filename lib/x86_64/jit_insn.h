/* SPDX-License-Identifier: MIT */
#ifndef JIT_INSN_H
#define JIT_INSN_H

#include <stdbool.h>
#include <stdint.h>

/* Here a distance is whole bytes behind an opcode: estp_jit_fix(). */
static inline bool jit_insn_refers(uint32_t insn)
{
	(void)insn;
	return false;
}

static inline bool jit_insn_aim(void *at, int64_t distance)
{
	(void)at;
	(void)distance;
	return false;
}

#endif
