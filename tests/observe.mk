# SPDX-License-Identifier: MIT
# What doc/observing.md shows: tools that follow the tracepoints.

GUEST_FILES += $(if $(filter x86_64,$(ARCH)),build/tests/observe/work $(TOOL))

build/tests/observe/work: tests/observe/work.c $(LIB_HEADERS) tests/observe.mk
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g -D_GNU_SOURCE -Wall -Wextra -Werror -pthread -no-pie -fno-pie -Ilib/include -o $@ $<
