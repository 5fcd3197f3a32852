// SPDX-License-Identifier: MIT
/*
 * Implicit null and bounds checks in JIT-made code: what the interpreter finds by asking, the
 * compiled code finds by faulting, and throws the same exception from the same place.
 *
 *	jit-checks			compiled against interpreted, and the twin
 *	jit-checks 'a[i] / b[j]'	one's own expression
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expr.h"

#define ROUNDS 3000

static uint32_t seed = 1;

static uint32_t some(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)seed * below >> 32);
}

/*
 * 2^32 elements of address space, and as much memory as it takes at its beginning: the last
 * element ends where the memory ends. Memory is accounted for by what is written only.
 */
static void array_new(struct array *array, uint32_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t len = (length * sizeof(int32_t) + page - 1) / page * page;
	char *base = mmap(NULL, (1ul << 34) + len, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint32_t i;

	if (base == MAP_FAILED || (len && mprotect(base, len, PROT_READ | PROT_WRITE))) {
		perror("array");
		exit(2);
	}
	array->length = length;
	array->elements = (int32_t *)(base + len) - length;
	for (i = 0; i < length; i++)
		array->elements[i] = (int32_t)some(20) - 5;
}

/* What came of it: a value, or which exception from where. */
struct outcome {
	int32_t value;
	enum exception exception;
	int column;
};

static struct outcome outcome_of(const struct expr *expr, compiled *run, const struct inputs *in)
{
	struct outcome out = { 0 };
	struct catch catch = { .exception = NONE };

	catching = &catch;
	if (!setjmp(catch.jump))
		out.value = run ? run(in) : interpret(expr, in);
	out.exception = catch.exception;
	out.column = catch.column;
	return out;
}

/* Mostly good inputs, and each that is bad often enough. */
static void inputs_new(struct inputs *in, const struct array *arrays)
{
	int i;

	for (i = 0; i < ARRAYS; i++)
		in->array[i] = some(10) ? &arrays[i] : NULL;
	for (i = 0; i < VARIABLES; i++)
		in->variable[i] = some(8) ? (int32_t)some(12) : (int32_t)(some(UINT32_MAX) - 1);
}

static int run_both(const char *text, const struct array *arrays, unsigned long *seen)
{
	struct program program;
	struct expr expr;
	int i;

	parse(&expr, text);
	if (compile(&program, &expr, 0))
		return 1;
	for (i = 0; i < ROUNDS; i++) {
		struct outcome want, got;
		struct inputs in;

		inputs_new(&in, arrays);
		want = outcome_of(&expr, NULL, &in);
		got = outcome_of(&expr, program.run, &in);
		seen[want.exception]++;
		if (memcmp(&want, &got, sizeof(want))) {
			printf("%s: compiled: %d, %s at %d; interpreted: %d, %s at %d\n", text,
			       got.value, exception_name[got.exception], got.column,
			       want.value, exception_name[want.exception], want.column);
			return 1;
		}
	}
	program_free(&program);
	return 0;
}

/* The same code, not registered: where the interpreter throws, it dies. */
static int twin_dies(const char *text, enum exception exception, const struct array *arrays)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct program program;
		struct inputs in;
		struct expr expr;

		parse(&expr, text);
		if (compile(&program, &expr, 1))
			_exit(2);
		do
			inputs_new(&in, arrays);
		while (outcome_of(&expr, NULL, &in).exception != exception);
		outcome_of(&expr, program.run, &in);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 0;
	printf("twin, %s: %s\n", exception_name[exception],
	       WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "not killed");
	return WIFSIGNALED(status);
}

int main(int argc, char **argv)
{
	static const char *const texts[] = {
		"1 + 2 * 3", "a[i]", "a[i] + b[j] * c[k]", "i / j", "a[b[c[i]]]",
		"a[i - 1] + 4 * (b[2 * i] - d[j]) / (c[0] - d[j])",
		"(a[0] + a[1] + a[2]) / (d[i] + d[j] + d[k] + 100 / i)",
	};
	static struct array arrays[ARRAYS];
	unsigned long seen[EXCEPTIONS] = { 0 };
	int i, bad = 0;

	array_new(&arrays[0], 10);
	array_new(&arrays[1], 1024);
	array_new(&arrays[2], 5);
	array_new(&arrays[3], 3000);
	if (argc > 1)
		bad = run_both(argv[1], arrays, seen);
	for (i = 0; argc < 2 && i < (int)(sizeof(texts) / sizeof(*texts)); i++)
		bad |= run_both(texts[i], arrays, seen);
	for (i = 0; i < EXCEPTIONS; i++)
		printf("%-20s %lu\n", i ? exception_name[i] : "values", seen[i]);
	if (argc > 1 || bad)
		return bad;
	for (i = 0; i < EXCEPTIONS; i++)
		bad |= !seen[i];
	bad |= !twin_dies("a[i]", NULL_REFERENCE, arrays);
	bad |= !twin_dies("a[i]", OUT_OF_BOUNDS, arrays);
	bad |= !twin_dies("i / j", BAD_DIVISION, arrays);
	printf("jit-checks: %s\n", bad ? "failed" : "compiled and interpreted agree");
	return bad;
}
