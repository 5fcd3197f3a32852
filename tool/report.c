// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "report.h"

u64 report_counter(const struct estp_stats *stats, u32 which)
{
	return which < ESTP_SELECTOR_NR ? stats->diversions[which] : stats->fences;
}

static const char *which_name(u32 which)
{
	return which < ESTP_SELECTOR_NR ? selector_name(which) : "fences";
}

static const char *end_name(int end)
{
	return end > 0 ? "yes" : !end ? "never" : "-";
}

/* Those of this interval first, by number; then by address. */
static int by_number(const void *a, const void *b)
{
	const struct counted *x = *(void *const *)a, *y = *(void *const *)b;

	if (x->since != y->since)
		return x->since > y->since ? -1 : 1;
	return x->seq.start < y->seq.start ? -1 : x->seq.start > y->seq.start;
}

void report_collect(struct report *report, const struct counts *counts)
{
	u32 i;

	free(report->counted);
	report->nr = 0;
	report->counted = tool_alloc((counts->nr + 1) * sizeof(*report->counted));
	for (i = 0; i < ESTP_SELECTOR_NR; i++)
		report->none[i] = report->grown_all[i];
	for (i = 0; i < counts->nr; i++) {
		struct counted *c = counts->counted[i];
		u64 all = c->before + c->since;

		if (c->seq.selector < ESTP_SELECTOR_NR) {
			u64 *none = &report->none[c->seq.selector];

			*none -= *none < all ? *none : all;
		}
		if (all)
			report->counted[report->nr++] = c;
	}
	if (report->nr)
		qsort(report->counted, report->nr, sizeof(*report->counted), by_number);
}

static void name_of(const struct report *report, const struct counted *c, struct name *name)
{
	world_name(report->world, report->pid, c->seq.start, name);
}

static void show_json(struct report *report)
{
	struct json json = { .to = stdout };
	struct name name;
	u32 i;

	json_open(&json, NULL, '{');
	json_number(&json, "pid", report->pid);
	json_text(&json, "user", report->user);
	json_text(&json, "command", report->command);
	json_bool(&json, "ended", report->ended);
	json_number(&json, "pages", report->now.pages);
	json_number(&json, "sequences", report->now.sequences);
	json_number(&json, "bytes", report->now.memory);
	if (report->interval)
		json_number(&json, "interval_ns", report->seconds * 1e9);
	json_open(&json, "counters", '{');
	for (i = 0; i <= ESTP_SELECTOR_NR; i++) {
		json_open(&json, which_name(i), '{');
		json_number(&json, "all", report_counter(&report->now, i));
		if (report->interval) {
			json_number(&json, "watched", report->grown_all[i]);
			json_number(&json, "interval", report->grown[i]);
		}
		json_close(&json, '}');
	}
	json_close(&json, '}');
	if (report->world && report->interval) {
		json_open(&json, "by_sequence", '[');
		for (i = 0; i < report->nr; i++) {
			const struct counted *c = report->counted[i];
			int end = counts_end(c);

			name_of(report, c, &name);
			json_open(&json, NULL, '{');
			json_text(&json, "selector", selector_name(c->seq.selector));
			json_addr(&json, "start", c->seq.start);
			json_addr(&json, "end", c->seq.start + c->seq.length);
			json_addr(&json, "response", c->seq.response);
			json_text(&json, "object", *name.object ? name.object : NULL);
			json_text(&json, "symbol", *name.symbol ? name.symbol : NULL);
			json_text(&json, "line", *name.line ? name.line : NULL);
			json_number(&json, "watched", c->before + c->since);
			json_number(&json, "interval", c->since);
			if (end < 0)
				json_text(&json, "comes_to_end", NULL);
			else
				json_bool(&json, "comes_to_end", end);
			json_close(&json, '}');
		}
		json_close(&json, ']');
		json_open(&json, "of_no_event", '{');
		for (i = 0; i < ESTP_SELECTOR_NR; i++)
			json_number(&json, selector_name(i), report->none[i]);
		json_close(&json, '}');
	}
	json_close(&json, '}');
	putchar('\n');
}

