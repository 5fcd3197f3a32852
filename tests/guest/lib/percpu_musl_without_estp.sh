#!/bin/sh
# SPDX-License-Identifier: MIT
# The same program where there is no ESTP: it gets no token, and the error says why.
# vm: --file build/tests/guest/lib/musl/percpu --no-module
exec build/tests/guest/lib/musl/percpu without
