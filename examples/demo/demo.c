// SPDX-License-Identifier: MIT
/*
 * demo - exceptional sequences at work, each property beside a twin without them
 *
 *   demo [PROPERTY...]    all properties, or those named
 *   demo --list           their names
 *
 * Exit status: 0, all of them held; 1, not; 2, wrong usage. See demo.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "demo.h"
#include "register.h"
#include "storm.h"

static const struct property *const properties[] = {
	&preemption_property, &signals_property, &interrupt_property,
	&fault_property, &modularity_property, &fence_property,
};

#define PROPERTY_NR	((int)(sizeof(properties) / sizeof(properties[0])))

static const char *const selectors[] = { "PREEMPTION", "INTERRUPT", "FAULT" };

/* Both halves of a property, shared with the children that fill them. */
struct pair {
	bool wanted;
	bool held;
	struct half with, twin;
	char failure[320];	/* why it did not hold */
};

static bool kernel_has_estp(void)
{
	static const char *const names[] = {
		"version 1", "page layout", "table layout", "fence", "clearing of FP state",
		"reset of protection keys", "hardware memory errors",
	};
	struct utsname name;
	size_t feature;
	bool any = false;

	uname(&name);
	printf("demo: Linux %s, %d CPUs; ESTP:", name.release, storm_cpus());
	for (feature = 0; feature < sizeof(names) / sizeof(names[0]); feature++) {
		if (madvise(NULL, feature, MADV_ESTP_QUERY))
			continue;
		printf("%s %s", any ? "," : "", names[feature]);
		any = true;
	}
	printf("%s\n", any ? "" : " none. Only the twins can run; nothing will be held.");
	return any;
}

/* Set why the property did not hold, or that it did: what went wrong before what is not proved. */
static void judge(const struct property *property, struct pair *pair)
{
	const struct half *with = &pair->with, *twin = &pair->twin;
	char *why = pair->failure;
	size_t len = sizeof(pair->failure);
	int i;

	for (i = 0; i < with->check_nr; i++) {
		const struct check *w = &with->check[i];

		if (w->bad) {
			snprintf(why, len, "%s: expected 0 with ESTP, saw %s", w->what,
				 demo_share(w->bad, w->of));
			return;
		}
	}
	if (with->failure[0]) {
		snprintf(why, len, "with ESTP: %s", with->failure);
		return;
	}
	if (twin->failure[0]) {
		snprintf(why, len, "twin: %s", twin->failure);
		return;
	}
	if (!with->check_nr || with->check_nr != twin->check_nr) {
		snprintf(why, len, "expected both halves to check the same, saw %d and %d checks",
			 with->check_nr, twin->check_nr);
		return;
	}
	for (i = 0; i < with->check_nr; i++) {
		const struct check *w = &with->check[i], *t = &twin->check[i];

		if (!w->of || !t->of || !t->bad) {
			snprintf(why, len, "%s: proved nothing: expected many with ESTP to look at and some wrong in the twin, saw %s and %s",
				 w->what, demo_share(w->bad, w->of), demo_share(t->bad, t->of));
			return;
		}
	}
	if (!with->diversions[property->selector]) {
		snprintf(why, len, "proved nothing: expected diversions by %s with ESTP, saw none",
			 selectors[property->selector]);
		return;
	}
	for (i = 0; i < ESTP_SELECTOR_NR; i++) {
		if (twin->diversions[i]) {
			snprintf(why, len, "expected no diversion in the twin, saw %s by %s",
				 demo_number(twin->diversions[i]), selectors[i]);
			return;
		}
	}
	pair->held = true;
}

