# SPDX-License-Identifier: MIT
# Faults in kernel mode: a module that measures, made by bench/kernel/run itself.
BENCH += bench/kernel/run
