// SPDX-License-Identifier: MIT
/*
 * estp check - the static verifier: command line and report.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "estp.h"
#include "json.h"

#define INSN_MAX	500
#define FINDING_MAX	10000	/* of one object: who has more has seen enough */

struct run {
	bool json, quiet, strict;
	u32 insn_max;
	enum machine machine;	/* of page images */
	struct json out;
	u64 errors, warnings;
	bool unjudged;		/* something could not be seen: not passed */
};

static bool is_waived(const struct check *check, u8 rule, const struct sequence *s)
{
	const struct mark *mark;
	u32 i = 0;

	while (s && rule != ESTP_RULE_REFUSED &&
	       (mark = object_mark(check->object, s->seq.start, sequence_end(s), &i)))
		if (mark->kind == ESTP_MARK_WAIVE && mark->arg == rule)
			return true;
	return false;
}

void report(struct check *check, u8 rule, const struct sequence *s, u64 addr,
	    const char *format, ...)
{
	bool waived = is_waived(check, rule, s);
	struct finding *finding;
	va_list args;
	u32 i;

	/* Sequences over the same code: the code is wrong once, and waived if all of them do. */
	for (i = 0; i < check->finding_nr; i++)
		if (check->finding[i].rule == rule && check->finding[i].addr == addr &&
		    rule != ESTP_RULE_REFUSED)
			break;
	if (i < check->finding_nr) {
		if (waived || !check->finding[i].waived)
			return;
		free(check->finding[i].text);
	} else if (i == FINDING_MAX) {
		check->dropped = true;
		return;
	} else {
		check->finding = tool_more(check->finding, i, sizeof(*finding));
		check->finding_nr++;
	}
	finding = &check->finding[i];
	*finding = (struct finding) { .rule = rule, .waived = waived, .addr = addr, .sequence = s };
	va_start(args, format);
	if (vasprintf(&finding->text, format, args) < 0)
		finding->text = tool_alloc(1);
	va_end(args);
}

static int by_place(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (int)x->rule - (int)y->rule;
}

static const char *severity(const struct finding *finding)
{
	return finding->waived ? "waived" : finding->rule >= RULE_WARNING ? "warning" : "error";
}

static void show_plain(struct check *check, const struct finding *finding)
{
	char where[256];
	const char *line = object_line(check->object, finding->addr);

	print_text(stdout, check->object->name);
	printf(": 0x%llx", (unsigned long long)finding->addr);
	if (*object_where(check->object, finding->addr, where, sizeof(where))) {
		putchar(' ');
		print_text(stdout, where);
	}
	if (line) {
		fputs(" (", stdout);
		print_text(stdout, line);
		putchar(')');
	}
	printf(": %s: %s [%s]\n", severity(finding), finding->text, rule_name(finding->rule));
}

static void show_json(struct check *check, struct run *run, const struct finding *finding)
{
	struct json *json = &run->out;
	char where[256];

	json_open(json, NULL, '{');
	json_text(json, "severity", severity(finding));
	json_text(json, "rule", rule_name(finding->rule));
	json_number(json, "number", finding->rule);
	json_addr(json, "address", finding->addr);
	json_text(json, "symbol", object_where(check->object, finding->addr, where, sizeof(where)));
	json_text(json, "line", object_line(check->object, finding->addr));
	if (finding->sequence) {
		const struct estp_sequence *seq = &finding->sequence->seq;

		json_open(json, "sequence", '{');
		json_text(json, "selector", selector_name(seq->selector));
		json_addr(json, "start", seq->start);
		json_addr(json, "end", sequence_end(finding->sequence));
		json_addr(json, "response", seq->response);
		json_close(json, '}');
	}
	json_text(json, "text", finding->text);
	json_close(json, '}');
}

static void show_notes(const struct object *object)
{
	u32 i;

	for (i = 0; i < object->note_nr; i++) {
		fputs("estp check: ", stderr);
		print_text(stderr, object->name);
		fprintf(stderr, ": %s\n", object->note[i]);
	}
}

