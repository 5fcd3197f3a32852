/* SPDX-License-Identifier: MIT */
/* A gate that works with secrets in registers: see <isa>/gate.S. */
#ifndef GATE_H
#define GATE_H

#include "arch.h"

/* Return: a sum over the general secrets, mixed @rounds times. */
uint64_t gate(const struct vault *vault, uint64_t rounds);

extern const char gate_start[] __attribute__((visibility("hidden")));
extern const char gate_end[] __attribute__((visibility("hidden")));
extern const char gate_response[] __attribute__((visibility("hidden")));

/* The handler to install; it calls signal_seen() with what the registers held. */
void signal_entry(int signal, siginfo_t *info, void *ucontext);
void signal_seen(int signal, siginfo_t *info, ucontext_t *uc, const struct live *live);

#endif /* GATE_H */
