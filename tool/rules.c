// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "rules.h"

static const struct {
	const char *name, *text;
} rule[RULE_NR] = {
	[ESTP_RULE_REFUSED] = { "refused", "the kernel would refuse it" },
	[ESTP_RULE_CUT] = { "cut", "a span starts or ends inside an instruction" },
	[ESTP_RULE_UNKNOWN] = { "unknown", "an instruction that cannot be judged" },
	[ESTP_RULE_SYSCALL] = { "syscall",
		"a system call, but as the last instruction of an INTERRUPT span" },
	[ESTP_RULE_INPUT] = { "input", "an input is overwritten before the commit" },
	[ESTP_RULE_STORE] = { "store",
		"a store before the commit, to memory not marked as unpublished" },
	[ESTP_RULE_REREAD] = { "reread", "a store before the commit that a restart would read" },
	[ESTP_RULE_MODIFY] = { "modify", "a read-modify-write that is not the commit" },
	[ESTP_RULE_COMMIT] = { "commit", "what is marked as the commit is not the last" },
	[ESTP_RULE_LENGTH] = { "length", "an INTERRUPT response's length is wrong" },
	[ESTP_RULE_MASKED] = { "masked", "an INTERRUPT response reads a register that is cleared" },
	[ESTP_RULE_OWN_SPAN] = { "own-span", "a response lies inside its own FAULT span" },
	[ESTP_RULE_LEAK] = { "leak",
		"a response lies outside of the INTERRUPT span that it must stay in" },
	[ESTP_RULE_ENTRY] = { "entry", "a jump into the middle of a span" },
	[ESTP_RULE_CALL] = { "call", "a call in a span" },
	[ESTP_RULE_INDIRECT] = { "indirect", "an indirect jump or a return in a span" },
	[ESTP_RULE_LOOP] = { "loop", "a loop in a span that restarts" },
	[ESTP_RULE_LONG] = { "long", "a span that restarts has very many instructions" },
	[ESTP_RULE_HALF_DONE] = { "half-done", "a PREEMPTION response finds the work half done" },
	[ESTP_RULE_UNMASKED] = { "unmasked",
		"a register live at the start of an INTERRUPT span is not cleared" },
};

const char *rule_name(u8 number)
{
	return number < RULE_NR ? rule[number].name : NULL;
}

const char *rule_text(u8 number)
{
	return number < RULE_NR ? rule[number].text : NULL;
}

const char *mark_text(u8 kind, u8 arg, char *text, size_t len)
{
	if (kind == ESTP_MARK_COMMIT)
		snprintf(text, len, "commit");
	else if (kind == ESTP_MARK_UNPUBLISHED)
		snprintf(text, len, "unpublished");
	else if (kind == ESTP_MARK_WAIVE && rule_name(arg))
		snprintf(text, len, "waives %s", rule_name(arg));
	else if (kind == ESTP_MARK_WAIVE)
		snprintf(text, len, "waives rule %u, which is unknown", arg);
	else
		snprintf(text, len, "mark %u", kind);
	return text;
}
