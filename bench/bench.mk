# SPDX-License-Identifier: MIT
#
# Programs of guests, for each architecture; host.mk has those for the host's own CPU.
BENCH += bench/events bench/growth bench/restart
BENCH_GUEST := events growth restart
BENCH_OUT := build$(if $(filter x86_64,$(ARCH)),,/$(ARCH))/bench
BENCH_FILES += $(BENCH_GUEST:%=$(BENCH_OUT)/%)

BENCH_SHARED := bench/guest/measure.c bench/$(ARCH)/code.S
EVENTS_SOURCES := $(addprefix bench/guest/,events.c switches.c signals.c life.c) $(BENCH_SHARED)
BENCH_CC = $(CROSS)gcc -std=gnu11 -O2 -Wall -Wextra -Werror -static -pthread \
	$(PROTECTION_$(ARCH)) -Ibench/$(ARCH)

$(BENCH_OUT)/events: $(EVENTS_SOURCES) bench/guest/measure.h bench/$(ARCH)/bench_arch.h include/uapi/estp.h
	@mkdir -p $(@D)
	$(BENCH_CC) -o $@ $(EVENTS_SOURCES)

$(BENCH_OUT)/growth $(BENCH_OUT)/restart: $(BENCH_OUT)/%: bench/guest/%.c $(BENCH_SHARED) bench/guest/measure.h \
bench/$(ARCH)/bench_arch.h include/uapi/estp.h
	@mkdir -p $(@D)
	$(BENCH_CC) -o $@ $< $(BENCH_SHARED)
