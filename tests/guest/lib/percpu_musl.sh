#!/bin/sh
# SPDX-License-Identifier: MIT
# Per-CPU operations in a static program with musl: tests/guest/lib/musl/percpu.c
# vm: --file build/tests/guest/lib/musl/percpu --timeout 240
exec build/tests/guest/lib/musl/percpu
