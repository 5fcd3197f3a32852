/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What set.c and step.c share; the host needs none of it. */
#ifndef ESTP_SET_H
#define ESTP_SET_H

#include "core.h"

/* Does a slot count among the set's code_pages? */
bool estp_slot_is_code(unsigned long slot);

/* Change a slot that is in use, in the index and in the one being filled. */
void estp_set_change(struct estp_set *set, u64 key, unsigned long value);

/* The same, of a page that goes on with other tags: @value instead of @slot. */
void estp_set_retag(struct estp_set *set, unsigned long slot, unsigned long value);

/* After the fact: who kept an answer under the number of before asks again. */
static inline void estp_set_changed(struct estp_set *set)
{
	estp_publish(&set->changes, set->changes + 1);
}

#endif /* ESTP_SET_H */
