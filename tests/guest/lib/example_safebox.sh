# SPDX-License-Identifier: MIT
# INT-1, INT-7, INT-8, MASK-4, MASK-5, MASK-7, FLT-1, OBL-9: the worked example of the safebox.
#
# The program reports in TAP; it runs itself registered and as its twin.
#
# vm: --file build/examples/safebox --timeout 300
exec build/examples/safebox
