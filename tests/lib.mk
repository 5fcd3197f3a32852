# SPDX-License-Identifier: MIT
#
# Tests of libestp on the host: the scripts of tests/lib/, which build what they look at
# themselves, in build/tests/lib/, with every compiler and linker that is there.

UNIT_TESTS += tests/lib/wrong_pages tests/lib/objects/matrix

# estp/jit.h, with the sanitizers that the unit tests of core/ have.
lib_test_dir := build/tests/lib
lib_jit := lib/jit.c lib/jit_finish.c lib/jit_judge.c core/parse.c core/rule.c core/sort.c

UNIT_TESTS += $(lib_test_dir)/jit

$(lib_test_dir)/jit: tests/lib/jit.c $(lib_jit) tests/unit/tap.h $(LIB_HEADERS) $(wildcard lib/*.h core/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -Wno-missing-field-initializers \
		-fsanitize=address,undefined -fno-sanitize-recover=all -Ilib/include -Ilib -Icore \
		-o $@ tests/lib/jit.c $(lib_jit)
