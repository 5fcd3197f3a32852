# SPDX-License-Identifier: MIT
# OBL-1, PRE-8, FEN-2, FLT-1, LIB-1: the worked example of the allocator's race.
#
# The program reports in TAP; it runs itself registered and as its twin.
#
# vm: --file build/examples/allocator-race --timeout 300
exec build/examples/allocator-race
