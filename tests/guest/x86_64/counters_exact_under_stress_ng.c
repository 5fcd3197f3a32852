// SPDX-License-Identifier: MIT
/*
 * PRE-1, LIFE-1: counters_exact_under_load with a load that somebody else wrote. Where the
 * guest is of another architecture than the host there is no such program for it.
 *
 * vm: --file /usr/bin/stress-ng
 */
#define BY_STRESS_NG
#include "../counters_exact_under_load.c"
