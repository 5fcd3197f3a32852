// SPDX-License-Identifier: MIT
#include <string.h>

#include "json.h"
#include "object.h"
#include "trace_show.h"

static const char *const kind_name[] = { "", "REGISTER", "UNREGISTER" };

static void text_column(const char *text)
{
	putchar('\t');
	print_text(stdout, text);
}

static void show_tabs(const struct event *e, const struct where *w)
{
	bool divert = e->kind == EVENT_DIVERT;

	printf("%llu.%09llu\t%d", (unsigned long long)(e->time / 1000000000),
	       (unsigned long long)(e->time % 1000000000), e->cpu);
	text_column(w->comm);
	printf("\t%d\t%d\t%s\t0x%llx", w->pid, e->tid,
	       divert ? selector_name(e->selector) : kind_name[e->kind],
	       (unsigned long long)(divert ? e->pc : e->addr));
	text_column(w->at.object);
	text_column(w->at.symbol);
	text_column(w->at.line);
	if (divert)
		printf("\t0x%llx", (unsigned long long)e->response);
	else
		putchar('\t');
	text_column(w->to.symbol);
	text_column(w->to.line);
	if (divert)
		fputs("\t\t", stdout);
	else
		printf("\t%llu\t", (unsigned long long)e->len);
	if (e->kind == EVENT_REGISTER && e->layout == ESTP_LAYOUT_TABLE)
		printf("%u", e->count);
	putchar('\n');
}

static void json_name(struct json *json, const char *prefix, const struct name *name)
{
	char key[64];

	snprintf(key, sizeof(key), "%sobject", prefix);
	json_text(json, key, *name->object ? name->object : NULL);
	snprintf(key, sizeof(key), "%ssymbol", prefix);
	json_text(json, key, *name->symbol ? name->symbol : NULL);
	snprintf(key, sizeof(key), "%sline", prefix);
	json_text(json, key, *name->line ? name->line : NULL);
}

static void show_json(const struct event *e, const struct where *w)
{
	struct json json = { .to = stdout };

	json_open(&json, NULL, '{');
	json_number(&json, "time_ns", e->time);
	json_number(&json, "cpu", e->cpu);
	json_text(&json, "comm", w->comm);
	json_number(&json, "pid", w->pid);
	json_number(&json, "tid", e->tid);
	if (e->kind == EVENT_DIVERT) {
		json_text(&json, "event", "DIVERT");
		json_text(&json, "selector", selector_name(e->selector));
		json_addr(&json, "pc", e->pc);
		json_name(&json, "", &w->at);
		json_addr(&json, "response", e->response);
		json_name(&json, "response_", &w->to);
	} else {
		json_text(&json, "event", kind_name[e->kind]);
		json_addr(&json, "address", e->addr);
		json_number(&json, "length", e->len);
		json_name(&json, "", &w->at);
		if (e->kind == EVENT_REGISTER) {
			json_text(&json, "layout", e->layout ? "table" : "page");
			if (e->layout)
				json_number(&json, "entries", e->count);
		}
	}
	json_close(&json, '}');
	putchar('\n');
}

/* "main+0x12 program.c:3", as much as is known; the address if nothing is. */
static void show_place(const struct name *name, u64 addr)
{
	if (*name->symbol)
		print_text(stdout, name->symbol);
	else
		printf("0x%llx", (unsigned long long)addr);
	if (*name->line) {
		putchar(' ');
		print_text(stdout, name->line);
	}
}

/* The last part of a path: lines are long enough. */
static void show_object(const struct name *name)
{
	const char *slash = strrchr(name->object, '/');

	if (!*name->object)
		return;
	fputs(" in ", stdout);
	print_text(stdout, slash ? slash + 1 : name->object);
}

static void show_plain(const struct event *e, const struct where *w)
{
	printf("%5llu.%06llu [%03d] ", (unsigned long long)(e->time / 1000000000),
	       (unsigned long long)(e->time % 1000000000 / 1000), e->cpu);
	print_text(stdout, w->comm);
	printf("%*s %7d", (int)(strlen(w->comm) < 15 ? 15 - strlen(w->comm) : 0), "", w->pid);
	if (e->tid != w->pid)
		printf("/%d", e->tid);
	printf(" %-10s ", e->kind == EVENT_DIVERT ? selector_name(e->selector) :
						    kind_name[e->kind]);
	switch (e->kind) {
	case EVENT_DIVERT:
		show_place(&w->at, e->pc);
		fputs(" -> ", stdout);
		show_place(&w->to, e->response);
		show_object(&w->at);
		break;
	case EVENT_REGISTER:
		if (e->layout == ESTP_LAYOUT_TABLE)
			printf("table of %u, header at 0x%llx", e->count,
			       (unsigned long long)e->addr);
		else
			printf("pages at 0x%llx, %llu bytes", (unsigned long long)e->addr,
			       (unsigned long long)e->len);
		if (e->layout != ESTP_LAYOUT_TABLE)
			show_object(&w->at);
		break;
	case EVENT_UNREGISTER:
		printf("code at 0x%llx, %llu bytes", (unsigned long long)e->addr,
		       (unsigned long long)e->len);
		show_object(&w->at);
		break;
	}
	putchar('\n');
}

void trace_show(const struct event *e, const struct where *w, enum form form)
{
	if (form == JSON)
		show_json(e, w);
	else if (form == TABS)
		show_tabs(e, w);
	else
		show_plain(e, w);
}
