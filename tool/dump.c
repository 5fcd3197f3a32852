// SPDX-License-Identifier: MIT
/*
 * estp dump - show every sequence: where it stands, what it reacts to, and its code.
 */
#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disasm.h"
#include "estp.h"
#include "json.h"
#include "object.h"
#include "rules.h"

struct dump {
	enum form form;
	bool colour, code;
	struct json json;
	csh *disasm;
};

/* A response whose end is not known is shown up to where it leaves, and no further. */
#define RESPONSE_INSN_MAX	12

static const char *paint(const struct dump *dump, const char *code)
{
	return dump->colour ? code : "";
}

#define BOLD	"\033[1m"
#define GREEN	"\033[32m"
#define YELLOW	"\033[33m"
#define CYAN	"\033[36m"
#define RED	"\033[31m"
#define OFF	"\033[0m"

static const char *mask_text(enum machine machine, u32 mask, char *text, size_t len)
{
	static const char *const x86_64[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	};
	size_t at = 0;
	u32 i;

	*text = 0;
	for (i = 0; i < 32 && at < len; i++) {
		const char *comma = at ? ", " : "";

		if (!(mask >> i & 1))
			continue;
		if (i == 31)
			at += snprintf(text + at, len - at, "%sFP/SIMD", comma);
		else if (machine == MACHINE_X86_64 && i < 16)
			at += snprintf(text + at, len - at, "%s%s", comma, x86_64[i]);
		else
			at += snprintf(text + at, len - at, "%sx%u", comma, i);
	}
	return text;
}

static const char *causes_text(u8 causes, char *text, size_t len)
{
	static const char *const name[] = { "SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE",
					    "memory error" };
	size_t at = 0;
	u32 i;

	*text = 0;
	for (i = 0; i < ESTP_CAUSE_NR; i++)
		if (causes >> i & 1 && at < len)
			at += snprintf(text + at, len - at, "%s%s", at ? ", " : "", name[i]);
	return text;
}

static void refusal(const struct estp_reject *why, u8 layout, char *text, size_t len)
{
	if (why->index == ESTP_IN_THE_HEADER)
		snprintf(text, len, "%s: %s (0x%llx)", estp_field_text(why->field),
			 estp_reason_text(why->reason), (unsigned long long)why->value);
	else
		snprintf(text, len, "%s %u, %s: %s (0x%llx)",
			 layout == ESTP_LAYOUT_PAGE ? "descriptor" : "entry", why->index,
			 estp_field_text(why->field), estp_reason_text(why->reason),
			 (unsigned long long)why->value);
}

/* ---- Code ---------------------------------------------------------------------- */

static bool leaves(const char *text)
{
	return !strncmp(text, "ret", 3) || !strncmp(text, "jmp", 3) || !strncmp(text, "b  ", 3) ||
	       !strncmp(text, "br ", 3) || !strncmp(text, "ud2", 3) || !strncmp(text, "hlt", 3);
}

/* What marks say of the instruction at [addr, end). */
static void marks(const struct object *object, const struct sequence *s, u64 addr, u64 end,
		  bool last, char *text, size_t len)
{
	const struct mark *mark;
	bool commit = false;
	size_t at = 0;
	u32 i = 0;

	*text = 0;
	while ((mark = object_mark(object, addr, end, &i)) && at < len) {
		char one[64];

		commit |= mark->kind == ESTP_MARK_COMMIT;
		at += snprintf(text + at, len - at, "%s%s", at ? ", " : "",
			       mark_text(mark->kind, mark->arg, one, sizeof(one)));
	}
	if (last && !commit && s->seq.selector == ESTP_PREEMPTION && at < len)
		snprintf(text + at, len - at, "%sthe last: commit", at ? ", " : "");
}

static void code_line(struct dump *dump, u64 addr, const char *text, const char *note, bool span)
{
	if (dump->form == JSON) {
		json_open(&dump->json, NULL, '{');
		json_addr(&dump->json, "address", addr);
		json_text(&dump->json, "text", text);
		if (*note)
			json_text(&dump->json, "note", note);
		json_close(&dump->json, '}');
		return;
	}
	printf("      %s%c%s %8llx  %s", paint(dump, span ? GREEN : CYAN), span ? '|' : '>',
	       paint(dump, OFF), (unsigned long long)addr, paint(dump, span ? "" : CYAN));
	print_text(stdout, text);
	printf("%s", paint(dump, OFF));
	if (*note)
		printf("%*s %s; %s%s", (int)(strlen(text) < 36 ? 36 - strlen(text) : 0), "",
		       paint(dump, YELLOW), note, paint(dump, OFF));
	putchar('\n');
}

