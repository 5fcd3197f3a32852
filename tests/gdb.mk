# SPDX-License-Identifier: MIT
# gdb's script, tested: with a libestp that is installed, as gdb finds it.

gdb_test := build/tests/gdb
gdb_prefix := $(abspath $(gdb_test))/prefix

UNIT_TESTS += tests/gdb/static tests/gdb/elsewhere
# The guest runs the host's gdb.
GUEST_FILES += $(if $(filter x86_64,$(ARCH)),$(gdb_test)/dumped)

$(gdb_test)/dumped: $(gdb_test)/subject $(TOOL)
	$(TOOL) dump --tabs $< $(gdb_prefix)/lib/libestp.so.1 >$@

$(gdb_test)/subject: tests/gdb/subject.c tests/gdb/page.S $(wildcard lib/gdb/*.* lib/gdb/*/*) $(LIBESTP_SO) $(LIBESTP) \
	$(LIB_HEADERS) tests/gdb.mk
	rm -rf $(gdb_prefix)
	+$(MAKE) --no-print-directory -s install-lib DESTDIR= PREFIX=$(gdb_prefix) GDB_AUTO_LOAD=$(gdb_prefix)/share/gdb/auto-load
	$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Werror -pthread -I$(gdb_prefix)/include -o $@ \
		tests/gdb/subject.c tests/gdb/page.S -L$(gdb_prefix)/lib -lestp -Wl,-rpath,$(gdb_prefix)/lib