static void show_tabs(struct report *report)
{
	u64 seconds = report->began / 1000000000, rest = report->began % 1000000000;
	struct name name;
	u32 i;

	for (i = 0; i <= ESTP_SELECTOR_NR; i++) {
		printf("%llu.%09llu\tall\t%s\t%llu", (unsigned long long)seconds,
		       (unsigned long long)rest, which_name(i),
		       (unsigned long long)report_counter(&report->now, i));
		if (report->interval)
			printf("\t%llu\t%.1f\n", (unsigned long long)report->grown[i],
			       report->grown[i] / report->seconds);
		else
			puts("\t\t");
	}
	for (i = 0; i < report->nr; i++) {
		const struct counted *c = report->counted[i];

		name_of(report, c, &name);
		printf("%llu.%09llu\tsequence\t%s\t%llu\t%llu\t%.1f\t%s\t0x%llx\t0x%llx\t0x%llx\t",
		       (unsigned long long)seconds, (unsigned long long)rest,
		       selector_name(c->seq.selector), (unsigned long long)(c->before + c->since),
		       (unsigned long long)c->since, c->since / report->seconds,
		       end_name(counts_end(c)), (unsigned long long)c->seq.start,
		       (unsigned long long)(c->seq.start + c->seq.length),
		       (unsigned long long)c->seq.response);
		print_text(stdout, name.object);
		putchar('\t');
		print_text(stdout, name.symbol);
		putchar('\t');
		print_text(stdout, name.line);
		putchar('\n');
	}
}

static void plain_sequence(const struct report *report, const struct counted *c)
{
	const char *slash;
	struct name name;

	name_of(report, c, &name);
	printf("%12llu %12llu %12.1f  %-5s  %-10s ", (unsigned long long)(c->before + c->since),
	       (unsigned long long)c->since, c->since / report->seconds,
	       end_name(counts_end(c)), selector_name(c->seq.selector));
	if (*name.symbol)
		print_text(stdout, name.symbol);
	else
		printf("0x%llx", (unsigned long long)c->seq.start);
	if (*name.line) {
		putchar(' ');
		print_text(stdout, name.line);
	}
	slash = strrchr(name.object, '/');
	if (*name.object) {
		fputs(" in ", stdout);
		print_text(stdout, slash ? slash + 1 : name.object);
	}
	if (!c->seq.length)
		fputs(" (no sequence there any more)", stdout);
	putchar('\n');
}

static void show_plain(struct report *report)
{
	u64 none = 0;
	u32 i;

	if (!report->headed) {
		printf("%d, %s, ", report->pid, report->user);
		print_text(stdout, report->command);
		putchar('\n');
	} else {
		putchar('\n');
	}
	printf("%llu %s of code, %llu %s, %llu bytes", (unsigned long long)report->now.pages,
	       report->now.pages == 1 ? "page" : "pages", (unsigned long long)report->now.sequences,
	       report->now.sequences == 1 ? "sequence" : "sequences",
	       (unsigned long long)report->now.memory);
	if (report->ended)
		fputs("; the process has ended, and its counters with it", stdout);
	printf("\n%14s", "");
	for (i = 0; i <= ESTP_SELECTOR_NR; i++)
		printf(" %12s", which_name(i));
	printf("\n%-14s", "in all");
	for (i = 0; i <= ESTP_SELECTOR_NR; i++)
		printf(" %12llu", (unsigned long long)report_counter(&report->now, i));
	putchar('\n');
	if (!report->interval)
		return;
	printf("in %-8.3f s ", report->seconds);
	for (i = 0; i <= ESTP_SELECTOR_NR; i++)
		printf(" %12llu", (unsigned long long)report->grown[i]);
	printf("\n%-14s", "per second");
	for (i = 0; i <= ESTP_SELECTOR_NR; i++)
		printf(" %12.1f", report->grown[i] / report->seconds);
	putchar('\n');
	if (!report->world)
		return;
	if (report->nr)
		printf("%12s %12s %12s  %-5s  %-10s %s\n", "WATCHED", "INTERVAL", "PER SECOND",
		       "END", "SELECTOR", "SEQUENCE");
	for (i = 0; i < report->nr; i++)
		plain_sequence(report, report->counted[i]);
	for (i = 0; i < ESTP_SELECTOR_NR; i++)
		none += report->none[i];
	if (none)
		printf("%12llu  of which no event told\n", (unsigned long long)none);
}

void report_show(struct report *report, enum form form)
{
	if (form == JSON)
		show_json(report);
	else if (form == TABS)
		show_tabs(report);
	else
		show_plain(report);
	report->headed = true;
	fflush(stdout);
}
