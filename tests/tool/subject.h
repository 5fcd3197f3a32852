/* SPDX-License-Identifier: MIT */
/*
 * The instructions of live_subject.c's and watch_subject.c's sequences, as text:
 *
 *   LOAD(to, from)	a register := what a memory operand holds; AT(register): one
 *   RELAX		in a loop that waits
 *   SPIN_ONCE		"entered" := "one", and then for ever
 *   SPIN		for ever
 *   COUNT		"n" := 1000 and down to 0, then "tally" + 1, by one store at the end ("t": scratch)
 *   ADD, STORE		"old" + "n", and to "counter"
 *   JUMP(to)
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#if defined(__x86_64__)
#include "x86_64/subject_code.h"
#elif defined(__aarch64__)
#include "arm64/subject_code.h"
#else
#error "tests/tool/ISA/subject_code.h has to say how"
#endif

#endif
