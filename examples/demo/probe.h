/* SPDX-License-Identifier: MIT */
/* Shared by C and assembler: what the responses of probe.S return. */
#ifndef PROBE_H
#define PROBE_H

#define PROBE_LOAD	1
#define PROBE_ILLEGAL	2
#define PROBE_DIVIDE	3

#ifndef __ASSEMBLER__
#include <stdint.h>

int probe_load(const void *address, uint64_t *value);
int probe_illegal(void);
int probe_divide(uint64_t dividend, uint64_t divisor, uint64_t *quotient);
#endif

#endif /* PROBE_H */
