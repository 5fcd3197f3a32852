/* SPDX-License-Identifier: MIT */
/*
 * A safebox: memory behind a protection key, and the one gate to it.
 *
 *	caller --> gate -- opens --> [ box: keys ] -- signs, wipes, closes --> caller
 *	             '------------- one INTERRUPT sequence -------------'
 *
 * The box holds keys.  The gate signs a word with one of them; keys from BOX_RESERVED on
 * it refuses to use.  Whoever has neither the protection key's right nor the gate's
 * registers learns no key and gets nothing signed with a reserved one.
 *
 * What may be assumed of the code outside, signal handlers above all: it is confused or
 * hostile, but it has no instruction of its own that writes the rights (WRPKRU and XRSTOR;
 * MSR POR_EL0), since those are the right to every box.  A loader that looks for them, and
 * memory that is never writable and executable, make it so; see README.md.
 */
#ifndef BOX_H
#define BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <sys/types.h>
#include <ucontext.h>

#include "rights.h"

#define BOX_SLOTS	8
#define BOX_RESERVED	4	/* the first slot that the gate refuses */
#define BOX_WORDS	4	/* of a key */

/* The protection key that this program has to get, so that the rights are constants. */
#define BOX_KEY		1

/* Pages of its own. */
union box {
	uint64_t keys[BOX_SLOTS][BOX_WORDS];
	char page[BOX_LEN];
};

/* No global offset table has the address. */
#define BOX_NAME	__attribute__((visibility("hidden")))

extern union box box BOX_NAME __attribute__((aligned(BOX_LEN)));

/**
 * box_sign() - the gate: sign a word
 * @slot: which key
 * @word: what to sign
 * @tag: the signature
 *
 * Anywhere, signal handlers included.  Return: 0; -EPERM, not with that key; -EFAULT,
 * the box could not be read.  It is closed then, as always.
 */
int box_sign(uint64_t slot, uint64_t word, uint64_t *tag);

/* The gate's code, which is all that its section holds. */
extern const char __start_box_gate[], __stop_box_gate[];
/* Some of its instructions; gate.c says which. */
extern const char box_start[] BOX_NAME, box_checked[] BOX_NAME, box_mix[] BOX_NAME,
	box_shut[] BOX_NAME, box_end[] BOX_NAME, box_again[] BOX_NAME;

/* Tries to read a word of the box; 0, or -EFAULT. */
int box_peek(const uint64_t *from, uint64_t *word);

#endif /* BOX_H */
