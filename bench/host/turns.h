/* SPDX-License-Identifier: MIT */
/*
 * turns.h - several ways of doing a thing, measured in turns on the real CPU
 *
 *	round 0   | A | B | A | C | A | D | A |
 *	round 1   | A | C | A | D | A | B | A |
 *	...
 *
 * A slice of a way is some 50 us, short beside a time slice, so that whatever else the
 * machine does, and a clock that goes faster or slower, meets all ways alike. Each slice
 * is divided by the mean of the two of the baseline, A, before and after it; what counts
 * is the median of these ratios, beside its quartiles. Where the quartiles are further
 * apart than bench/table allows, the cell is marked as not to be believed.
 *
 * With two threads, each on a CPU of its own, both run the same way at a time; a slice
 * lasts until both are done.
 */
#ifndef TURNS_H
#define TURNS_H

#include <stdbool.h>
#include <stddef.h>

struct way {
	const char *column;
	/* Does it so many times. */
	void (*run)(unsigned long turns);
};

/**
 * turns_begin() - read the options, choose CPUs, print what a repetition needs to know
 * @argc, @argv: main()'s; --quick, a tenth of the rounds and shorter slices; --threads N
 * @thread_begin: runs in each thread, on its CPU, before anything is measured; or NULL
 *
 * Ends the process, with status 77 and a sentence, where that many threads cannot have
 * CPUs of their own.
 */
void turns_begin(int argc, char **argv, void (*thread_begin)(int cpu));

/* 1 or 2. */
int turns_threads(void);

/**
 * turns_row() - measure, print a row's cells
 * @row: its name
 * @ways: one a column
 * @way_nr: of them, at most 16
 * @baseline: index of the one that ratios are to
 */
void turns_row(const char *row, const struct way *ways, size_t way_nr, size_t baseline);

/**
 * turns_bound() - judge the last row: baseline by another way, at most so much
 * @text: what is bounded
 * @column: of the other way
 * @most: bound of the median
 */
void turns_bound(const char *text, const char *column, double most);

/* All slices of this way so far, of all threads: turns. */
unsigned long turns_run(void (*run)(unsigned long turns));

void turns_end(void);

#endif
