# SPDX-License-Identifier: MIT
# jit-checks: an expression compiler whose checks are faults.

JIT_CHECKS := $(OUT)examples/jit-checks
jit_checks_arch := $(or $(ARCH),$(patsubst aarch64,arm64,$(shell uname -m)))
jit_checks_src := $(wildcard examples/jit-checks/*.c examples/jit-checks/$(jit_checks_arch)/*.c)

$(JIT_CHECKS): $(jit_checks_src) examples/jit-checks/expr.h $(LIBESTP) $(LIB_HEADERS)
	@mkdir -p $(@D)
	$(CROSS)gcc -std=gnu11 -O2 -g -D_GNU_SOURCE -Wall -Wextra -Werror -Ilib/include $(PROTECTION_$(ARCH)) -o $@ \
		$(jit_checks_src) $(LIBESTP)

GUEST_FILES += $(JIT_CHECKS)
