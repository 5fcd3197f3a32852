// SPDX-License-Identifier: MIT
#include <string.h>

#include "json.h"

/* The length of the UTF-8 character at @s; 0 if it is none. */
static u32 utf8(const char *s)
{
	const u8 *c = (const u8 *)s;
	u32 len = c[0] >= 0xf0 && c[0] < 0xf5 ? 4 : c[0] >= 0xe0 ? 3 : c[0] >= 0xc2 ? 2 : 0, i;

	if (c[0] >= 0xf5 || !len)
		return 0;
	for (i = 1; i < len; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, and what lies beyond Unicode. */
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] >= 0xa0) ||
	    (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] >= 0x90))
		return 0;
	return len;
}

static void string(FILE *to, const char *s)
{
	putc('"', to);
	while (*s) {
		u8 c = *s;
		u32 len = c >= 0x80 ? utf8(s) : 1;

		if (c == '"' || c == '\\')
			fprintf(to, "\\%c", c);
		else if (c < 0x20 || c == 0x7f || !len)
			fprintf(to, "\\u%04x", c);
		else if (c == 0xc2 && (u8)s[1] < 0xa0)	/* terminals take these as control characters, too */
			fprintf(to, "\\u%04x", (u8)s[1]);
		else
			fwrite(s, 1, len, to);
		s += len ? len : 1;
	}
	putc('"', to);
}

static void name_it(struct json *json, const char *name)
{
	if (json->some)
		putc(',', json->to);
	json->some = true;
	if (name) {
		string(json->to, name);
		putc(':', json->to);
	}
}

void json_open(struct json *json, const char *name, char kind)
{
	name_it(json, name);
	putc(kind, json->to);
	json->some = false;
}

void json_close(struct json *json, char kind)
{
	putc(kind, json->to);
	json->some = true;
}

void json_text(struct json *json, const char *name, const char *value)
{
	name_it(json, name);
	if (value)
		string(json->to, value);
	else
		fputs("null", json->to);
}

void json_number(struct json *json, const char *name, u64 value)
{
	name_it(json, name);
	fprintf(json->to, "%llu", (unsigned long long)value);
}

void json_addr(struct json *json, const char *name, u64 addr)
{
	name_it(json, name);
	fprintf(json->to, "\"0x%llx\"", (unsigned long long)addr);
}

void json_bool(struct json *json, const char *name, bool value)
{
	name_it(json, name);
	fputs(value ? "true" : "false", json->to);
}

void print_text(FILE *to, const char *text)
{
	for (; *text; text++) {
		u8 c = *text;
		/* Among them those that terminals take as such in UTF-8. */
		bool control = c < 0x20 || c == 0x7f || (c == 0xc2 && ((u8)text[1] & 0xe0) == 0x80);

		putc(control ? '?' : c, to);
	}
}

int finish_output(const char *who)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	fprintf(stderr, "%s: the output could not be written\n", who);
	return 2;
}
