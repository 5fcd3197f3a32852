# SPDX-License-Identifier: MIT
# FLT-1, FLT-2, OBL-6, OBL-11, LIB-1: the worked example of a load that tests a reservation.
#
# The program reports in TAP; it runs itself registered and as its twin.
#
# vm: --file build/examples/reservation --timeout 300
exec build/examples/reservation
