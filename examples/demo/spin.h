/* SPDX-License-Identifier: MIT */
/* Shared by C and assembler: offsets of struct spin. */
#ifndef SPIN_H
#define SPIN_H

#define SPIN_EPOCH	0
#define SPIN_HEARTBEAT	64
#define SPIN_STOP	128

#endif /* SPIN_H */
