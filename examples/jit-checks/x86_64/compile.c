// SPDX-License-Identifier: MIT
/*
 * The compiler: x86_64. What it makes of a[i] has no check at all:
 *
 *		mov	4*i(%rdi + variables), %eax
 *		mov	8*0(%rdi), %rdx			the reference
 *	null:	mov	(%rdx), %rdx			faults if it is null
 *	bounds:	mov	(%rdx,%rax,4), %eax		faults if it is out of bounds
 *	after:
 *
 * Each of the two, and each idiv, is a FAULT sequence of one instruction, whose response is a
 * stub at the end of the page that throws: which exception, and where in the text.
 *
 *	rdi	struct inputs		kept
 *	eax	value of the expression	out; upper half 0, so that it can be an index
 *	ecx, edx			scratch
 *	stack	values that wait for their right-hand side; rbp where it was
 *
 * A fault leaves everything as it was before its instruction, so the stubs can count on rbp.
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

#define EMIT(c, ...) do {							\
	static const uint8_t bytes_[] = { __VA_ARGS__ };			\
	estp_jit_emit((c)->jit, bytes_, sizeof(bytes_));			\
} while (0)

static void emit32(struct compiler *c, uint32_t value)
{
	estp_jit_emit(c->jit, &value, sizeof(value));
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

static void compile_node(struct compiler *c, int i)
{
	const struct node *n = &c->expr->node[i];

	switch (n->kind) {
	case NUMBER:
		EMIT(c, 0xb8);					/* mov eax, value */
		emit32(c, (uint32_t)n->value);
		return;
	case VARIABLE:
		EMIT(c, 0x8b, 0x87);				/* mov eax, [rdi + ...] */
		emit32(c, (uint32_t)(offsetof(struct inputs, variable) + 4 * (size_t)n->value));
		return;
	case INDEX:
		compile_node(c, n->left);
		EMIT(c, 0x48, 0x8b, 0x97);			/* mov rdx, [rdi + ...] */
		emit32(c, (uint32_t)(offsetof(struct inputs, array) + 8 * (size_t)n->value));
		may_throw(c, NULL_REFERENCE, n->column);
		EMIT(c, 0x48, 0x8b, 0x12);			/* mov rdx, [rdx] */
		thrown(c);
		may_throw(c, OUT_OF_BOUNDS, n->column);
		EMIT(c, 0x8b, 0x04, 0x82);			/* mov eax, [rdx + 4 * rax] */
		thrown(c);
		return;
	default:
		break;
	}
	compile_node(c, n->left);
	EMIT(c, 0x50);						/* push rax */
	compile_node(c, n->right);
	EMIT(c, 0x89, 0xc1, 0x58);				/* mov ecx, eax; pop rax */
	switch (n->kind) {
	case ADD: EMIT(c, 0x01, 0xc8); break;			/* add eax, ecx */
	case SUBTRACT: EMIT(c, 0x29, 0xc8); break;		/* sub eax, ecx */
	case MULTIPLY: EMIT(c, 0x0f, 0xaf, 0xc1); break;	/* imul eax, ecx */
	default:
		EMIT(c, 0x99);					/* cdq */
		may_throw(c, BAD_DIVISION, n->column);
		EMIT(c, 0xf7, 0xf9);				/* idiv ecx */
		thrown(c);
	}
}

/* The responses, and what they share: throw(exception, column), on an aligned stack. */
static void compile_stubs(struct compiler *c)
{
	void (*to)(enum exception, int) = throw;
	int common = estp_jit_label(c->jit), i;

	for (i = 0; i < c->sites; i++) {
		estp_jit_place(c->jit, c->site[i].response);
		EMIT(c, 0xbf);					/* mov edi, exception */
		emit32(c, c->site[i].exception);
		EMIT(c, 0xbe);					/* mov esi, column */
		emit32(c, (uint32_t)c->site[i].column);
		EMIT(c, 0xe9);					/* jmp common */
		estp_jit_fix(c->jit, common, ESTP_JIT_REL32);
	}
	estp_jit_place(c->jit, common);
	EMIT(c, 0x48, 0x89, 0xec, 0x48, 0xb8);			/* mov rsp, rbp; mov rax, throw */
	estp_jit_emit(c->jit, &to, sizeof(to));
	EMIT(c, 0xff, 0xd0);					/* call rax */
}

int compile(struct program *program, const struct expr *expr, int unregistered)
{
	struct compiler c = { .expr = expr };
	struct estp_jit_code code;
	int entry, error;

	estp_jit_new(&c.jit, ESTP_LAYOUT_PAGE);
	entry = estp_jit_here(c.jit);
	EMIT(&c, 0x55, 0x48, 0x89, 0xe5);			/* push rbp; mov rbp, rsp */
	compile_node(&c, expr->root);
	EMIT(&c, 0xc9, 0xc3);					/* leave; ret */
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
