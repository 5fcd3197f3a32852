/* SPDX-License-Identifier: GPL-2.0-only */
#ifdef CONFIG_X86_64
#include "x86_64/own_page.h"
#else
#include "arm64/own_page.h"
#endif

	probe_page own
	probe_page twin