/* The instructions of [addr, end); of a response without a length, until it leaves. */
static void show_code(struct dump *dump, struct object *object, const struct sequence *s,
		      u64 addr, u64 end, bool span)
{
	u32 nr = 0;

	while (addr < end) {
		char text[DISASM_TEXT], note[256] = "";
		const u8 *bytes;
		u64 len;
		u32 size;

		bytes = object_bytes(object, addr, &len);
		if (!bytes) {
			code_line(dump, addr, "(no code here in the file)", "", span);
			return;
		}
		size = disasm_one(object, dump->disasm, bytes, len, addr, text);
		if (span)
			marks(object, s, addr, addr + size, addr + size >= end, note, sizeof(note));
		code_line(dump, addr, text, note, span);
		addr += size;
		if (!span && !s->seq.response_len && (leaves(text) || ++nr == RESPONSE_INSN_MAX))
			return;
	}
}

static void show_all_code(struct dump *dump, struct object *object, const struct sequence *s)
{
	const struct estp_sequence *seq = &s->seq;
	bool inside = seq->response - seq->start < seq->length;

	if (dump->form == JSON)
		json_open(&dump->json, "code", '[');
	show_code(dump, object, s, seq->start, sequence_end(s), true);
	if (dump->form == JSON) {
		json_close(&dump->json, ']');
		json_open(&dump->json, "response_code", '[');
	}
	if (!inside && object_code(object, seq->response)) {
		if (dump->form == PLAIN)
			printf("      %sresponse%s\n", paint(dump, CYAN), paint(dump, OFF));
		show_code(dump, object, s, seq->response,
			  seq->response_len ? seq->response + seq->response_len : ~0ull, false);
	}
	if (dump->form == JSON)
		json_close(&dump->json, ']');
}

/* ---- One sequence ---------------------------------------------------------------- */

static void show_plain(struct dump *dump, struct object *object, const struct sequence *s)
{
	const struct estp_sequence *seq = &s->seq;
	char where[256], text[256];
	const char *line;

	printf("  %s#%u %s%s 0x%llx..0x%llx", paint(dump, BOLD), s->index,
	       selector_name(seq->selector), paint(dump, OFF), (unsigned long long)seq->start,
	       (unsigned long long)sequence_end(s));
	if (*object_where(object, seq->start, where, sizeof(where))) {
		putchar(' ');
		print_text(stdout, where);
	}
	line = object_line(object, seq->start);
	if (line) {
		fputs(", ", stdout);
		print_text(stdout, line);
	}
	printf("\n    response 0x%llx", (unsigned long long)seq->response);
	if (seq->response == seq->start)
		printf(", its start");
	else if (*object_where(object, seq->response, where, sizeof(where))) {
		putchar(' ');
		print_text(stdout, where);
	}
	line = seq->response == seq->start ? NULL : object_line(object, seq->response);
	if (line) {
		fputs(", ", stdout);
		print_text(stdout, line);
	}
	if (seq->selector == ESTP_INTERRUPT) {
		mask_text(object->machine, seq->clear_mask, text, sizeof(text));
		printf(", %u bytes\n    clears   %s%s", seq->response_len, *text ? text : "nothing",
		       seq->flags & ESTP_ENTRY_RESET_PKEY ? "; resets protection keys" : "");
	}
	if (seq->causes)
		printf("\n    causes   %s", causes_text(seq->causes, text, sizeof(text)));
	putchar('\n');
	if (s->refused) {
		refusal(&s->why, seq->layout, text, sizeof(text));
		printf("    %srefused%s  %s\n", paint(dump, RED), paint(dump, OFF), text);
	}
	if (dump->code)
		show_all_code(dump, object, s);
}

static void show_tabs(struct object *object, const struct sequence *s)
{
	const struct estp_sequence *seq = &s->seq;
	char where[256];
	const char *line = object_line(object, seq->start);

	print_text(stdout, object->name);
	printf("\t%s\t%s\t0x%llx\t0x%llx\t0x%llx\t%u\t0x%x\t%u\t%u\t",
	       seq->layout == ESTP_LAYOUT_PAGE ? "page" : "table", selector_name(seq->selector),
	       (unsigned long long)seq->start, (unsigned long long)sequence_end(s),
	       (unsigned long long)seq->response, seq->response_len, seq->clear_mask, seq->causes,
	       seq->flags);
	print_text(stdout, object_where(object, seq->start, where, sizeof(where)));
	putchar('\t');
	print_text(stdout, line ? line : "");
	putchar('\n');
}

