// SPDX-License-Identifier: MIT
/* The language: its parser, and the interpreter that says what is right. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "expr.h"

const char *const exception_name[EXCEPTIONS] = {
	"none", "null reference", "index out of bounds", "bad division",
};

struct catch *catching;

void throw(enum exception exception, int column)
{
	catching->exception = exception;
	catching->column = column;
	longjmp(catching->jump, 1);
}

/* ---- Parser: recursive descent, one character ahead ----------------------------- */

struct parser {
	struct expr *expr;
	const char *at;
};

static int sum(struct parser *p);

static void fail(const struct parser *p, const char *what)
{
	fprintf(stderr, "%s\n%*s^ %s\n", p->expr->text, (int)(p->at - p->expr->text), "", what);
	exit(2);
}

static char next(struct parser *p)
{
	while (*p->at == ' ')
		p->at++;
	return *p->at;
}

static int node(struct parser *p, enum kind kind, int32_t value, int left, int right, int column)
{
	if (p->expr->nodes == NODES)
		fail(p, "too long");
	p->expr->node[p->expr->nodes] = (struct node){ kind, value, left, right, column };
	return p->expr->nodes++;
}

static int primary(struct parser *p)
{
	int column, inner;
	char c = next(p);

	column = (int)(p->at - p->expr->text);
	if (isdigit((unsigned char)c))
		return node(p, NUMBER, (int32_t)strtoul(p->at, (char **)&p->at, 10), -1, -1, column);
	p->at++;
	if (c >= 'i' && c < 'i' + VARIABLES)
		return node(p, VARIABLE, c - 'i', -1, -1, column);
	if (c == '(') {
		inner = sum(p);
		if (next(p) != ')')
			fail(p, "a ) is missing");
		p->at++;
		return inner;
	}
	if (c >= 'a' && c < 'a' + ARRAYS && next(p) == '[') {
		p->at++;
		inner = sum(p);
		if (next(p) != ']')
			fail(p, "a ] is missing");
		p->at++;
		return node(p, INDEX, c - 'a', inner, -1, column);
	}
	p->at--;
	fail(p, "neither number, variable, array nor (");
	return -1;
}

static int product(struct parser *p)
{
	int left = primary(p), column;

	while (next(p) == '*' || next(p) == '/') {
		enum kind kind = *p->at == '*' ? MULTIPLY : DIVIDE;

		column = (int)(p->at++ - p->expr->text);
		left = node(p, kind, 0, left, primary(p), column);
	}
	return left;
}

static int sum(struct parser *p)
{
	int left = product(p), column;

	while (next(p) == '+' || next(p) == '-') {
		enum kind kind = *p->at == '+' ? ADD : SUBTRACT;

		column = (int)(p->at++ - p->expr->text);
		left = node(p, kind, 0, left, product(p), column);
	}
	return left;
}

void parse(struct expr *expr, const char *text)
{
	struct parser p = { .expr = expr, .at = text };

	expr->text = text;
	expr->nodes = 0;
	expr->root = sum(&p);
	if (next(&p))
		fail(&p, "what is this?");
}

/* ---- Interpreter ------------------------------------------------------------------ */

static int32_t value_of(const struct expr *expr, int i, const struct inputs *in)
{
	const struct node *n = &expr->node[i];
	uint32_t left, right;

	switch (n->kind) {
	case NUMBER: return n->value;
	case VARIABLE: return in->variable[n->value];
	case INDEX:
		left = (uint32_t)value_of(expr, n->left, in);
		if (!in->array[n->value])
			throw(NULL_REFERENCE, n->column);
		if (left >= in->array[n->value]->length)
			throw(OUT_OF_BOUNDS, n->column);
		return in->array[n->value]->elements[left];
	default:
		break;
	}
	left = (uint32_t)value_of(expr, n->left, in);
	right = (uint32_t)value_of(expr, n->right, in);
	switch (n->kind) {
	case ADD: return (int32_t)(left + right);
	case SUBTRACT: return (int32_t)(left - right);
	case MULTIPLY: return (int32_t)(left * right);
	default:
		if (!right || (left == (uint32_t)INT_MIN && right == UINT32_MAX))
			throw(BAD_DIVISION, n->column);
		return (int32_t)left / (int32_t)right;
	}
}

int32_t interpret(const struct expr *expr, const struct inputs *in)
{
	return value_of(expr, expr->root, in);
}
