# SPDX-License-Identifier: MIT
#
# libestp, static and shared.  Its sources: lib/*.c, lib/<isa>/*.[cS], and core/, which it
# validates pages with that are made at run time.
#
#   LIBESTP      build/lib/libestp.a (aarch64: build/aarch64/lib/libestp.a)
#   LIBESTP_SO   build/lib/libestp.so.1, and libestp.so beside it

LIB_CC ?= $(CROSS)gcc
LIB_AR ?= $(CROSS)ar
# What the compiler makes, whatever the cell: on a machine of another kind than the default
# cell's, its own. Before it is installed, its name or the machine's tells.
LIB_ARCH ?= $(patsubst aarch64,arm64,$(firstword $(subst -, ,\
	$(shell $(LIB_CC) -dumpmachine 2>/dev/null || echo $(CROSS) $$(uname -m)))))
LIB_OUT ?= $(OUT)lib
# With landing pads and signed return addresses, as distributions build theirs; examples, tests
# and benchmarks likewise.
PROTECTION_arm64 := -mbranch-protection=standard
LIB_CFLAGS := -std=gnu11 -O2 -g -fPIC -fvisibility=hidden -ffunction-sections -D_GNU_SOURCE \
	-Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wno-missing-field-initializers \
	-Ilib/include -Ilib -Ilib/$(LIB_ARCH) -Iinclude -Icore $(PROTECTION_$(LIB_ARCH))

LIBESTP := $(LIB_OUT)/libestp.a
LIBESTP_SO := $(LIB_OUT)/libestp.so.1
LIB_HEADERS := $(wildcard lib/include/estp/*.h lib/include/estp/*/*.h)
lib_objects := $(patsubst %,$(LIB_OUT)/%.o,$(wildcard lib/*.c lib/$(LIB_ARCH)/*.[cS]) \
	core/parse.c core/rule.c core/sort.c)

.PHONY: lib
lib: $(LIBESTP) $(LIBESTP_SO)

$(LIB_OUT)/%.c.o: %.c lib/lib.mk
	@mkdir -p $(@D)
	$(LIB_CC) $(LIB_CFLAGS) -MMD -MP -c -o $@ $<

$(LIB_OUT)/%.S.o: %.S lib/lib.mk
	@mkdir -p $(@D)
	$(LIB_CC) $(LIB_CFLAGS) -MMD -MP -c -o $@ $<

$(LIBESTP): $(lib_objects)
	rm -f $@
	$(LIB_AR) rcs $@ $^

# Never unmapped: the kernel writes CPU numbers into its TLS.
$(LIBESTP_SO): $(lib_objects) lib/libestp.map
	$(LIB_CC) -shared -pthread -Wl,-soname,$(@F) -Wl,-z,nodelete -Wl,--version-script,lib/libestp.map -Wl,-z,defs \
		-o $@ $(lib_objects)
	ln -sf $(@F) $(LIB_OUT)/libestp.so

# What a program needs to be built and read about. abi.h is a link here, a file there.
LIB_VERSION := $(shell sed -n 's/^.define ESTP_LIB_M[AI][JN]OR[[:space:]]*//p' lib/include/estp/version.h | paste -sd.)
lib_to = $(DESTDIR)$(PREFIX)
# Where gdb looks for what belongs to a library, whatever prefix that has.
GDB_AUTO_LOAD ?= /usr/share/gdb/auto-load

.PHONY: install-lib
install-lib: lib
	install -d $(lib_to)/lib/pkgconfig
	cd lib/include && find estp -name '*.h' -exec install -D -m 644 {} $(abspath $(lib_to))/include/{} \;
	install -m 644 $(LIBESTP) $(lib_to)/lib/libestp.a
	install -m 755 $(LIBESTP_SO) $(lib_to)/lib/$(notdir $(LIBESTP_SO))
	ln -sf $(notdir $(LIBESTP_SO)) $(lib_to)/lib/libestp.so
	sed 's,@PREFIX@,$(PREFIX),; s,@VERSION@,$(LIB_VERSION),' lib/estp.pc.in >$(lib_to)/lib/pkgconfig/estp.pc
	cd lib/gdb && find . -name '*.py' -exec install -D -m 644 {} $(abspath $(lib_to))/share/estp/gdb/{} \;
	install -d $(DESTDIR)$(GDB_AUTO_LOAD)$(PREFIX)/lib
	sed 's,@PREFIX@,$(PREFIX),' lib/gdb/auto-load.py.in \
		>$(DESTDIR)$(GDB_AUTO_LOAD)$(PREFIX)/lib/$(notdir $(LIBESTP_SO))-gdb.py
	for page in man/*.[1-8]; do \
		install -D -m 644 $$page $(lib_to)/share/man/man$${page##*.}/$${page##*/} || exit; done

-include $(lib_objects:.o=.d)
