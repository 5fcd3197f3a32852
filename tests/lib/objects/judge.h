/* SPDX-License-Identifier: MIT */
/* What the program's own kernel keeps: kernel.c fills it, main.c judges it. */
#ifndef JUDGE_H
#define JUDGE_H

#include "core.h"
#include "kernel.h"

#define RECORD_MAX		64
#define REGISTRATION_MAX	16

struct registration {
	const void *page;		/* NULL: a table */
	unsigned int nr;
	struct estp_sequence seq[RECORD_MAX < 255 ? 255 : RECORD_MAX];
};

extern struct kernel {
	unsigned int asked, registrations, refused, unregistered;
	struct registration registration[REGISTRATION_MAX];
} kernel;

#endif /* JUDGE_H */
