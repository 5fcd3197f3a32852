# SPDX-License-Identifier: MIT
# Tests of the tool: scripts of tests/tool/ that print TAP.

fuzz_object := build/tests/tool/fuzz_object
fuzz_seeds := build/tests/tool/seeds
fuzz_sources := tests/tool/fuzz_object.c $(filter-out tool/estp.c,$(wildcard tool/*.c)) $(tool_core)

UNIT_TESTS += tests/tool/dump tests/tool/watch tests/tool/check tests/tool/check_corpus tests/tool/check_objects tests/tool/fuzz \
	tests/tool/run tests/tool/run_hands_over tests/tool/run_terminal tests/tool/run_kernels tests/tool/run_installed \
	build/tests/tool/insn_agrees tests/tool/insn_agrees_arm64 \
	build/tests/tool/world_zombie build/tests/tool/process_memory build/tests/tool/live_pages build/tests/tool/foreign_files \
	build/tests/tool/trace_status build/tests/tool/ps_unanswered
tool_subjects := $(OUT)tests/tool/live_subject $(OUT)tests/tool/watch_subject
GUEST_FILES += $(TOOL) $(GUEST_TOOL) $(LIBESTP) $(LIBESTP_SO) $(DEMO) $(fuzz_object) $(tool_subjects)

$(fuzz_object): $(fuzz_sources) $(wildcard tool/*.h) tests/tool-check.mk | $(fuzz_seeds)
	@mkdir -p $(@D)
	clang $(TOOL_CFLAGS) -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $@ $(fuzz_sources) $(TOOL_LIBS)

# The corpus: each broken sequence as an object and as a library, of arm64, too, where that can
# be made (make check and make fuzz-tool see to it); archive, image, libestp.
$(fuzz_seeds): $(wildcard tests/tool/corpus/* tests/tool/corpus/arm64/*) $(LIBESTP_SO) tests/tool-check.mk
	rm -rf $@ && mkdir -p $@
	for one in $(patsubst tests/tool/corpus/%.S,%,$(wildcard tests/tool/corpus/*.S)); do \
		$(CC) -g -Ilib/include -c -o $@/$$one.o tests/tool/corpus/$$one.S && \
		$(LD) -shared -o $@/$$one.so $@/$$one.o || exit; done
	! command -v aarch64-linux-gnu-gcc >/dev/null || \
	for one in $(patsubst tests/tool/corpus/arm64/%.S,%,$(wildcard tests/tool/corpus/arm64/*.S)); do \
		aarch64-linux-gnu-gcc -g -Ilib/include -c -o $@/arm64-$$one.o tests/tool/corpus/arm64/$$one.S && \
		aarch64-linux-gnu-ld -shared -o $@/arm64-$$one.so $@/arm64-$$one.o || exit; done
	ar rcs $@/both.a $@/length.o $@/store-vector.o
	objcopy -O binary -j estp_text $@/leak-between.so $@/image
	cp $(LIBESTP_SO) $@/

build/tests/tool/insn_agrees: tests/tool/insn_agrees.c tests/tool/insn_list.S \
$(filter-out build/tool/tool/estp.o,$(tool_objects))
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -o $@ $^ $(TOOL_LIBS)

build/tests/tool/world_zombie: tests/tool/world_zombie.c tool/world.c $(wildcard tool/*.h) tests/unit/tap.h \
tests/tool-check.mk
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all -o $@ $(filter %.c,$^)

build/tests/tool/process_memory: tests/tool/process_memory.c tool/process.c $(wildcard tool/*.h) tests/unit/tap.h \
tests/tool-check.mk
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -pthread -o $@ $(filter %.c,$^)

build/tests/tool/live_pages: tests/tool/live_pages.c $(filter-out build/tool/tool/estp.o,$(tool_objects)) \
$(wildcard tool/*.h) tests/unit/tap.h tests/tool-check.mk
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -Wl,--wrap=sysconf,--wrap=process_open,--wrap=device_open,--wrap=device_list \
		-o $@ $(filter %.c %.o,$^) $(TOOL_LIBS)

build/tests/tool/foreign_files: tests/tool/foreign_files.c $(filter-out build/tool/tool/estp.o,$(tool_objects)) \
$(wildcard tool/*.h) tests/unit/tap.h tests/tool-check.mk
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -o $@ $(filter %.c %.o,$^) $(TOOL_LIBS)

build/tests/tool/trace_status: tests/tool/trace_status.c $(filter-out build/tool/tool/estp.o,$(tool_objects)) \
$(wildcard tool/*.h) tests/unit/tap.h tests/tool-check.mk
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -Wl,--wrap=session_open,--wrap=session_close,--wrap=session_start,--wrap=session_stop \
		-Wl,--wrap=session_fd,--wrap=session_read,--wrap=session_waiting,--wrap=session_take,--wrap=session_lost \
		-o $@ $(filter %.c %.o,$^) $(TOOL_LIBS)

build/tests/tool/ps_unanswered: tests/tool/ps_unanswered.c $(filter-out build/tool/tool/estp.o,$(tool_objects)) \
$(wildcard tool/*.h) tests/unit/tap.h tests/tool-check.mk
	@mkdir -p $(@D)
	$(CC) $(TOOL_CFLAGS) -Wl,--wrap=opendir,--wrap=process_open,--wrap=device_open,--wrap=device_stats,--wrap=device_list \
		-o $@ $(filter %.c %.o,$^) $(TOOL_LIBS)

# The decoder for arm64, alone, with addresses that stay: for the guest of its script.
insn_arm64 := tests/tool/insn_agrees_arm64.c tests/tool/insn_list_arm64.S tool/insn.c $(wildcard tool/insn_arm64*.c)

build/aarch64/tests/tool/insn_agrees_arm64: $(insn_arm64) $(wildcard tool/*.h) tests/tool-check.mk
	@mkdir -p $(@D)
	aarch64-linux-gnu-gcc $(TOOL_CFLAGS) -fno-pie -no-pie -static -o $@ $(insn_arm64)

$(tool_subjects): $(OUT)%: %.c $(LIB_HEADERS) tests/tool/subject.h tests/tool/$(ARCH)/subject_code.h
	@mkdir -p $(@D)
	$(CROSS)gcc -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -pthread $(if $(CROSS),-static) -Ilib/include -Iinclude/uapi -o $@ $<

# What estp check is to find clean, whatever else has been built: tests/tool/check asks for it
# with ARCH=arm64.
.PHONY: tool-checked
tool-checked: $(LIBESTP) $(LIBESTP_SO) $(DEMO) $(DEMO_FILES) $(WORKED:%=$(WORKED_OUT)/%) $(PERCPU_EXAMPLES) \
	$(GUEST_OUT)/lib/percpu_storm
ifeq ($(ARCH),arm64)
tool-checked: $(WORKED_OUT)/allocator-race-lse $(GUEST_OUT)/lib/arm64/sequences_under_bti
endif
