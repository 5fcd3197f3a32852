/* SPDX-License-Identifier: MIT */
/* Plain access in a unit of its own, so that it is called. */
#ifndef ACCESS_H
#define ACCESS_H

#include <stddef.h>
#include <stdint.h>

/* The same as estp_load64() without the fault. */
int plain_load64(const void *address, uint64_t *value);

#endif
