/* SPDX-License-Identifier: MIT */
/*
 * The guest as a machine: estp.ko coming and going, files of /proc and /sys.
 *
 * The module's file is there in tests with "vm: --no-load", which load it themselves.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "harness.h"

#define MODULE_FILE "/vm/estp.ko"

/* Load a module's file, with parameters "a=1 b=2": 0 or a negative errno. */
int load_file(const char *path, const char *args);
int load_fd(int fd, const char *args);
#define module_load(args) load_file(MODULE_FILE, args)
/* One attempt at unloading: 0 or a negative errno. */
int unload_name(const char *name);
#define module_unload() unload_name("estp")
/* Attempts until it is gone; its teardown may be under way. */
bool module_unload_soon(void);
bool module_loaded(void);
/* References to the module: one for each task that it covers, each open device. */
long module_users(void);

/* A whole file as a string, in static memory; "" where there is none. */
const char *read_file(const char *path);
long read_number(const char *path);
/* How often a text is in it. */
unsigned int times_in(const char *path, const char *text);
/* Writes a whole text, as a shell's > does, in place of what was there: 0 or a negative errno. */
int write_file(const char *path, const char *text);

/*
 * Kernel memory, in bytes, that is charged to a memory cgroup: slab and vmalloc.  What
 * the kernel frees late, in batches, it is made to free before.
 */
long memory_charged(const char *group);
/* A memory cgroup, made if need be; the caller moves into it unless @join is false. */
void memory_group(const char *group, bool join);

#endif
