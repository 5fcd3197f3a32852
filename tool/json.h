/* SPDX-License-Identifier: MIT */
/*
 * JSON, written as it comes: json_open() and json_close() nest, and commas are put where
 * they belong.  Text that is not UTF-8 is taken as Latin-1, so that the output always is.
 */
#ifndef ESTP_TOOL_JSON_H
#define ESTP_TOOL_JSON_H

#include <stdio.h>

#include "core.h"

struct json {
	FILE *to;
	bool some;	/* something stands before in this object or array */
};

/* @kind is '{' or '['; @name is NULL in an array. */
void json_open(struct json *json, const char *name, char kind);
void json_close(struct json *json, char kind);
void json_text(struct json *json, const char *name, const char *value);	/* NULL: null */
void json_number(struct json *json, const char *name, u64 value);
void json_addr(struct json *json, const char *name, u64 addr);		/* "0x..." */
void json_bool(struct json *json, const char *name, bool value);

/* The forms that subcommands have their output in. */
enum form { PLAIN, TABS, JSON };

/* Text for people, of a file that anybody may have written: control characters as '?'. */
void print_text(FILE *to, const char *text);

/* The status of a subcommand that has shown all: 0, or 2 with a sentence, if it got nowhere. */
int finish_output(const char *who);

#endif /* ESTP_TOOL_JSON_H */
