# SPDX-License-Identifier: MIT
BENCH := bench/cost
BENCH_FILES := build/bench/cost

build/bench/cost: bench/cost.c bench/x86_64/cost_arch.h include/uapi/estp.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -static -Ibench/x86_64 -o $@ bench/cost.c

