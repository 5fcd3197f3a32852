# SPDX-License-Identifier: MIT
# Guest programs that are static with musl: tests/guest/lib/musl/, and libestp for them.

MUSL_CC ?= vm/musl-gcc
MUSL_OUT := $(OUT)tests/guest/lib/musl
musl_sources := lib/percpu_memory.c lib/percpu_number.c

GUEST_FILES += $(MUSL_OUT)/percpu

$(MUSL_OUT)/%: tests/guest/lib/musl/%.c $(musl_sources) $(LIB_HEADERS) tests/guest-musl.mk
	@mkdir -p $(@D)
	$(MUSL_CC) -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -static -pthread \
		-Ilib/include -Ilib/$(ARCH) -o $@ $< $(musl_sources)
