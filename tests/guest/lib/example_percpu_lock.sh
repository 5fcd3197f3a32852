# SPDX-License-Identifier: MIT
# CPU-5, CPU-7: the worked example lock.
#
# The program reports in TAP; it runs itself registered and as its twin.
#
# vm: --file build/examples/percpu/lock --timeout 150
exec build/examples/percpu/lock