static void show_json(struct dump *dump, struct object *object, const struct sequence *s)
{
	const struct estp_sequence *seq = &s->seq;
	struct json *json = &dump->json;
	const struct mark *mark;
	char text[256];
	u32 i = 0;

	json_open(json, NULL, '{');
	json_number(json, "index", s->index);
	json_text(json, "selector", selector_name(seq->selector));
	json_addr(json, "start", seq->start);
	json_addr(json, "end", sequence_end(s));
	json_addr(json, "response", seq->response);
	json_text(json, "symbol", object_where(object, seq->start, text, sizeof(text)));
	json_text(json, "line", object_line(object, seq->start));
	json_text(json, "response_symbol", object_where(object, seq->response, text, sizeof(text)));
	json_number(json, "response_length", seq->response_len);
	json_number(json, "clear_mask", seq->clear_mask);
	json_number(json, "causes", seq->causes);
	json_number(json, "flags", seq->flags);
	if (s->refused) {
		refusal(&s->why, seq->layout, text, sizeof(text));
		json_text(json, "refused", text);
	}
	json_open(json, "marks", '[');
	while ((mark = object_mark(object, seq->start, sequence_end(s), &i))) {
		json_open(json, NULL, '{');
		json_addr(json, "address", mark->addr);
		json_text(json, "mark", mark_text(mark->kind, mark->arg, text, sizeof(text)));
		json_close(json, '}');
	}
	json_close(json, ']');
	if (dump->code)
		show_all_code(dump, object, s);
	json_close(json, '}');
}

/* ---- One object -------------------------------------------------------------------- */

static void show_place(struct dump *dump, struct object *object, u32 i)
{
	const struct place *place = &object->place[i];
	bool page = place->layout == ESTP_LAYOUT_PAGE;
	char text[256] = "";
	u32 k;

	if (place->refused)
		refusal(&place->why, place->layout, text, sizeof(text));
	if (dump->form == JSON) {
		json_open(&dump->json, NULL, '{');
		json_text(&dump->json, "layout", page ? "page" : "table");
		json_addr(&dump->json, "address", place->addr);
		json_text(&dump->json, "section", place->section);
		json_number(&dump->json, "count", place->nr);
		if (place->refused)
			json_text(&dump->json, "refused", text);
		json_open(&dump->json, "sequences", '[');
	} else if (dump->form == PLAIN) {
		if (page || !object->live)
			printf("%s%s 0x%llx%s", paint(dump, BOLD), page ? "page" : "table",
			       (unsigned long long)place->addr, paint(dump, OFF));
		else
			printf("%stables%s", paint(dump, BOLD), paint(dump, OFF));
		if (place->section) {
			fputs(" in ", stdout);
			print_text(stdout, place->section);
		}
		printf(": %u %s\n", place->nr, page ? place->nr == 1 ? "descriptor" : "descriptors" :
						      place->nr == 1 ? "entry" : "entries");
		if (place->refused)
			printf("  %srefused%s %s\n", paint(dump, RED), paint(dump, OFF), text);
	}
	for (k = place->first; k < place->first + place->sequences; k++) {
		if (dump->form == JSON)
			show_json(dump, object, &object->sequence[k]);
		else if (dump->form == TABS)
			show_tabs(object, &object->sequence[k]);
		else
			show_plain(dump, object, &object->sequence[k]);
	}
	if (dump->form == JSON) {
		json_close(&dump->json, ']');
		json_close(&dump->json, '}');
	}
}

