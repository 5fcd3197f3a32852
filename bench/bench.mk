# SPDX-License-Identifier: MIT
BENCH := bench/cost
BENCH_FILES := build/bench/cost

build/bench/cost: bench/cost.c bench/x86_64/cost_arch.h include/uapi/estp.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -static -Ibench/x86_64 -o $@ bench/cost.c

# Fault-tolerant access, on the host's own CPU.
BENCH_FILES += build/bench/access
BENCH += && build/bench/access

build/bench/access: bench/access.c bench/access_plain.c $(LIBESTP) $(LIB_HEADERS)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -falign-functions=32 -falign-loops=32 -Wall -Wextra -Werror -Wno-missing-field-initializers \
		-Ilib/include -o $@ $(filter %.c %.a,$^)

# Per-CPU operations, likewise.
BENCH_FILES += build/bench/percpu
BENCH += && build/bench/percpu

build/bench/percpu: bench/percpu.c $(LIBESTP) $(LIB_HEADERS)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -falign-functions=64 -falign-loops=64 -Wall -Wextra -Werror \
		-Wno-missing-field-initializers -Ilib/include -o $@ $(filter %.c %.a,$^)
