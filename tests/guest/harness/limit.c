// SPDX-License-Identifier: MIT
/*
 * How long a test may take, unless it says so itself.  A file of its own: where the
 * compiler sees a constant it uses its value, weak or not.
 */
#include "harness.h"

__attribute__((weak)) const unsigned int test_seconds = 30;
