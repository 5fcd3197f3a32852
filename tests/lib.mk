# SPDX-License-Identifier: MIT
#
# Tests of libestp on the host: the scripts of tests/lib/, which build what they look at
# themselves, in build/tests/lib/, with every compiler and linker that is there.

UNIT_TESTS += tests/lib/wrong_pages tests/lib/objects/matrix tests/lib/odd/places

# Some of its programs meet the kernel as well: tests/guest/lib/odd_places.sh.
lib_odd := $(patsubst %,build/tests/lib/odd/%/prog,gcc_O0 gcc_O3_unrolled gcc_lto)
GUEST_FILES += $(lib_odd)

$(lib_odd): build/tests/lib/odd/%/prog: tests/lib/odd/places $(wildcard tests/lib/odd/*.*) $(LIB_HEADERS)
	tests/lib/odd/places $* >&2

UNIT_TESTS += build/tests/lib/register_once

build/tests/lib/register_once: tests/lib/register_once.c tests/unit/tap.h $(LIB_HEADERS)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Werror -Ilib/include -o $@ $<

# estp/jit.h, with the sanitizers that the unit tests of core/ have.
lib_test_dir := build/tests/lib
lib_jit := lib/jit.c lib/jit_finish.c lib/jit_judge.c core/parse.c core/rule.c core/sort.c

UNIT_TESTS += $(lib_test_dir)/jit

$(lib_test_dir)/jit: tests/lib/jit.c $(lib_jit) tests/unit/tap.h $(LIB_HEADERS) $(wildcard lib/*.h core/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -Wno-missing-field-initializers \
		-fsanitize=address,undefined -fno-sanitize-recover=all -Ilib/include -Ilib -Icore \
		-o $@ tests/lib/jit.c $(lib_jit)
