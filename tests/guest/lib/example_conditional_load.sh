# SPDX-License-Identifier: MIT
# FLT-1, FLT-2, OBL-6, OBL-11, LIB-1: the worked example of a conditional load.
#
# The program reports in TAP; it runs itself registered and as its twin.
#
# vm: --file build/examples/conditional-load --timeout 300
exec build/examples/conditional-load
