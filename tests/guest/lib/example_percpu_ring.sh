# SPDX-License-Identifier: MIT
# CPU-5, CPU-7: the worked example ring.
#
# The program reports in TAP; it runs itself registered and as its twin.
#
# vm: --file build/examples/percpu/ring --timeout 150
exec build/examples/percpu/ring
