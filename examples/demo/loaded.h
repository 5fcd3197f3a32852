/* SPDX-License-Identifier: MIT */
/* libdemo_loaded.so: what dlopen'ers find in it with dlsym(). */
#ifndef LOADED_H
#define LOADED_H

#include <stdint.h>

struct loaded {
	/* The errno that registering the library's page ended with, or 0. */
	int (*registered)(void);
	/*
	 * Add *@amount to this CPU's 64-byte slot. Return: how often that was begun; 0 if
	 * @amount is unreadable. See tally.S.
	 */
	unsigned long (*add)(void *tallies, const volatile uint32_t *cpu, const uint64_t *amount);
};

#define LOADED_SYMBOL	"loaded"	/* a const struct loaded */

#endif /* LOADED_H */
