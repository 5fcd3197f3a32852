# SPDX-License-Identifier: MIT
#
# Thin on purpose: every target is a line or two of what could be typed by hand.
# What there is to build stands beside its sources, in lib/*.mk, examples/*.mk,
# tool/*.mk, tests/*.mk and bench/*.mk; each adds to these variables and holds the rules:
#
#   DEMO            the program of `make demo`, DEMO_FILES what it packs besides,
#                   DEMO_OPTIONS how its guest is to be (options of vm/run)
#   UNIT_TESTS      programs of the host that print TAP
#   GUEST_TESTS     programs and scripts of tests/guest/, see tests/run-guest
#   GUEST_FILES     what those pack besides themselves
#   DEBUG_TESTS     further ones, for kernels made to find bugs; DEBUG_FILES theirs
#   BENCH           the command of `make bench`, BENCH_FILES what it needs built
#
# All that is built lands in build/. FLAVOUR chooses the kernel: vm/kernels/.

export FLAVOUR ?= cloud-amd64
# One guest at a time: its two virtual CPUs are then as parallel as the machine is.
JOBS ?= 1
PREFIX ?= /usr/local
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' module/dkms.conf)
DKMS_DIR = $(DESTDIR)/usr/src/estp-$(VERSION)

.PHONY: help module demo check check-debug check-debug-one fuzz-guest bench install clean distclean
.DELETE_ON_ERROR:

help: ## this text
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

-include $(wildcard lib/*.mk examples/*.mk tool/*.mk tests/*.mk bench/*.mk)

module: ## estp.ko for a stock kernel, in build/module/ [FLAVOUR=cloud-amd64]
	@vm/packages build
	@vm/build-module

demo: ## a stock kernel in a VM honours exceptional sequences, beside twins that go wrong
	@echo "demo: looking for the packages it needs"
	@vm/packages demo
	@echo "demo: building estp.ko and the demo"
	@vm/build-module
	@$(MAKE) --no-print-directory -s $(DEMO) $(DEMO_FILES)
	@vm/fetch 6.12 $(FLAVOUR)
	@echo "demo: starting a guest with a stock $$(cat build/kernel/6.12-$(FLAVOUR)/image) kernel"
	@for try in 1 2 3; do vm/run $(DEMO_OPTIONS) $(addprefix --file ,$(DEMO_FILES)) -- $(DEMO); \
		status=$$?; [ $$status = 123 ] || exit $$status; echo "demo: once more"; done; exit $$status

check: ## all tests, each clause of SPEC.md among them [JOBS=1]
	@test -n "$(UNIT_TESTS)" && test -n "$(GUEST_TESTS)" || { echo "check: there are no tests" >&2; exit 1; }
	@echo "check: looking for the packages it needs"
	@vm/packages check
	@echo "check: building estp.ko and the tests"
	@vm/build-module
	@$(MAKE) --no-print-directory -s $(UNIT_TESTS) $(GUEST_TESTS) $(GUEST_FILES)
	@echo "check: running the tests"
	@prove --timer -j $(JOBS) --exec tests/run tests/module_builds tests/hooks_matter $(UNIT_TESTS) $(GUEST_TESTS)

check-debug: ## the guest tests on kernels made to find bugs: KASAN, lockdep ..., then KCSAN [hours]
	@vm/packages check kernel
	@$(MAKE) --no-print-directory check-debug-one FLAVOUR=debug
	@$(MAKE) --no-print-directory check-debug-one FLAVOUR=kcsan

check-debug-one: # one of them, by FLAVOUR
	@echo "check-debug: making the $(FLAVOUR) kernel, estp.ko and the tests"
	@vm/build-kernel 6.12 $(FLAVOUR)
	@vm/build-module
	@$(MAKE) --no-print-directory -s $(GUEST_TESTS) $(GUEST_FILES) $(DEBUG_TESTS) $(DEBUG_FILES)
	@echo "check-debug: running the tests on the $(FLAVOUR) kernel"
	@GUEST_OPTIONS="--timeout 1200 --mem 1536 --env TEST_SLOW=8" \
		prove --timer -j $(JOBS) --exec tests/run tests/debug_finds_planted $(DEBUG_TESTS) $(GUEST_TESTS)

FUZZ_SEED ?= 1
FUZZ_SECONDS ?= 600
fuzz-guest: ## hostile processes, for long [FUZZ_SEED=1 FUZZ_SECONDS=600]
	@vm/packages check
	@$(MAKE) --no-print-directory -s build/tests/guest/hostile_processes
	@GUEST_ONCE=1 GUEST_OPTIONS="--timeout $$(($(FUZZ_SECONDS) * 4 + 300)) \
		--env FUZZ_SEED=$(FUZZ_SEED) --env FUZZ_SECONDS=$(FUZZ_SECONDS)" \
		tests/run-guest build/tests/guest/hostile_processes

bench: ## what it costs, in counted guest instructions
	@vm/packages bench
	@vm/build-module
	@$(MAKE) --no-print-directory -s $(BENCH_FILES)
	@$(BENCH)

install: ## sources for DKMS and the header [DESTDIR=, PREFIX=/usr/local]
	find module core include -type f -exec install -D -m 644 {} $(DKMS_DIR)/{} \;
	mv $(DKMS_DIR)/module/dkms.conf $(DKMS_DIR)/dkms.conf
	install -D -m 644 include/uapi/estp.h $(DESTDIR)$(PREFIX)/include/estp.h

clean: ## remove what was built, keep the downloaded kernels
	mkdir -p build && find build -mindepth 1 -maxdepth 1 ! -name cache ! -name kernel -exec rm -rf {} +

distclean: ## remove everything that was built or downloaded
	rm -rf build