static void run(const struct property *property, struct pair *pair, bool has_estp)
{
	int failed = register_result();

	printf("    with ESTP\n");
	pair->with.registered = true;
	if (!has_estp)
		demo_must(&pair->with, false, "expected a kernel with ESTP (load estp.ko), saw one without");
	else if (demo_must(&pair->with, !failed,
			   "expected the program's sequences to be registered, saw: %s", strerror(failed)))
		demo_run(property, &pair->with);
	if (pair->with.failure[0])
		demo_say("FAILED: %s", pair->with.failure);
	printf("    twin without\n");
	demo_run(property, &pair->twin);
	if (pair->twin.failure[0])
		demo_say("FAILED: %s", pair->twin.failure);
	judge(property, pair);
}

static void row(const char *name, const char *what, const char *with, const char *twin,
		const char *diversions, const char *verdict)
{
	printf("%-11s %-33s %15s  ", name, what, with);
	if (*verdict)
		printf("%-19s %10s  %s\n", twin, diversions, verdict);
	else
		printf("%s\n", twin);
}

static void table(const struct pair *pairs)
{
	static const struct check none;
	int i, j;

	putchar('\n');
	row("property", "what could go wrong", "with ESTP", "twin without", "diversions", "verdict");
	for (i = 0; i < PROPERTY_NR; i++) {
		const struct half *with = &pairs[i].with, *twin = &pairs[i].twin;
		int rows = with->check_nr > twin->check_nr ? with->check_nr : twin->check_nr;

		if (!pairs[i].wanted)
			continue;
		for (j = 0; j < rows || !j; j++) {
			const struct check *w = j < with->check_nr ? &with->check[j] : &none;
			const struct check *t = j < twin->check_nr ? &twin->check[j] : &none;
			char diversions[32] = "", twin_text[40] = "-";

			if (!j)
				snprintf(diversions, sizeof(diversions), "%s",
					 demo_number(with->diversions[properties[i]->selector]));
			if (t->of)
				snprintf(twin_text, sizeof(twin_text), "%s (%.1f %%)", demo_number(t->bad),
					 100.0 * (double)t->bad / (double)t->of);
			row(j ? "" : properties[i]->name, w->of ? w->what : t->what,
			    w->of ? demo_share(w->bad, w->of) : "-", twin_text, diversions,
			    j ? "" : pairs[i].held ? "held" : "FAILED");
		}
	}
	putchar('\n');
}

static bool choose(struct pair *pairs, int argc, char **argv)
{
	int i, arg;

	for (i = 0; i < PROPERTY_NR; i++)
		pairs[i].wanted = argc == 1;
	for (arg = 1; arg < argc; arg++) {
		for (i = 0; i < PROPERTY_NR; i++)
			if (!strcmp(argv[arg], properties[i]->name))
				break;
		if (i == PROPERTY_NR)
			return false;
		pairs[i].wanted = true;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct pair *pairs = mmap(NULL, PROPERTY_NR * sizeof(*pairs), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int i, wanted = 0, held = 0;
	double begin = demo_now();
	bool has_estp;

	if (pairs == MAP_FAILED)
		return 1;
	if (argc == 2 && !strcmp(argv[1], "--list")) {
		for (i = 0; i < PROPERTY_NR; i++)
			printf("%-11s %s\n", properties[i]->name, properties[i]->claim);
		return 0;
	}
	if (!choose(pairs, argc, argv)) {
		fprintf(stderr, "usage: demo [--list] [PROPERTY...]\n");
		return 2;
	}
	has_estp = kernel_has_estp();
	for (i = 0; i < PROPERTY_NR; i++) {
		if (!pairs[i].wanted)
			continue;
		printf("\n%s: %s\n", properties[i]->name, properties[i]->claim);
		run(properties[i], &pairs[i], has_estp);
		wanted++;
		held += pairs[i].held;
	}
	table(pairs);
	for (i = 0; i < PROPERTY_NR; i++)
		if (pairs[i].wanted && !pairs[i].held)
			printf("FAILED  %s: %s\n", properties[i]->name, pairs[i].failure);
	printf("demo: %d of %d properties held (%.0f s)\n", held, wanted, demo_now() - begin);
	return held == wanted ? 0 : 1;
}
