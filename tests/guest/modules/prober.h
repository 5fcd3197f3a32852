/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROBER_H
#define PROBER_H

#include <linux/estp.h>

#include "krn.h"

/* prober_page.S */
extern const char own_page[];
int own_probe(const void *from);
int twin_probe(const void *from);
extern char own_start[], twin_start[], twin_end[], twin_response[];
void probed_insn(void);

/* prober_main.c */
extern struct krn_places places;

/* prober_call.c */
int deaths_begin(void);
void deaths_end(void);
/* Make the call, here and now. */
void do_call(struct krn_call *call);

/* prober_context.c */
int contexts_begin(void);
void contexts_end(void);
/* Make the call where it is to be made; its result, and if it was really made there. */
int call_in_context(struct krn_call *call);

/* prober_loops.c */
int loops_begin(void);
void loops_count(struct krn_loops *loops);
void loops_end(void);

#endif
