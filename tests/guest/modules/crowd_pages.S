/* SPDX-License-Identifier: GPL-2.0-only */
/* More pages than the least index has slots for. */
#ifdef CONFIG_X86_64
#include "x86_64/own_page.h"
#else
#include "arm64/own_page.h"
#endif

	.irp	nr, 0, 1, 2, 3, 4, 5, 6, 7
	probe_page crowd\nr
	.endr
