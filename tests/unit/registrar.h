/* SPDX-License-Identifier: MIT */
/*
 * Registration as the module does it, without a kernel: plan all pages that a request
 * touches, make room, then publish; nothing can fail from the first change on.
 *
 * The rules that keep readers and other pages right, in one place:
 *
 *   - every page of a span and of a response has an object in the set; its birth stays
 *     as long as the address does, its stamp is the generation of its content
 *   - entries that have ended are dropped whenever their page is built anew, and with
 *     a wide one its token, which no other page lists any more after that
 *   - a wide entry that is replaced hands its token on: it has the same span, and a
 *     reader that still holds the old page must not find its token gone
 *   - tokens are put before the pages that name them
 */
#ifndef ESTP_TEST_REGISTRAR_H
#define ESTP_TEST_REGISTRAR_H

#include "../../core/core.h"

struct registrar {
	struct estp_set set;
	u32 step;		/* slots to look at between two chances to unlock */
	u64 slots_moved;
	u64 mult;		/* of the last index that was drawn anew; odd */
	/* If set: called where the module would unlock while it moves the set. */
	void (*unlocked)(struct registrar *r, void *arg);
	void *arg;
};

void registrar_start(struct registrar *r, u32 page_size);
void registrar_stop(struct registrar *r);
void registrar_fork(struct registrar *child, const struct registrar *parent);

/* Register sequences; false, and nothing has changed, if a page would get too many. */
bool registrar_add_page(struct registrar *r, u64 addr, const struct estp_sequence *seq, u32 nr);
bool registrar_add_table(struct registrar *r, const struct estp_sequence *seq, u32 nr);

bool registrar_unregister(struct registrar *r, u64 start, u64 end);
void registrar_unmap(struct registrar *r, u64 start, u64 end);
/* What the module does a moment after either. */
void registrar_sweep(struct registrar *r);

/* An event. */
bool registrar_event(const struct registrar *r, u64 pc, u8 selector, u8 cause,
		     struct estp_match *match);

/*
 * The sequences in force, each once, wide ones too; as many as there are, at most room
 * of them stored.
 */
u32 registrar_list(const struct registrar *r, struct estp_sequence *out, u32 room);

/* Do the set's counters agree with what is in its index? */
bool registrar_sane(const struct registrar *r);

/* Bytes of the set with its index, as the kernel's allocator rounds. */
u64 registrar_bytes(const struct registrar *r);

#endif /* ESTP_TEST_REGISTRAR_H */
