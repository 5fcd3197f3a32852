# SPDX-License-Identifier: MIT
#
# Questions asked of the host's own CPU: what runs without being interrupted, and needs no
# module. For arm64 they are asked in a guest, where instructions are counted.
HOST_BENCH := percpu length access
HOST_BENCH_FLAGS := -std=gnu11 -O2 -falign-functions=64 -falign-loops=64
# The loops choose between LL/SC and LSE, not a routine at run time.
HOST_BENCH_FLAGS_arm64 := -mno-outline-atomics $(PROTECTION_arm64)
HOST_BENCH_CC = $(if $(CROSS),$(CROSS)gcc,$(CC)) $(HOST_BENCH_FLAGS) $(HOST_BENCH_FLAGS_$(ARCH)) \
	-DBENCH_FLAGS='"$(strip $(HOST_BENCH_FLAGS) $(HOST_BENCH_FLAGS_$(ARCH)))"' \
	-Wall -Wextra -Werror -Wno-missing-field-initializers -Ilib/include -Ibench/host -Ibench/host/$(ARCH) -pthread \
	$(if $(CROSS),-static)

BENCH_FILES += $(HOST_BENCH:%=$(BENCH_OUT)/%)

$(BENCH_OUT)/percpu: bench/host/$(ARCH)/percpu_page.S
$(BENCH_OUT)/length: bench/host/$(ARCH)/length_page.S
$(BENCH_OUT)/access: bench/host/access_plain.c

$(HOST_BENCH:%=$(BENCH_OUT)/%): $(BENCH_OUT)/%: bench/host/%.c bench/host/turns.c \
		$(wildcard bench/host/*.h bench/host/$(ARCH)/*.h) $(LIBESTP) $(LIB_HEADERS) bench/host.mk
	@mkdir -p $(@D)
	$(HOST_BENCH_CC) -o $@ $(filter %.c %.S %.a,$^)

ifeq ($(ARCH),x86_64)
BENCH += $(HOST_BENCH:%=bench/%) bench/counted
# That they measure and become a report, not what.
UNIT_TESTS += tests/bench_reports
tests/bench_reports: $(HOST_BENCH:%=$(BENCH_OUT)/%) $(TOOL)
endif