static void show(struct check *check, struct run *run)
{
	struct object *object = check->object;
	u32 errors = 0, warnings = 0, waived = 0, i;

	if (check->finding_nr)
		qsort(check->finding, check->finding_nr, sizeof(*check->finding), by_place);
	for (i = 0; i < check->finding_nr; i++) {
		if (check->finding[i].waived)
			waived++;
		else if (check->finding[i].rule >= RULE_WARNING)
			warnings++;
		else
			errors++;
	}
	run->errors += errors;
	run->warnings += warnings;
	if (run->json) {
		json_open(&run->out, NULL, '{');
		json_text(&run->out, "object", object->name);
		json_text(&run->out, "machine", machine_name(object->machine));
		json_number(&run->out, "sequences", object->sequence_nr);
		json_number(&run->out, "errors", errors);
		json_number(&run->out, "warnings", warnings);
		json_number(&run->out, "waived", waived);
		json_open(&run->out, "notes", '[');
		for (i = 0; i < object->note_nr; i++)
			json_text(&run->out, NULL, object->note[i]);
		json_close(&run->out, ']');
		json_open(&run->out, "findings", '[');
		for (i = 0; i < check->finding_nr; i++)
			show_json(check, run, &check->finding[i]);
		json_close(&run->out, ']');
		json_close(&run->out, '}');
		return;
	}
	for (i = 0; i < check->finding_nr; i++)
		show_plain(check, &check->finding[i]);
	if (run->quiet) {
		/* Status 2 is not left without its reason. */
		if (object->unseen)
			show_notes(object);
		return;
	}
	print_text(stdout, object->name);
	printf(": %u %s, %u %s, %u %s", object->sequence_nr,
	       object->sequence_nr == 1 ? "sequence" : "sequences", errors,
	       errors == 1 ? "error" : "errors", warnings, warnings == 1 ? "warning" : "warnings");
	if (waived)
		printf(", %u waived", waived);
	for (i = 0; i < object->note_nr; i++)
		printf("; %s", object->note[i]);
	putchar('\n');
}

static void check_one(struct object *object, void *data)
{
	struct run *run = data;
	struct check check = { .object = object, .insn_max = run->insn_max };
	u32 i;

	check.decoder = decoder_open(object->machine);
	if (!check.decoder) {
		fprintf(stderr, "estp check: Capstone cannot disassemble %s\n",
			machine_name(object->machine));
		exit(2);
	}
	check_refused(&check);
	for (i = 0; i < object->sequence_nr; i++)
		check_sequence(&check, &object->sequence[i]);
	check_leaks(&check);
	check_starts(&check);
	check_entries(&check);
	if (check.dropped)		/* errors, perhaps, where these are none */
		object_unseen(object, "there are more findings than these");
	run->unjudged |= object->unseen;
	show(&check, run);
	for (i = 0; i < check.finding_nr; i++)
		free(check.finding[i].text);
	free(check.finding);
	decoder_close(check.decoder);
}

static void usage(FILE *to)
{
	fputs("usage: estp check [OPTIONS] FILE...\n"
	      "Verifies the sequences of ELF files, archives of them, and images of ESTP pages.\n\n"
	      "  --json          JSON\n"
	      "  --strict        warnings fail, too\n"
	      "  --quiet         only findings, no summary\n"
	      "  --max-insns N   a span that restarts is long beyond N instructions (500)\n"
	      "  --arch ISA      of a page image: x86_64 or arm64\n"
	      "  --rules         list the rules\n\n"
	      "Exit status: 0 clean; 1 errors were found; 2 something could not be read or judged.\n",
	      to);
}

static void list_rules(void)
{
	u32 i;

	for (i = 0; i < RULE_NR; i++)
		if (rule_name(i))
			printf("%2u  %-10s %-8s %s\n", i, rule_name(i),
			       i >= RULE_WARNING ? "warning" : "error", rule_text(i));
}

static int check_file(struct run *run, const char *name)
{
	struct input input = { .machine = run->machine };
	char why[256];
	int error;

	error = input_open(&input, name, why, sizeof(why));
	if (!error) {
		error = object_read(&input, check_one, run, why, sizeof(why));
		input_close(&input);
	}
	if (error) {
		fputs("estp check: ", stderr);
		print_text(stderr, name);
		fprintf(stderr, ": %s\n", why);
	}
	return error;
}

int estp_check(int argc, char **argv)
{
	static const struct option option[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "strict", no_argument, NULL, 's' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "max-insns", required_argument, NULL, 'm' },
		{ "arch", required_argument, NULL, 'a' },
		{ "rules", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct run run = { .insn_max = INSN_MAX };
	bool unread = false;
	unsigned long most;
	char *end;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "hq", option, NULL)) != -1) {
		switch (c) {
		case 'j':
			run.json = true;
			break;
		case 's':
			run.strict = true;
			break;
		case 'q':
			run.quiet = true;
			break;
		case 'm':
			most = strtoul(optarg, &end, 0);
			if (*end || !*optarg || !most || most > 1u << 20) {
				fprintf(stderr, "estp check: '%s' is no number of instructions\n",
					optarg);
				return 2;
			}
			run.insn_max = most;
			break;
		case 'a':
			if (!machine_named(optarg, "estp check", &run.machine))
				return 2;
			break;
		case 'r':
			list_rules();
			return finish_output("estp check");
		case 'h':
			usage(stdout);
			return finish_output("estp check");
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return 2;
	}
	run.out.to = stdout;
	if (run.json)
		json_open(&run.out, NULL, '[');
	for (; optind < argc; optind++)
		unread |= check_file(&run, argv[optind]);
	if (run.json) {
		json_close(&run.out, ']');
		putchar('\n');
	}
	if (finish_output("estp check") || unread || run.unjudged)
		return 2;
	return run.errors || (run.strict && run.warnings) ? 1 : 0;
}
