// SPDX-License-Identifier: MIT
/*
 * estp ps - the processes that have registered sequences.
 *
 * /dev/estp answers for a process whose memory can be opened, and knows address spaces
 * only.  Processes that share one (vfork, CLONE_VM) have the same counters; they are one
 * row, by the one that began first.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "estp.h"
#include "json.h"
#include "object.h"
#include "process.h"

/* Code of one file, or of one mapping of none, that is registered. */
struct registered {
	const char *path;
	u64 addr;		/* where its lowest mapping with sequences begins */
	u32 pages, tables;	/* sequences by layout */
	u32 selector[ESTP_SELECTOR_NR];
};

struct row {
	int pid;
	int thread;		/* one that has its memory */
	u64 start;
	struct estp_stats stats;
	char user[64], command[4096];
	int *shared;		/* others with the same address space */
	u32 shared_nr;
	struct registered *registered;
	u32 registered_nr;
};

struct ps {
	enum form form;
	bool objects;
	int device;
	struct row *row;
	u32 row_nr;
	u32 denied, failed;
	char why[256];		/* of the last that failed */
};

/* ---- Objects ------------------------------------------------------------------------- */

struct span {
	u64 start, end;
	char *path;
};

struct spans {
	struct span *span;
	u32 nr;
};

static void add_span(const struct mapping *mapping, void *data)
{
	struct spans *spans = data;
	char *path = strdup(mapping->path);

	spans->span = tool_more(spans->span, spans->nr, sizeof(*spans->span));
	spans->span[spans->nr++] = (struct span) { mapping->start, mapping->end, path };
}

static struct registered *registered_at(struct row *row, const struct spans *spans, u64 addr)
{
	const struct span *span = NULL;
	const char *path;
	u32 i;

	for (i = 0; i < spans->nr && !span; i++)
		if (addr - spans->span[i].start < spans->span[i].end - spans->span[i].start)
			span = &spans->span[i];
	path = !span ? "(unmapped meanwhile)" : span->path && *span->path ? span->path :
	       "(no file)";
	for (i = 0; i < row->registered_nr; i++) {
		struct registered *r = &row->registered[i];

		/* Of what has no file each mapping stands for itself. */
		if (!strcmp(r->path, path) && (*path != '(' || !span || r->addr == span->start))
			return r;
	}
	row->registered = tool_more(row->registered, row->registered_nr,
				    sizeof(*row->registered));
	row->registered[row->registered_nr] = (struct registered) {
		.path = strdup(path), .addr = span ? span->start : addr,
	};
	return &row->registered[row->registered_nr++];
}

static void fail(struct ps *ps, int error)
{
	ps->failed++;
	snprintf(ps->why, sizeof(ps->why), ESTP_DEVICE " does not answer: %s", strerror(-error));
}

static void add_objects(struct ps *ps, struct row *row, int mem)
{
	struct spans spans = { 0 };
	struct estp_sequence *seq;
	int error;
	u32 nr, i;

	seq = device_list(ps->device, mem, &nr, &error);
	if (!seq)
		fail(ps, error);
	/* After the list: what was mapped for it before is still there, or told. */
	mapping_each(row->pid, add_span, &spans);
	for (i = 0; seq && i < nr; i++) {
		struct registered *r = registered_at(row, &spans, seq[i].start);

		if (seq[i].layout == ESTP_LAYOUT_PAGE)
			r->pages++;
		else
			r->tables++;
		if (seq[i].selector < ESTP_SELECTOR_NR)
			r->selector[seq[i].selector]++;
	}
	free(seq);
	for (i = 0; i < spans.nr; i++)
		free(spans.span[i].path);
	free(spans.span);
}

/* ---- Looking ------------------------------------------------------------------------- */

/* A row that has the same address space already. */
static struct row *same_memory(struct ps *ps, const struct row *row)
{
	u32 i;

	for (i = 0; i < ps->row_nr; i++)
		if (ps->row[i].stats.sequences == row->stats.sequences &&
		    thread_same_memory(ps->row[i].thread, row->thread))
			return &ps->row[i];
	return NULL;
}

static void add_row(struct ps *ps, struct row *row, int mem)
{
	struct row *other;

	row->start = process_start(row->pid);
	if (!process_user(row->pid, row->user, sizeof(row->user)) ||
	    !process_command(row->pid, row->command, sizeof(row->command)))
		return;
	other = same_memory(ps, row);
	if (other) {
		int pid = row->pid;

		if (row->start < other->start ||
		    (row->start == other->start && pid < other->pid)) {
			pid = other->pid;
			other->pid = row->pid;
			other->start = row->start;
			memcpy(other->user, row->user, sizeof(row->user));
			memcpy(other->command, row->command, sizeof(row->command));
		}
		other->shared = tool_more(other->shared, other->shared_nr, sizeof(int));
		other->shared[other->shared_nr++] = pid;
		return;
	}
	if (ps->objects)
		add_objects(ps, row, mem);
	ps->row = tool_more(ps->row, ps->row_nr, sizeof(*ps->row));
	ps->row[ps->row_nr++] = *row;
}

