# SPDX-License-Identifier: MIT
# INT-1, INT-3, INT-4, INT-5, LIB-1: the worked example of a cancellation point.
#
# The program reports in TAP; it runs itself registered and as its twin.
#
# vm: --file build/examples/cancellation --timeout 300
exec build/examples/cancellation
