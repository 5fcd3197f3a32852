# SPDX-License-Identifier: MIT
# The guest tests: one static program a file.
#
#   GUEST_TESTS   the programs, in build/tests/guest/ (aarch64: build/aarch64/tests/guest/),
#                 made by `make guest-tests`,
#                 and the scripts
#
# A test is tests/guest/NAME.c, or tests/guest/<isa>/NAME.c where it is about
# that architecture alone; or a script tests/guest/NAME.sh. All are found by
# their being there.  Those of tests/guest/lib/, and of a folder <isa> there, are about
# libestp and link it.

GUEST_ARCH := $(ARCH)
GUEST_CC ?= $(CROSS)gcc
GUEST_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror \
	-Wno-unused-parameter -Wno-missing-field-initializers \
	-pthread -fno-pie -fno-omit-frame-pointer $(PROTECTION_$(GUEST_ARCH)) \
	-Iinclude -Ilib/include -Itests/guest/harness -Itests/guest/$(GUEST_ARCH)/harness
GUEST_LDFLAGS := -static -no-pie -pthread

# What is compiled for another machine than this one lies apart.
GUEST_OUT := build/$(CROSS:%-linux-gnu-=%/)tests/guest
GUEST_HEADERS := include/uapi/estp.h $(wildcard tests/guest/*.h tests/guest/debug/*.h tests/guest/lib/*.h tests/guest/harness/*.h) \
	$(wildcard tests/guest/$(GUEST_ARCH)/harness/*.h)
GUEST_HARNESS := $(patsubst tests/guest/%,$(GUEST_OUT)/%.o,\
	$(wildcard tests/guest/harness/*.c) \
	$(wildcard tests/guest/$(GUEST_ARCH)/harness/*.[cS]))
GUEST_TESTS += $(patsubst tests/guest/%.c,$(GUEST_OUT)/%,\
	$(wildcard tests/guest/*.c) $(wildcard tests/guest/$(GUEST_ARCH)/*.c) \
	$(wildcard tests/guest/lib/*.c tests/guest/lib/$(GUEST_ARCH)/*.c)) \
	$(wildcard tests/guest/*.sh tests/guest/$(GUEST_ARCH)/*.sh) \
	$(wildcard tests/guest/lib/*.sh tests/guest/lib/$(GUEST_ARCH)/*.sh)
# Those that need a kernel made for debugging: `make check-debug`.
DEBUG_TESTS += $(patsubst tests/guest/%.c,$(GUEST_OUT)/%,$(wildcard tests/guest/debug/*.c))

.PHONY: guest-tests guest-syntax
guest-tests: $(GUEST_TESTS)

# That they compile, where nobody runs them.
guest-syntax:
	@$(GUEST_CC) $(GUEST_CFLAGS) -fsyntax-only \
		$(patsubst $(GUEST_OUT)/%,tests/guest/%.c,$(filter $(GUEST_OUT)/%,$(GUEST_TESTS) $(DEBUG_TESTS)))

$(GUEST_OUT)/lib/%.c.o: $(LIB_HEADERS)

$(GUEST_OUT)/%.c.o: tests/guest/%.c $(GUEST_HEADERS) tests/guest.mk
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) -c -o $@ $<

$(GUEST_OUT)/%.S.o: tests/guest/%.S $(GUEST_HEADERS) tests/guest.mk
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) -c -o $@ $<

# One is a variant of another.
$(GUEST_OUT)/x86_64/counters_exact_under_stress_ng.c.o: tests/guest/counters_exact_under_load.c

define guest_test
$(GUEST_OUT)/$(1): $(GUEST_OUT)/$(1).c.o $(GUEST_HARNESS) \
	$(if $(filter lib/%,$(1)),$(LIBESTP))
	$(GUEST_CC) $(GUEST_LDFLAGS) -o $$@ $$^
endef
$(foreach test,$(patsubst $(GUEST_OUT)/%,%,$(filter $(GUEST_OUT)/%,$(GUEST_TESTS) $(DEBUG_TESTS))),$(eval $(call guest_test,$(test))))

# The 32-bit program of compat_programs_notice_nothing: GCC makes such code without more, as long as it wants no library.
ifeq ($(GUEST_ARCH),x86_64)
compat_program := build/tests/guest/x86_64/compat/program
GUEST_FILES += $(compat_program)
DEBUG_FILES += $(compat_program)
$(GUEST_OUT)/x86_64/compat_programs_notice_nothing.c.o: tests/guest/x86_64/compat/report.h

$(compat_program): tests/guest/x86_64/compat/program.c tests/guest/x86_64/compat/report.h tests/guest.mk
	@mkdir -p $(@D)
	$(CROSS)gcc -m32 -std=gnu11 -O2 -Wall -Wextra -Werror -ffreestanding -fno-pic -fno-stack-protector \
		-fcf-protection=none -nostdlib -static -no-pie -Wl,-e,start -Wl,--build-id=none -o $@ $<
endif
