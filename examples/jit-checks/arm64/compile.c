// SPDX-License-Identifier: MIT
/*
 * The compiler: arm64. What it makes of a[i] has no check at all:
 *
 *		ldr	w0, [x4, variables + 4*i]
 *		ldr	x3, [x4, 8*0]			the reference
 *	null:	ldr	x3, [x3]			faults if it is null
 *	bounds:	ldr	w0, [x3, w0, uxtw #2]		faults if it is out of bounds
 *	after:
 *
 * Each of the two is a FAULT sequence of one instruction, whose response is a stub at the end of the page
 * that throws: which exception, and where in the text. Divisions do not fault on this architecture:
 * they have their checks, and those end in an instruction that does, and is such a sequence.
 *
 *		cbz	w1, bad
 *		cmn	w1, #1				INT_MIN / -1
 *		b.ne	good
 *		negs	w2, w0				of INT_MIN is INT_MIN: the overflow flag
 *		b.vc	good
 *	bad:	udf	#0
 *	good:	sdiv	w0, w0, w1
 *
 *	x4	struct inputs		kept
 *	w0	value of the expression	out; upper half 0, so that it can be an index
 *	w1, w2, x3			scratch
 *	stack	values that wait for their right-hand side; x29 where it was
 *
 * A fault leaves everything as it was before its instruction, so the stubs can count on x29.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <estp/jit.h>
#include "../expr.h"

#define SITES	(2 * NODES)

struct site {
	int start, end, response;	/* labels */
	enum exception exception;
	int column;
};

struct compiler {
	struct estp_jit *jit;
	const struct expr *expr;
	struct site site[SITES];
	int sites;
};

static void emit(struct compiler *c, uint32_t insn)
{
	estp_jit_emit(c->jit, &insn, sizeof(insn));
}

/* movz, movk: the value, in register @r */
static void emit_move(struct compiler *c, unsigned int r, uint32_t value)
{
	emit(c, 0x52800000 | (value & 0xffff) << 5 | r);
	emit(c, 0x72a00000 | value >> 16 << 5 | r);
}

/* The next instruction may fault, which throws. */
static void may_throw(struct compiler *c, enum exception exception, int column)
{
	c->site[c->sites] = (struct site){
		.start = estp_jit_here(c->jit), .response = estp_jit_label(c->jit),
		.exception = exception, .column = column,
	};
}

static void thrown(struct compiler *c)
{
	struct site *site = &c->site[c->sites++];

	site->end = estp_jit_here(c->jit);
	estp_jit_fault(c->jit, site->start, site->end, site->response, ESTP_ANY);
}

static void compile_division(struct compiler *c, int column)
{
	int bad = estp_jit_label(c->jit), good = estp_jit_label(c->jit);

	estp_jit_insn(c->jit, 0x34000001, bad);			/* cbz w1, bad */
	emit(c, 0x3100043f);					/* cmn w1, #1 */
	estp_jit_insn(c->jit, 0x54000001, good);		/* b.ne good */
	emit(c, 0x6b0003e2);					/* negs w2, w0 */
	estp_jit_insn(c->jit, 0x54000007, good);		/* b.vc good */
	estp_jit_place(c->jit, bad);
	may_throw(c, BAD_DIVISION, column);
	emit(c, 0x00000000);					/* udf #0 */
	thrown(c);
	estp_jit_place(c->jit, good);
	emit(c, 0x1ac10c00);					/* sdiv w0, w0, w1 */
}

static void compile_node(struct compiler *c, int i)
{
	const struct node *n = &c->expr->node[i];
	uint32_t at;

	switch (n->kind) {
	case NUMBER:
		emit_move(c, 0, (uint32_t)n->value);
		return;
	case VARIABLE:
		at = (uint32_t)(offsetof(struct inputs, variable) + 4 * (size_t)n->value);
		emit(c, 0xb9400080 | at / 4 << 10);		/* ldr w0, [x4, #at] */
		return;
	case INDEX:
		compile_node(c, n->left);
		at = (uint32_t)(offsetof(struct inputs, array) + 8 * (size_t)n->value);
		emit(c, 0xf9400083 | at / 8 << 10);		/* ldr x3, [x4, #at] */
		may_throw(c, NULL_REFERENCE, n->column);
		emit(c, 0xf9400063);				/* ldr x3, [x3] */
		thrown(c);
		may_throw(c, OUT_OF_BOUNDS, n->column);
		emit(c, 0xb8605860);				/* ldr w0, [x3, w0, uxtw #2] */
		thrown(c);
		return;
	default:
		break;
	}
	compile_node(c, n->left);
	emit(c, 0xf81f0fe0);					/* str x0, [sp, #-16]! */
	compile_node(c, n->right);
	emit(c, 0x2a0003e1);					/* mov w1, w0 */
	emit(c, 0xf84107e0);					/* ldr x0, [sp], #16 */
	switch (n->kind) {
	case ADD: emit(c, 0x0b010000); break;			/* add w0, w0, w1 */
	case SUBTRACT: emit(c, 0x4b010000); break;		/* sub w0, w0, w1 */
	case MULTIPLY: emit(c, 0x1b017c00); break;		/* mul w0, w0, w1 */
	default: compile_division(c, n->column);
	}
}

/* The responses, and what they share: throw(exception, column). */
static void compile_stubs(struct compiler *c)
{
	int common = estp_jit_label(c->jit), address = estp_jit_label(c->jit), i;
	void (*to)(enum exception, int) = throw;

	for (i = 0; i < c->sites; i++) {
		estp_jit_place(c->jit, c->site[i].response);
		emit_move(c, 0, c->site[i].exception);
		emit_move(c, 1, (uint32_t)c->site[i].column);
		estp_jit_insn(c->jit, 0x14000000, common);	/* b common */
	}
	estp_jit_place(c->jit, common);
	emit(c, 0x910003bf);					/* mov sp, x29 */
	estp_jit_insn(c->jit, 0x58000010, address);		/* ldr x16, address */
	emit(c, 0xd63f0200);					/* blr x16 */
	estp_jit_place(c->jit, address);
	estp_jit_emit(c->jit, &to, sizeof(to));
}

int compile(struct program *program, const struct expr *expr, int unregistered)
{
	struct compiler c = { .expr = expr };
	struct estp_jit_code code;
	int entry, error;

	estp_jit_new(&c.jit, ESTP_LAYOUT_PAGE);
	entry = estp_jit_here(c.jit);
	emit(&c, 0xd503245f);					/* bti c */
	emit(&c, 0xa9bf7bfd);					/* stp x29, x30, [sp, #-16]! */
	emit(&c, 0x910003fd);					/* mov x29, sp */
	emit(&c, 0xaa0003e4);					/* mov x4, x0 */
	compile_node(&c, expr->root);
	emit(&c, 0xa8c17bfd);					/* ldp x29, x30, [sp], #16 */
	emit(&c, 0xd65f03c0);					/* ret */
	compile_stubs(&c);
	error = estp_jit_finish(c.jit, &code, unregistered ? ESTP_JIT_UNREGISTERED : 0);
	if (error) {
		fprintf(stderr, "%s: %s\n", expr->text, estp_jit_reason(c.jit));
	} else {
		*(void **)&program->run = estp_jit_address(c.jit, entry);
		program->base = code.base;
		program->len = code.len;
	}
	estp_jit_delete(c.jit);
	return error;
}

void program_free(struct program *program)
{
	struct estp_jit_code code = { .base = program->base, .len = program->len };

	estp_jit_unmap(&code);
}
