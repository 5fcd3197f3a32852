/* SPDX-License-Identifier: MIT */
/* The rules of estp check by number, ESTP_RULE_* of estp/asm.h, and what marks say. */
#ifndef ESTP_TOOL_RULES_H
#define ESTP_TOOL_RULES_H

#include <estp/asm.h>

#include "core.h"

#define RULE_NR		64
#define RULE_WARNING	32	/* from here on */

/* NULL if there is no such rule. */
const char *rule_name(u8 rule);
/* One line on what it forbids. */
const char *rule_text(u8 rule);
/* "commit", "unpublished", "waives loop". */
const char *mark_text(u8 kind, u8 arg, char *text, size_t len);

#endif /* ESTP_TOOL_RULES_H */
