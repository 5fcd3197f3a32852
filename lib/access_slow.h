/* SPDX-License-Identifier: MIT */
/*
 * The slow way of each function of estp/access.h: system calls instead of sequences.
 * The fast way goes here as long as the sequences are not registered.
 */
#ifndef ACCESS_SLOW_H
#define ACCESS_SLOW_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

int estp_slow_load(const void *address, void *value, size_t len);
int estp_slow_store(void *address, uint64_t value, size_t len);
size_t estp_slow_copy(void *to, const void *from, size_t len);
ssize_t estp_slow_strnlen(const char *string, size_t max);
int estp_slow_readable(const void *address, size_t len);
int estp_slow_writable(void *address, size_t len);

#endif
