/* SPDX-License-Identifier: MIT */
/*
 * B: what a client lets the server read of its memory, and whether it still does.
 * It lies in memory that both share; the client revokes by changing the state and then
 * taking the memory back, without waiting for anybody.
 */
#ifndef GRANT_H
#define GRANT_H

enum state {
	PERMITS,
	LAPSED,		/* what is gone reads as 0: let the server finish */
	REVOKED,	/* the server is to stop */
};

struct grant {
	volatile int state;
	int memory;	/* a file in memory, which the server has mapped: A */
};

enum loaded { LOADED, REVOKED_MEANWHILE };

#endif /* GRANT_H */
