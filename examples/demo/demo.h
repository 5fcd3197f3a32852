/* SPDX-License-Identifier: MIT */
/*
 * The demo: every property is shown twice, by the same code.
 *
 *                     demo (its sequences registered by constructors)
 *          fork ------------'------------ fork
 *   "with ESTP"                           "twin": gives all registrations back
 *   runs the property                     runs the property
 *   nothing may go wrong,                 everything must go wrong,
 *   something must be diverted            nothing may be diverted
 *
 * A property is a function that does the work and counts what went wrong. It does
 * not know which of the two it runs in, so neither half can be made to look good.
 * A twin in which nothing went wrong, or a half with ESTP that saw no diversion,
 * has proved nothing and counts as a failure.
 */
#ifndef DEMO_H
#define DEMO_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/types.h>

#include "estp.h"

#define CHECK_MAX	12

/* One kind of thing that can go wrong, and how often it did. */
struct check {
	char what[36];
	uint64_t bad;
	uint64_t of;
};

/* What one half did; in memory that it shares with the parent. */
struct half {
	bool registered;	/* with ESTP; else the twin */
	bool finished;
	int check_nr;
	struct check check[CHECK_MAX];
	char failure[256];	/* the first expectation that was not met, or "" */
	uint64_t diversions[ESTP_SELECTOR_NR];
};

struct property {
	const char *name;
	const char *claim;	/* for people, printed before it runs */
	int selector;		/* the kind of event it is about: ESTP_PREEMPTION... */
	void (*run)(struct half *half);
};

extern const struct property preemption_property, signals_property, interrupt_property,
	fault_property, modularity_property, fence_property;

/**
 * demo_count() - report one kind of thing that can go wrong
 * @what: in the plural, for "0 of 12 @what"
 * @bad: how often it went wrong: must be 0 with ESTP and at least 1 in the twin
 * @of: out of how many, at least 1
 */
void demo_count(struct half *half, const char *what, uint64_t bad, uint64_t of);

/**
 * demo_must() - record an expectation of either half
 * @ok: whether it is met
 * @format: a sentence: what was expected and what was seen
 *
 * Return: @ok.
 */
bool demo_must(struct half *half, bool ok, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** demo_say() - print one indented line at once */
void demo_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** demo_number() - "1,234,567"; the last eight results stay valid */
const char *demo_number(uint64_t n);

/** demo_share() - "1,234 of 56,789 (2.2 %)"; as demo_number() */
const char *demo_share(uint64_t bad, uint64_t of);

/** demo_diversions() - diversions of this half so far, by selector */
uint64_t demo_diversions(int selector);

/** demo_give_back() - unregister all code of this process: how a twin is made */
void demo_give_back(void);

/** demo_now() - seconds, monotonic */
double demo_now(void);

/**
 * demo_run() - run one half in a process of its own
 * @half: in memory shared with children; filled
 *
 * A half that does not end is killed, one that dies is a failure.
 */
void demo_run(const struct property *property, struct half *half);

#endif /* DEMO_H */
