# SPDX-License-Identifier: MIT
# The kernel's own selftests, without estp.ko and with it: tests/coexist_selftests.
#
#   SELFTESTS_FILES   what it needs built

SELFTESTS_FILES := $(GUEST_OUT)/selftests/bystander

$(SELFTESTS_FILES): $(GUEST_OUT)/selftests/bystander.c.o $(GUEST_HARNESS)
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_LDFLAGS) -o $@ $^

$(GUEST_OUT)/selftests/%.c.o: tests/selftests/%.c $(GUEST_HEADERS)
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) -c -o $@ $<
