/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KRNCOST_H
#define KRNCOST_H

#define MANY		10000
#define ENTRY_LEN	8	/* bytes of an access with an entry of the exception table */

#ifndef __ASSEMBLER__
extern char many_pages[], many_entries[];
extern const char own_page[];
long own_load(const void *from);
#endif

#endif