static void show_object(struct object *object, void *data)
{
	struct dump *dump = data;
	u32 i;

	dump->disasm = dump->code ? disasm_open(object->machine) : NULL;
	if (dump->code && !dump->disasm)
		exit(2);
	if (dump->form == JSON) {
		json_open(&dump->json, NULL, '{');
		json_text(&dump->json, "object", object->name);
		json_text(&dump->json, "machine", machine_name(object->machine));
		json_open(&dump->json, "notes", '[');
		for (i = 0; i < object->note_nr; i++)
			json_text(&dump->json, NULL, object->note[i]);
		json_close(&dump->json, ']');
		json_open(&dump->json, "places", '[');
	} else if (dump->form == PLAIN) {
		print_text(stdout, object->name);
		printf(": %s%s, %u %s%s\n", machine_name(object->machine),
		       object->relocatable ? ", not linked (addresses are this tool's)" : "",
		       object->sequence_nr, object->sequence_nr == 1 ? "sequence" : "sequences",
		       object->sequence_nr || object->place_nr ? ":" : "");
		for (i = 0; i < object->note_nr; i++)
			printf("  note: %s\n", object->note[i]);
	}
	for (i = 0; i < object->place_nr; i++)
		show_place(dump, object, i);
	if (dump->form == JSON) {
		json_close(&dump->json, ']');
		json_close(&dump->json, '}');
	}
	disasm_close(dump->disasm);
	dump->disasm = NULL;
}

/* ---- Command line -------------------------------------------------------------------- */

static void usage(FILE *to)
{
	fputs("usage: estp dump [OPTIONS] FILE|PID|-...\n"
	      "Shows every sequence of ELF files, archives, images of ESTP pages, or processes.\n\n"
	      "  --json          JSON\n"
	      "  --tabs          a line a sequence: object, layout, selector, start, end, response,\n"
	      "                  response length, clear mask, causes, flags, symbol, line\n"
	      "  --no-code       without instructions\n"
	      "  --colour WHEN   auto (on a terminal), always or never\n"
	      "  --arch ISA      of a page image: x86_64 or arm64\n"
	      "  --address N     of a page image: where it stands\n"
	      "A number is a process; of a file so named say ./NUMBER.\n\n"
	      "Exit status: 0 shown; 2 something could not be read.\n", to);
}

static bool is_number(const char *text)
{
	const char *c = text;

	while (isdigit((unsigned char)*c))
		c++;
	return *text && !*c && c - text < 10;
}

static bool want_colour(const char *when)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	if (strcmp(when, "auto"))
		return !strcmp(when, "always");
	return isatty(1) && !(no && *no) && term && strcmp(term, "dumb");
}

static int dump_one(struct dump *dump, struct input *input, const char *name)
{
	enum machine machine = input->machine;
	u64 address = input->address;
	char why[256];
	int error;

	if (is_number(name)) {
		error = live_read(atoi(name), show_object, dump, why, sizeof(why));
	} else {
		*input = (struct input) { .machine = machine, .address = address };
		error = input_open(input, name, why, sizeof(why));
		if (!error) {
			error = object_read(input, show_object, dump, why, sizeof(why));
			input_close(input);
		}
	}
	if (error) {
		fputs("estp dump: ", stderr);
		print_text(stderr, name);
		fprintf(stderr, ": %s\n", why);
	}
	return error ? 2 : 0;
}

int estp_dump(int argc, char **argv)
{
	static const struct option option[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "tabs", no_argument, NULL, 't' },
		{ "no-code", no_argument, NULL, 'n' },
		{ "colour", required_argument, NULL, 'c' },
		{ "color", required_argument, NULL, 'c' },
		{ "arch", required_argument, NULL, 'm' },
		{ "address", required_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct dump dump = { .code = true };
	struct input input = { 0 };
	const char *colour = "auto";
	int c, status = 0;
	char *end;

	optind = 1;
	while ((c = getopt_long(argc, argv, "h", option, NULL)) != -1) {
		switch (c) {
		case 'j':
			dump.form = JSON;
			break;
		case 't':
			dump.form = TABS;
			break;
		case 'n':
			dump.code = false;
			break;
		case 'c':
			colour = optarg;
			break;
		case 'm':
			if (!machine_named(optarg, "estp dump", &input.machine))
				return 2;
			break;
		case 'a':
			input.address = strtoull(optarg, &end, 0);
			if (*end || !*optarg) {
				fprintf(stderr, "estp dump: '%s' is no address\n", optarg);
				return 2;
			}
			break;
		case 'h':
			usage(stdout);
			return finish_output("estp dump");
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return 2;
	}
	dump.colour = dump.form == PLAIN && want_colour(colour);
	dump.json.to = stdout;
	if (dump.form == JSON)
		json_open(&dump.json, NULL, '[');
	for (; optind < argc; optind++)
		if (dump_one(&dump, &input, argv[optind]))
			status = 2;
	if (dump.form == JSON) {
		json_close(&dump.json, ']');
		putchar('\n');
	}
	return finish_output("estp dump") ? 2 : status;
}
