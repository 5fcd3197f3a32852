/* SPDX-License-Identifier: MIT */
/* What each object of the registration tests, program or library, tells of itself. */
#ifndef OBJECT_H
#define OBJECT_H

struct exports {
	/* *p, or -1 where that faults: inline, and on a page. */
	long (*inline_probe)(const long *p);
	long (*page_probe)(const long *p);
	const char *page;
	/* estp_object_register(), estp_object_error(), estp_status() of this object. */
	int (*retry)(void);
	int (*error)(void);
	int (*status)(unsigned int *sequences, unsigned int *pages, unsigned int *features);
	/* What a constructor of default priority saw: the state, and both probes of NULL. */
	int early_error;
	long early_inline, early_page;
};

/* The program's, for a library's constructor that runs before the program's own. */
struct program_early {
	int before, registered;
	long probed;
};

#endif /* OBJECT_H */
