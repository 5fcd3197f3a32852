/* SPDX-License-Identifier: MIT */
#ifndef GRANULE_H
#define GRANULE_H

/* Within so many bytes, aligned, memory can be accessed as a whole or not at all: they have one tag (MTE). */
#define GRANULE 16ul

#endif
