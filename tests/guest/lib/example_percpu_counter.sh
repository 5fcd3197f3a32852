# SPDX-License-Identifier: MIT
# CPU-5, CPU-7: the worked example counter.
#
# The program reports in TAP; it runs itself registered and as its twin.
#
# vm: --file build/examples/percpu/counter --timeout 150
exec build/examples/percpu/counter
