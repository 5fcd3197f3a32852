# SPDX-License-Identifier: MIT
# The demo: a program, a library that it is linked with, one that it opens.

DEMO_ARCH := $(ARCH)
DEMO_CC := $(CROSS)gcc
DEMO_SRC := examples/demo
# What is compiled for another machine than this one lies apart.
DEMO_OUT := build/$(CROSS:%-linux-gnu-=%/)examples

DEMO := $(DEMO_OUT)/demo
DEMO_FILES := $(DEMO_OUT)/libdemo_linked.so $(DEMO_OUT)/libdemo_loaded.so
# A fence takes two CPUs, whatever the cell has.
DEMO_OPTIONS := $(if $(filter 1,$(CPUS)),--cpus 2) --timeout 90

DEMO_CFLAGS := -std=gnu11 -O2 -g -fPIC -D_GNU_SOURCE -Wall -Wextra -Werror -Wstrict-prototypes \
	-Wmissing-prototypes -pthread -Iinclude/uapi -I$(DEMO_SRC) -I$(DEMO_SRC)/$(DEMO_ARCH) $(PROTECTION_$(DEMO_ARCH))

DEMO_PROGRAM := demo half register storm percpu preemption signals interrupt fault modularity \
	fence $(DEMO_ARCH)/percpu $(DEMO_ARCH)/gate $(DEMO_ARCH)/probe $(DEMO_ARCH)/spin \
	$(DEMO_ARCH)/entry $(DEMO_ARCH)/jit
DEMO_LINKED := linked register $(DEMO_ARCH)/list
DEMO_LOADED := loaded register $(DEMO_ARCH)/tally

demo_objects = $(patsubst %,$(DEMO_OUT)/obj/%.o,$(1))

$(DEMO): $(call demo_objects,$(DEMO_PROGRAM)) $(DEMO_FILES)
	$(DEMO_CC) -pthread -o $@ $(call demo_objects,$(DEMO_PROGRAM)) -L$(DEMO_OUT) -ldemo_linked -Wl,-rpath,'$$ORIGIN'

$(DEMO_OUT)/libdemo_linked.so: $(call demo_objects,$(DEMO_LINKED))
	$(DEMO_CC) -shared -Wl,-soname,$(@F) -o $@ $^

$(DEMO_OUT)/libdemo_loaded.so: $(call demo_objects,$(DEMO_LOADED))
	$(DEMO_CC) -shared -Wl,-soname,$(@F) -o $@ $^

$(DEMO_OUT)/obj/%.o: $(DEMO_SRC)/%.c
	@mkdir -p $(@D)
	$(DEMO_CC) $(DEMO_CFLAGS) -MMD -MP -c -o $@ $<

$(DEMO_OUT)/obj/%.o: $(DEMO_SRC)/%.S
	@mkdir -p $(@D)
	$(DEMO_CC) $(DEMO_CFLAGS) -MMD -MP -c -o $@ $<

-include $(wildcard $(DEMO_OUT)/obj/*.d $(DEMO_OUT)/obj/*/*.d)
