/* SPDX-License-Identifier: MIT */
/*
 * A tiny language: expressions over 32-bit integers, variables i j k, and arrays a to d
 * that may be null.
 *
 *	a[i] + b[2 * i] / (c[0] - d[j])
 *
 *   expr.c      parses; interprets, with every check written out: the reference
 *   compile.c   compiles to machine code without a single check
 *   main.c      runs both against each other, and a twin
 */
#ifndef EXPR_H
#define EXPR_H

#include <setjmp.h>
#include <stdint.h>

#define ARRAYS		4
#define VARIABLES	3
#define NODES		64

/* elements is such that whatever lies behind the last one, up to 2^32 of them, faults. */
struct array {
	int32_t *elements;
	uint32_t length;
};

struct inputs {
	const struct array *array[ARRAYS];	/* NULL: a null reference */
	int32_t variable[VARIABLES];
};

enum kind { NUMBER, VARIABLE, INDEX, ADD, SUBTRACT, MULTIPLY, DIVIDE };

struct node {
	enum kind kind;
	int32_t value;		/* NUMBER; or which variable or array */
	int left, right;	/* nodes; INDEX has left only */
	int column;		/* where in the text, for exceptions */
};

struct expr {
	const char *text;
	struct node node[NODES];
	int nodes, root;
};

/* Exceptions: thrown by check or by response, caught by whoever set up the catch. */
enum exception { NONE, NULL_REFERENCE, OUT_OF_BOUNDS, BAD_DIVISION, EXCEPTIONS };
extern const char *const exception_name[EXCEPTIONS];

struct catch {
	jmp_buf jump;
	enum exception exception;
	int column;
};
extern struct catch *catching;
void throw(enum exception exception, int column) __attribute__((noreturn));

/* Exits with a sentence if there is anything wrong with the text. */
void parse(struct expr *expr, const char *text);
int32_t interpret(const struct expr *expr, const struct inputs *in);

/* Machine code of an expression. */
typedef int32_t compiled(const struct inputs *in);
struct program {
	compiled *run;
	void *base;
	unsigned long len;
};
/* 0, or a negative errno and a sentence on stderr. */
int compile(struct program *program, const struct expr *expr, int unregistered);
void program_free(struct program *program);

#endif /* EXPR_H */
