# SPDX-License-Identifier: MIT
# The worked examples of per-CPU data: examples/percpu/NAME.c -> build/examples/percpu/NAME.

PERCPU_OUT := $(OUT)examples/percpu
PERCPU_EXAMPLES := $(patsubst examples/percpu/%.c,$(PERCPU_OUT)/%,$(wildcard examples/percpu/*.c))

GUEST_FILES += $(PERCPU_EXAMPLES)

$(PERCPU_EXAMPLES): $(PERCPU_OUT)/%: examples/percpu/%.c examples/percpu/storm.h examples/tap.h \
	$(LIBESTP) $(LIB_HEADERS) examples/percpu.mk
	@mkdir -p $(@D)
	$(CROSS)gcc -std=gnu11 -O2 -g -D_GNU_SOURCE -Wall -Wextra -Werror -Wstrict-prototypes $(PROTECTION_$(ARCH)) \
		-Wmissing-prototypes -pthread -Ilib/include -o $@ $< $(LIBESTP)
