/* SPDX-License-Identifier: MIT */
/*
 * estp/access_inline.h - loads and stores that may fail, inline
 *
 * The same as those of estp/access.h, without the call: each use is a sequence of the
 * object that uses it, registered by estp/object.h.  Until that is done, and where there
 * is no ESTP, they call the library's.  Context, result and errors are the same.
 *
 *	int estp_load64_inline(const void *address, uint64_t *value);	32, 16, 8
 *	int estp_store64_inline(void *address, uint64_t value);		32, 16, 8
 *
 * Each use costs a load and a branch more than the plain access (is this object
 * registered?), and 24 bytes in the file.
 */
#ifndef ESTP_ACCESS_INLINE_H
#define ESTP_ACCESS_INLINE_H

#include <estp/access.h>
#include <estp/sequence.h>

#include ESTP_ISA_ACCESS_H_

#endif /* ESTP_ACCESS_INLINE_H */
