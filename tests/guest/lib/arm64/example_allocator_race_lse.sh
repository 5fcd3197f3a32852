# SPDX-License-Identifier: MIT
# FEN-1, FEN-2, FLT-1, LIB-1: the worked example of a racing double free, whose commit is LDSET.
#
# The program reports in TAP; it runs itself registered and as its twin.
#
# vm: --file build/examples/allocator-race-lse --timeout 300
exec build/examples/allocator-race-lse
