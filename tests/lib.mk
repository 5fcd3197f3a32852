# SPDX-License-Identifier: MIT
#
# Tests of libestp on the host: the scripts of tests/lib/, which build what they look at
# themselves, in build/tests/lib/, with every compiler and linker that is there.

UNIT_TESTS += tests/lib/install tests/lib/man_examples tests/lib/wrong_pages tests/lib/responses tests/lib/objects/matrix tests/lib/odd/places

# Some of its programs meet the kernel as well: tests/guest/lib/odd_places.sh.
lib_odd := $(patsubst %,$(OUT)tests/lib/odd/%/prog,gcc_O0 gcc_O3_unrolled gcc_lto)
GUEST_FILES += $(lib_odd)

$(lib_odd): $(OUT)tests/lib/odd/%/prog: tests/lib/odd/places $(wildcard tests/lib/odd/*.*) $(LIB_HEADERS)
	tests/lib/odd/places $* >&2

lib_played := build/tests/lib/register_once build/tests/lib/answers_anything
UNIT_TESTS += $(lib_played)

$(lib_played): build/%: %.c tests/unit/tap.h $(LIB_HEADERS)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Werror -Ilib/include -o $@ $<

# estp/jit.h, with the sanitizers that the unit tests of core/ have.
lib_test_dir := build/tests/lib
lib_jit := lib/jit.c lib/jit_finish.c lib/jit_judge.c core/parse.c core/rule.c core/sort.c

UNIT_TESTS += $(lib_test_dir)/jit $(lib_test_dir)/jit_insn_arm64 tests/lib/objects/cross

$(lib_test_dir)/jit_insn_arm64: tests/lib/jit_insn_arm64.c lib/arm64/jit_insn.h tests/unit/tap.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Werror -o $@ $<

$(lib_test_dir)/jit: tests/lib/jit.c $(lib_jit) tests/unit/tap.h $(LIB_HEADERS) $(wildcard lib/*.h core/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -Wno-missing-field-initializers \
		-fsanitize=address,undefined -fno-sanitize-recover=all -Ilib/include -Ilib -Ilib/$(LIB_ARCH) -Icore \
		-o $@ tests/lib/jit.c $(lib_jit)

# The objects of the registration tests in the guest: tests/guest/lib/objects/.
lib_guest := $(OUT)tests/lib/guest
lib_guest_src := tests/guest/lib/objects
lib_guest_flags := -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -Wno-missing-field-initializers \
	-Ilib/include -I$(lib_guest_src) -Itests/lib/$(ARCH)
lib_guest_files := $(addprefix $(lib_guest)/,gcc/program clang/program musl/program \
	static-pie/program static-musl/program require/program)
lib_guest_page := tests/lib/objects/$(ARCH)/page.S

GUEST_FILES += $(lib_guest_files)
DEBUG_FILES += $(lib_guest_files)

$(lib_guest_files): $(wildcard $(lib_guest_src)/*) $(lib_guest_page) $(LIB_HEADERS) tests/lib.mk

# lib_guest_dynamic COMPILER, OPTIONS: libone.so, which the program is linked with, libtwo.so
# and the program.
define lib_guest_dynamic
	@mkdir -p $(@D)
	$(1) -shared -fPIC $(lib_guest_flags) -DOBJECT=one -DLOOKS_BACK -Wl,-soname,libone.so \
		-o $(@D)/libone.so $(lib_guest_src)/object.c $(lib_guest_page)
	$(1) -shared -fPIC $(lib_guest_flags) -DOBJECT=two -Wl,-soname,libtwo.so \
		-o $(@D)/libtwo.so $(lib_guest_src)/object.c $(lib_guest_page)
	$(1) -pie -fPIE $(lib_guest_flags) -DOBJECT=program -DLIBRARIES -rdynamic -pthread -o $@ \
		$(lib_guest_src)/object.c $(lib_guest_src)/program.c $(lib_guest_page) \
		$(@D)/libone.so -Wl,-rpath,'$$ORIGIN'
endef

$(lib_guest)/gcc/program:
	$(call lib_guest_dynamic,$(CROSS)gcc)

$(lib_guest)/clang/program:
	$(call lib_guest_dynamic,clang $(CROSS:%-=--target=%) -flto -fuse-ld=lld -Wl$(comma)--gc-sections)

$(lib_guest)/musl/program:
	$(call lib_guest_dynamic,$(MUSL_CC) -Wl$(comma)-z$(comma)now)

$(lib_guest)/static-pie/program:
	@mkdir -p $(@D)
	$(CROSS)gcc -static-pie -fPIE $(lib_guest_flags) -DOBJECT=program -pthread -o $@ \
		$(lib_guest_src)/object.c $(lib_guest_src)/program.c $(lib_guest_page)

$(lib_guest)/static-musl/program:
	@mkdir -p $(@D)
	$(MUSL_CC) -static -no-pie -fno-pie $(lib_guest_flags) -DOBJECT=program -o $@ \
		$(lib_guest_src)/object.c $(lib_guest_src)/program.c $(lib_guest_page)

$(lib_guest)/require/program:
	@mkdir -p $(@D)
	$(CROSS)gcc $(lib_guest_flags) -DOBJECT=program -DREQUIRE -pthread -o $@ \
		$(lib_guest_src)/object.c $(lib_guest_src)/program.c $(lib_guest_page)

# The manual's examples, for the guest.
GUEST_FILES += $(OUT)tests/lib/man/examples.tar

$(OUT)tests/lib/man/examples.tar: $(wildcard man/*) $(LIBESTP) $(LIB_HEADERS) tests/lib/man_examples
	tests/lib/man_examples --tar
