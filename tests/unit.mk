# SPDX-License-Identifier: MIT
#
# Tests of core/ on the host: each .c file of tests/unit/ is one, but for the helpers,
# which all of them link.  Everything is built with the address and the undefined
# behaviour sanitizer, tests with threads with the thread sanitizer.

unit_dir := build/tests/unit
unit_helpers := host model registrar inspect
unit_threads := concurrent_lookup
unit_names := $(filter-out $(unit_helpers) uapi_one,$(basename $(notdir $(wildcard tests/unit/*.c))))

UNIT_TESTS += $(unit_names:%=$(unit_dir)/%)

unit_cflags := -std=gnu11 -O1 -g -Wall -Wextra -Werror -MMD -MP
unit_asan := -fsanitize=address,undefined -fno-sanitize-recover=all
unit_tsan := -fsanitize=thread -pthread

unit_shared := $(unit_helpers:%=tests/unit/%.c) $(wildcard core/*.c)
unit_asan_o := $(unit_shared:%.c=$(unit_dir)/asan/%.o)
unit_tsan_o := $(unit_shared:%.c=$(unit_dir)/tsan/%.o)

.SECONDARY: $(unit_asan_o) $(unit_tsan_o)

$(unit_dir)/asan/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(unit_cflags) $(unit_asan) -c -o $@ $<

$(unit_dir)/tsan/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(unit_cflags) $(unit_tsan) -c -o $@ $<

$(unit_threads:%=$(unit_dir)/%): $(unit_dir)/%: $(unit_dir)/tsan/tests/unit/%.o $(unit_tsan_o)
	$(CC) $(unit_tsan) -o $@ $^

$(filter-out $(unit_threads:%=$(unit_dir)/%) $(unit_dir)/uapi_values,$(unit_names:%=$(unit_dir)/%)): \
$(unit_dir)/%: $(unit_dir)/asan/tests/unit/%.o $(unit_asan_o)
	$(CC) $(unit_asan) -o $@ $^

# The header as each compiler and language see it; those that are there.
uapi_gcc_c99 := gcc -x c -std=c99
uapi_gcc_c11 := gcc -x c -std=c11
uapi_gcc_cxx98 := g++ -x c++ -std=c++98 -Wno-long-long
uapi_gcc_cxx17 := g++ -x c++ -std=c++17
uapi_clang_c99 := clang -x c -std=c99
uapi_clang_c11 := clang -x c -std=c11
uapi_clang_cxx98 := clang++ -x c++ -std=c++98 -Wno-c++11-long-long
uapi_clang_cxx17 := clang++ -x c++ -std=c++17
uapi_all := gcc_c99 gcc_c11 gcc_cxx98 gcc_cxx17 clang_c99 clang_c11 clang_cxx98 clang_cxx17
uapi_here := $(foreach one,$(uapi_all),$(if $(shell command -v $(firstword $(uapi_$(one)))),$(one)))

$(uapi_here:%=$(unit_dir)/uapi/%.o): $(unit_dir)/uapi/%.o: tests/unit/uapi_one.c
	@mkdir -p $(@D)
	$(uapi_$*) -pedantic -Wall -Wextra -Werror -MMD -MP -DUAPI_SUFFIX=$* -c -o $@ $<

$(unit_dir)/uapi_values: $(unit_dir)/asan/tests/unit/uapi_values.o $(uapi_here:%=$(unit_dir)/uapi/%.o)
	$(CC) $(unit_asan) -o $@ $^

# core/ under libFuzzer, by clang: tests/fuzz_core. A page is
# allocated as long as its entries need, which may be less than the struct's padded size.
unit_fuzz := build/tests/fuzz
FUZZERS := $(unit_fuzz)/fuzz_parse $(unit_fuzz)/set_history $(unit_dir)/fuzz_parse

$(unit_fuzz)/fuzz_parse $(unit_fuzz)/set_history: $(unit_fuzz)/%: tests/unit/%.c $(unit_shared) \
$(wildcard tests/unit/*.h core/*.h include/uapi/*.h) tests/unit.mk
	@mkdir -p $(@D)
	clang -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-bitwise-instead-of-logical -DESTP_FUZZER \
		-fsanitize=fuzzer,address,undefined -fno-sanitize=object-size -fno-sanitize-recover=all -o $@ $(filter %.c,$^)

-include $(shell find $(unit_dir) -name '*.d' 2>/dev/null)
