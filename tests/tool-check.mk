# SPDX-License-Identifier: MIT
# Tests of estp dump and estp check: scripts of tests/tool/ that print TAP.
#
#   make fuzz-tool FUZZ_SECONDS=3600    longer than `make check` does

fuzz_object := build/tests/tool/fuzz_object
fuzz_sources := tests/tool/fuzz_object.c $(filter-out tool/estp.c,$(wildcard tool/*.c)) $(tool_core)

UNIT_TESTS += tests/tool/dump tests/tool/watch tests/tool/check tests/tool/check_corpus tests/tool/fuzz build/tests/tool/insn_agrees
GUEST_FILES += $(TOOL) $(LIBESTP) $(LIBESTP_SO) $(DEMO) $(fuzz_object) build/tests/tool/live_subject build/tests/tool/watch_subject

$(fuzz_object): $(fuzz_sources) $(wildcard tool/*.h) $(LIBESTP_SO) tests/tool-check.mk
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
		-o $@ $(fuzz_sources) $(TOOL_LIBS)

build/tests/tool/insn_agrees: tests/tool/insn_agrees.c tests/tool/insn_list.S \
$(filter-out build/tool/tool/estp.o,$(tool_objects))
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -o $@ $^ $(TOOL_LIBS)

build/tests/tool/live_subject build/tests/tool/watch_subject: build/%: %.c $(LIB_HEADERS)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -pthread -Ilib/include -Iinclude/uapi -o $@ $<

.PHONY: fuzz-tool
fuzz-tool: $(fuzz_object)
	tests/tool/fuzz $(FUZZ_SECONDS)
