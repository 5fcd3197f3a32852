# SPDX-License-Identifier: MIT
# The worked examples that are one program each: examples/NAME/ -> build/examples/NAME;
# those that have a folder for this architecture.

WORKED_ARCH := $(or $(ARCH),$(patsubst aarch64,arm64,$(shell uname -m)))
WORKED_OUT := $(OUT)examples
WORKED := $(foreach one,allocator-race cancellation conditional-load reservation safebox,\
	$(if $(wildcard examples/$(one)/$(WORKED_ARCH)),$(one)))

WORKED_CFLAGS := -std=gnu11 -O2 -g -D_GNU_SOURCE -Wall -Wextra -Werror -Wstrict-prototypes \
	-Wmissing-prototypes -pthread -Ilib/include -Iexamples/$(WORKED_ARCH) $(PROTECTION_$(WORKED_ARCH))

GUEST_FILES += $(WORKED:%=$(WORKED_OUT)/%)

define worked_example
$(WORKED_OUT)/$(1): $(patsubst examples/%,$(WORKED_OUT)/obj/%.o,\
	$(wildcard examples/$(1)/*.c examples/$(1)/$(WORKED_ARCH)/*.[cS]))
	$(CROSS)gcc -pthread -o $$@ $$^
endef
$(foreach one,$(WORKED),$(eval $(call worked_example,$(one))))

ifeq ($(WORKED_ARCH),arm64)
# safebox/arm64/signal.S has x18 to itself.
$(WORKED_OUT)/obj/safebox/%: WORKED_CFLAGS += -ffixed-x18
endif

# On arm64 also with the atomics of ARMv8.1, which the compiler does not count on by itself.
ifeq ($(WORKED_ARCH),arm64)
GUEST_FILES += $(WORKED_OUT)/allocator-race-lse
$(WORKED_OUT)/allocator-race-lse: examples/allocator-race/race.c $(wildcard examples/allocator-race/*.h \
		examples/allocator-race/arm64/*.h examples/*.h) $(LIB_HEADERS)
	@mkdir -p $(@D)
	$(CROSS)gcc $(WORKED_CFLAGS) -march=armv8.1-a -Iexamples/allocator-race/arm64 -o $@ $<
endif

$(WORKED_OUT)/obj/%.o: examples/%
	@mkdir -p $(@D)
	$(CROSS)gcc $(WORKED_CFLAGS) -I$(dir $<) -I$(dir $<)$(WORKED_ARCH) -MMD -MP -c -o $@ $<

-include $(wildcard $(foreach one,$(WORKED),$(WORKED_OUT)/obj/$(one)/*.d $(WORKED_OUT)/obj/$(one)/*/*.d))