static void look(int pid, void *data)
{
	struct ps *ps = data;
	struct row row = { .pid = pid };
	char why[sizeof(ps->why)];
	int mem, error;

	switch (process_open(pid, &mem, why, sizeof(why))) {
	case LOOKED:
		break;
	case LOOKED_DENIED:
		ps->denied++;
		return;
	case LOOKED_FAILED:
		ps->failed++;
		memcpy(ps->why, why, sizeof(why));
		return;
	default:
		return;
	}
	error = device_stats(ps->device, mem, &row.stats);
	if (error) {
		fail(ps, error);
	} else if (row.stats.sequences) {
		row.thread = thread_with_memory(pid);
		add_row(ps, &row, mem);
	}
	close(mem);
}

static int by_pid(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* ---- Showing ------------------------------------------------------------------------- */

static void show_json(struct ps *ps)
{
	struct json json = { .to = stdout };
	u32 i, k, sel;

	json_open(&json, NULL, '[');
	for (i = 0; i < ps->row_nr; i++) {
		struct row *row = &ps->row[i];

		json_open(&json, NULL, '{');
		json_number(&json, "pid", row->pid);
		json_open(&json, "shared_with", '[');
		for (k = 0; k < row->shared_nr; k++)
			json_number(&json, NULL, row->shared[k]);
		json_close(&json, ']');
		json_text(&json, "user", row->user);
		json_text(&json, "command", row->command);
		json_number(&json, "pages", row->stats.pages);
		json_number(&json, "sequences", row->stats.sequences);
		json_number(&json, "bytes", row->stats.memory);
		json_open(&json, "diversions", '{');
		for (sel = 0; sel < ESTP_SELECTOR_NR; sel++)
			json_number(&json, selector_name(sel), row->stats.diversions[sel]);
		json_close(&json, '}');
		json_number(&json, "fences", row->stats.fences);
		if (ps->objects)
			json_open(&json, "objects", '[');
		for (k = 0; k < row->registered_nr; k++) {
			const struct registered *r = &row->registered[k];

			json_open(&json, NULL, '{');
			json_text(&json, "object", r->path);
			json_addr(&json, "address", r->addr);
			json_number(&json, "page_sequences", r->pages);
			json_number(&json, "table_sequences", r->tables);
			json_open(&json, "sequences", '{');
			for (sel = 0; sel < ESTP_SELECTOR_NR; sel++)
				json_number(&json, selector_name(sel), r->selector[sel]);
			json_close(&json, '}');
			json_close(&json, '}');
		}
		if (ps->objects)
			json_close(&json, ']');
		json_close(&json, '}');
	}
	json_close(&json, ']');
	putchar('\n');
}

static void show_tabs(const struct ps *ps)
{
	u32 i, k, sel;

	for (i = 0; i < ps->row_nr; i++) {
		const struct row *row = &ps->row[i];

		for (k = 0; ps->objects && k < row->registered_nr; k++) {
			const struct registered *r = &row->registered[k];

			printf("%d\t0x%llx\t%u\t%u", row->pid, (unsigned long long)r->addr,
			       r->pages, r->tables);
			for (sel = 0; sel < ESTP_SELECTOR_NR; sel++)
				printf("\t%u", r->selector[sel]);
			putchar('\t');
			print_text(stdout, r->path);
			putchar('\n');
		}
		if (ps->objects)
			continue;
		printf("%d\t", row->pid);
		for (k = 0; k < row->shared_nr; k++)
			printf("%s%d", k ? "," : "", row->shared[k]);
		putchar('\t');
		print_text(stdout, row->user);
		printf("\t%llu\t%llu\t%llu", (unsigned long long)row->stats.pages,
		       (unsigned long long)row->stats.sequences,
		       (unsigned long long)row->stats.memory);
		for (sel = 0; sel < ESTP_SELECTOR_NR; sel++)
			printf("\t%llu", (unsigned long long)row->stats.diversions[sel]);
		printf("\t%llu\t", (unsigned long long)row->stats.fences);
		print_text(stdout, row->command);
		putchar('\n');
	}
}

static void show_row(const struct ps *ps, const struct row *row, int room)
{
	u32 k, sel;

	printf("%7d %-10s %6llu %6llu %9llu", row->pid, row->user,
	       (unsigned long long)row->stats.pages, (unsigned long long)row->stats.sequences,
	       (unsigned long long)row->stats.memory);
	for (sel = 0; sel < ESTP_SELECTOR_NR; sel++)
		printf(" %10llu", (unsigned long long)row->stats.diversions[sel]);
	printf(" %8llu ", (unsigned long long)row->stats.fences);
	if (room > 0 && strlen(row->command) > (size_t)room) {
		char cut[512];

		snprintf(cut, sizeof(cut), "%.*s", room < 511 ? room : 511, row->command);
		print_text(stdout, cut);
	} else {
		print_text(stdout, row->command);
	}
	putchar('\n');
	if (row->shared_nr)
		printf("%8s shares its memory with", "");
	for (k = 0; k < row->shared_nr; k++)
		printf("%s %d", k ? "," : "", row->shared[k]);
	if (row->shared_nr)
		putchar('\n');
	for (k = 0; ps->objects && k < row->registered_nr; k++) {
		const struct registered *r = &row->registered[k];
		const char *comma = ": ";

		printf("%8s ", "");
		print_text(stdout, r->path);
		if (*r->path != '/')
			printf(" 0x%llx", (unsigned long long)r->addr);
		for (sel = 0; sel < ESTP_SELECTOR_NR; sel++)
			if (r->selector[sel]) {
				printf("%s%u %s", comma, r->selector[sel], selector_name(sel));
				comma = ", ";
			}
		printf("%s\n", r->pages && r->tables ? "; on pages and in tables" :
			       r->pages ? "; on pages" : "; in tables");
	}
}

/* What a terminal has left for the command; 0: no terminal, no limit. */
static int command_room(void)
{
	struct winsize size;

	if (ioctl(1, TIOCGWINSZ, &size) || !size.ws_col)
		return 0;
	return size.ws_col > 95 ? size.ws_col - 85 : 10;
}

static void show_plain(const struct ps *ps)
{
	int room = command_room();
	u32 i;

	printf("%7s %-10s %6s %6s %9s %10s %10s %10s %8s %s\n", "PID", "USER", "PAGES", "SEQS",
	       "BYTES", "PREEMPTION", "INTERRUPT", "FAULT", "FENCES", "COMMAND");
	for (i = 0; i < ps->row_nr; i++)
		show_row(ps, &ps->row[i], room);
}

static void free_rows(struct ps *ps)
{
	u32 i, k;

	for (i = 0; i < ps->row_nr; i++) {
		for (k = 0; k < ps->row[i].registered_nr; k++)
			free((char *)ps->row[i].registered[k].path);
		free(ps->row[i].registered);
		free(ps->row[i].shared);
	}
	free(ps->row);
}

/* ---- Command line --------------------------------------------------------------------- */

static void usage(FILE *to)
{
	fputs("usage: estp ps [OPTIONS]\n"
	      "Shows the processes that have registered sequences, with their counters: pages of code,\n"
	      "sequences, bytes of kernel memory, diversions by selector, fences.\n\n"
	      "  --objects       also which files or mappings hold the registered code\n"
	      "  --json          JSON\n"
	      "  --tabs          a line a process: pid, others that share its memory, user, pages,\n"
	      "                  sequences, bytes, PREEMPTION, INTERRUPT, FAULT, fences, command;\n"
	      "                  with --objects a line an object: pid, address, sequences on pages,\n"
	      "                  in tables, PREEMPTION, INTERRUPT, FAULT, object\n"
	      "Processes that the caller may not ptrace are not shown, but counted on standard error.\n\n"
	      "Exit status: 0 shown, even if there are none; 2 the kernel could not be asked.\n", to);
}

int estp_ps(int argc, char **argv)
{
	static const struct option option[] = {
		{ "objects", no_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "tabs", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct ps ps = { 0 };
	char why[256];
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "h", option, NULL)) != -1) {
		switch (c) {
		case 'o':
			ps.objects = true;
			break;
		case 'j':
			ps.form = JSON;
			break;
		case 't':
			ps.form = TABS;
			break;
		case 'h':
			usage(stdout);
			return finish_output("estp ps");
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind != argc) {
		usage(stderr);
		return 2;
	}
	ps.device = device_open(why, sizeof(why));
	if (ps.device < 0) {
		fprintf(stderr, "estp ps: %s\n", why);
		return 2;
	}
	if (!process_each(look, &ps)) {
		fputs("estp ps: /proc is not mounted\n", stderr);
		close(ps.device);
		return 2;
	}
	if (ps.row_nr)
		qsort(ps.row, ps.row_nr, sizeof(*ps.row), by_pid);
	if (ps.form == JSON)
		show_json(&ps);
	else if (ps.form == TABS)
		show_tabs(&ps);
	else
		show_plain(&ps);
	if (ps.denied)
		fprintf(stderr, "estp ps: %u %s could not be looked at: that needs the right to ptrace %s\n",
			ps.denied, ps.denied == 1 ? "process" : "processes",
			ps.denied == 1 ? "it" : "them");
	if (ps.failed)
		fprintf(stderr, "estp ps: %u %s could not be looked at: %s\n", ps.failed,
			ps.failed == 1 ? "process" : "processes", ps.why);
	free_rows(&ps);
	close(ps.device);
	return finish_output("estp ps");
}
