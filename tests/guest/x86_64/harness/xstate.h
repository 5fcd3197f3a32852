/* SPDX-License-Identifier: MIT */
/*
 * What regs.c and frame.c share of the XSAVE area, standard format.
 */
#ifndef HARNESS_X86_64_XSTATE_H
#define HARNESS_X86_64_XSTATE_H

#include <string.h>

#define XSTATE_PKRU	9

/* Offsets and lengths of the components 2.. in regs_xmask; others are 0. */
extern uint32_t xstate_off[63], xstate_len[63];
/* A fresh program's state. */
extern uint8_t regs_x_init[REGS_X_LEN];
/* Writes out what is in its initial state: it may be anything in memory. */
void xstate_normalise(uint8_t *x);
uint64_t gs_base(void);

static inline void xstate_put(uint8_t *p, uint64_t value, size_t len)
{
	memcpy(p, &value, len);
}

static inline uint64_t xstate_get(const uint8_t *p, size_t len)
{
	uint64_t value = 0;

	memcpy(&value, p, len);
	return value;
}

#endif
