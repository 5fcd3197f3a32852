// SPDX-License-Identifier: MIT
/* libdemo_loaded.so: a library for dlopen(). */
#include "loaded.h"
#include "register.h"

unsigned long tally_add(void *tallies, const volatile uint32_t *cpu, const uint64_t *amount)
	__attribute__((visibility("hidden")));

extern const struct loaded loaded;
const struct loaded loaded = {
	.registered = register_result,
	.add = tally_add,
};
