# SPDX-License-Identifier: MIT
#
# Questions asked of the host's own CPU: what runs without being interrupted, and needs no
# module. Their sequences are for x86_64 only.
ifeq ($(ARCH),x86_64)
HOST_BENCH := percpu length access
HOST_BENCH_FLAGS := -std=gnu11 -O2 -falign-functions=64 -falign-loops=64
HOST_BENCH_CC = $(CC) $(HOST_BENCH_FLAGS) -DBENCH_FLAGS='"$(HOST_BENCH_FLAGS)"' \
	-Wall -Wextra -Werror -Wno-missing-field-initializers -Ilib/include -pthread

BENCH += $(HOST_BENCH:%=bench/%)
BENCH_FILES += $(HOST_BENCH:%=build/bench/%)

build/bench/percpu: bench/host/percpu_page.S
build/bench/length: bench/host/length_page.S
build/bench/access: bench/host/access_plain.c

$(HOST_BENCH:%=build/bench/%): build/bench/%: bench/host/%.c bench/host/turns.c $(wildcard bench/host/*.h) \
		$(LIBESTP) $(LIB_HEADERS) bench/host.mk
	@mkdir -p $(@D)
	$(HOST_BENCH_CC) -o $@ $(filter %.c %.S %.a,$^)

# That they measure and become a report, not what.
UNIT_TESTS += tests/bench_reports
tests/bench_reports: $(HOST_BENCH:%=build/bench/%) $(TOOL)
endif
