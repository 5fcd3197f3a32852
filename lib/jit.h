/* SPDX-License-Identifier: MIT */
/*
 * The builder of estp/jit.h, inside.
 *
 *   jit.c         collects: bytes, labels, fixes, sequences; nothing is judged
 *   jit_finish.c  lays out, makes executable, registers
 *   jit_judge.c   has core/ judge what was laid out
 */
#ifndef LIB_JIT_H
#define LIB_JIT_H

#include <stdbool.h>

#include <estp/jit.h>

#define NO_PLACE	UINT32_MAX

struct jit_label {
	uint32_t at;		/* bytes from the first byte of code, or NO_PLACE */
	int response;		/* index of its struct jit_response, or -1 */
};

/* The kind of fix that estp_jit_insn() makes; in lib/<isa>/jit_insn.h. */
#define JIT_INSN	3

struct jit_fix {
	uint32_t at;
	int label;
	unsigned int kind;
};

struct jit_sequence {
	int start, end, response;	/* labels */
	uint8_t selector, causes;
};

struct jit_response {
	int end;		/* label */
	uint32_t mask;
	uint16_t flags;
};

/* An array that grows. */
struct jit_array {
	void *of;
	size_t nr, room, size;	/* size: bytes of one */
};

struct estp_jit {
	unsigned int layout;
	uint32_t page_size;
	int error;		/* the first, sticks */
	bool finished;
	char *base;		/* of the first byte of code, once finished */
	struct jit_array code, labels, fixes, sequences, responses;
	char reason[200];
};

#define JIT_OF(type, array) ((type *)(array).of)

/* All names that libestp.a gives a program begin like this. */
#define jit_fail	estp_jit_fail_

/* The error sticks, with its reason. Returns it. */
int jit_fail(struct estp_jit *jit, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4), visibility("hidden")));

#endif /* LIB_JIT_H */
