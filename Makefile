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
#   DEBUG_BATCHES   what make check-debug runs, see tests/debug.mk; DEBUG_FILES theirs
#   BENCH           the commands of `make bench`, BENCH_FILES what they need built
#
# All that is built lands in build/.

# One cell of the matrix (tests/cells): a kernel, by its file in vm/kernels, CPUs and boot
# options. ARCH alone chooses the kernel that boots fastest. Naming any of these, one means
# this cell and no other.
ONE_CELL := $(KERNEL)$(FLAVOUR)$(ARCH)$(CPUS)$(BOOT)
CPUS ?= 2
BOOT ?=
export GUEST_DEFAULTS := --cpus $(CPUS) $(addprefix --append ,$(BOOT))
KERNEL ?= 6.12
FLAVOUR ?= $(if $(filter arm64,$(ARCH)),cloud-arm64,cloud-amd64)
export KERNEL FLAVOUR ARCH
CELL := $(KERNEL)-$(FLAVOUR)
ifeq ($(wildcard vm/kernels/$(CELL)),)
$(error no kernel $(CELL); vm/kernels has: $(notdir $(wildcard vm/kernels/*)))
endif
CELL_ARCH := $(shell sed -n 's/^ARCH=//p' vm/kernels/$(CELL))
ifneq ($(or $(ARCH),$(CELL_ARCH)),$(CELL_ARCH))
$(error kernel $(CELL) is $(CELL_ARCH), not $(ARCH))
endif
ARCH := $(CELL_ARCH)
export CROSS := $(shell bash -c ". vm/arch/$(ARCH) && echo \$$CROSS")
# What is compiled for another machine than this one lies apart.
OUT := build/$(CROSS:%-linux-gnu-=%/)
# One guest test at a time: its two virtual CPUs are then mostly as parallel as the machine is. What is
# not of this cell alone runs beside them, at less priority (tests/run).
# Of that, what leaves nothing in build/ (at which tests/tool/check looks) comes behind the guests, whose lane is the shorter one.
LATE_TESTS = tests/tool/check_corpus $(filter build/tests/unit/%,$(UNIT_TESTS))
HOST_TESTS = tests/clauses tests/module_builds tests/refused_kernels $(filter-out $(LATE_TESTS),$(UNIT_TESTS)) \
	tests/cost_stays tests/fuzz_core tests/other_cells
# Of check-debug's guests: how many at a time.
JOBS ?= 1
comma := ,
empty :=
space := $(empty) $(empty)
PREFIX ?= /usr/local
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' module/dkms.conf)
DKMS_DIR = $(DESTDIR)/usr/src/estp-$(VERSION)

.PHONY: help module demo check all-programs check-matrix check-debug check-debug-one check-selftests fuzz-guest fuzz-core fuzz-tool bench bench-report bench-expect install clean distclean
.DELETE_ON_ERROR:
# No built-in rule: a script NAME beside a newer NAME.S would be overwritten by a program.
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:

help: ## this text
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

-include $(wildcard lib/*.mk examples/*.mk tool/*.mk tests/*.mk bench/*.mk)

module: ## estp.ko for a stock kernel, in build/module/ [KERNEL=6.12 FLAVOUR=cloud-amd64]
	@vm/packages build
	@vm/build-module

demo: ## a stock kernel in a VM honours exceptional sequences, beside twins that go wrong
	@echo "demo: looking for the packages it needs"
	@vm/packages demo
	@echo "demo: building estp.ko and the demo"
	@vm/build-module
	@$(MAKE) --no-print-directory -s $(DEMO) $(DEMO_FILES)
	@vm/fetch $(KERNEL) $(FLAVOUR)
	@echo "demo: starting a guest with a stock $$(cat build/kernel/$(CELL)/image) kernel"
	@for try in 1 2 3; do vm/run $(GUEST_DEFAULTS) $(DEMO_OPTIONS) $(addprefix --file ,$(DEMO_FILES)) -- $(DEMO); \
		status=$$?; [ $$status = 123 ] || exit $$status; echo "demo: once more"; done; exit $$status

# The kernel is fetched whole, headers and image, before tests of both lanes want it.
check: ## all tests [KERNEL=6.12 FLAVOUR=cloud-amd64 ARCH=x86_64 CPUS=2 BOOT=]
	@test -n "$(UNIT_TESTS)" && test -n "$(GUEST_TESTS)" || { echo "check: there are no tests" >&2; exit 1; }
	@echo "check: looking for the packages it needs"
	@vm/packages check
	@$(if $(ONE_CELL),,ARCH=arm64 FLAVOUR=cloud-arm64 vm/packages check)
	@echo "check: building estp.ko and the tests"
	@vm/fetch $(KERNEL) $(FLAVOUR)
	@vm/build-module
	@$(MAKE) --no-print-directory -s -j$(shell nproc) $(if $(ONE_CELL),,$(UNIT_TESTS) $(FUZZERS)) $(GUEST_TESTS) $(GUEST_RUNNER) $(GUEST_FILES)
	@echo "check: running the tests"
	@prove --timer -j 2 --rules 'seq={$(subst $(space),$(comma),$(strip $(HOST_TESTS)))}' --rules 'seq=**' \
		--exec tests/run $(if $(ONE_CELL),,$(HOST_TESTS)) tests/hooks_matter $(GUEST_BATCHES) \
		$(if $(ONE_CELL),,$(LATE_TESTS)) 3>&2

# Whatever is compiled for guests and benchmarks, but modules: each of these wants its kernel.
# Of the tests only that they do compile.
all-programs: guest-syntax $(filter-out %.ko,$(GUEST_FILES)) $(BENCH_FILES)

check-matrix: ## the same on every kernel that there is, and a table of them [CELLS=6.1]
	@CELLS='$(CELLS)' tests/matrix

DEBUG_FLAVOURS := $(if $(filter arm64,$(ARCH)),arm64-debug,debug kcsan)
check-debug: ## the guest tests on kernels made to find bugs: KASAN, lockdep ..., then KCSAN [ARCH=arm64: the former]
	@vm/packages check kernel
	@status=0; for flavour in $(DEBUG_FLAVOURS); do \
		$(MAKE) --no-print-directory check-debug-one FLAVOUR=$$flavour || status=1; done; exit $$status

check-debug-one: # one of them, by FLAVOUR
	@echo "check-debug: making the $(FLAVOUR) kernel, estp.ko and the tests"
	@vm/build-kernel 6.12 $(FLAVOUR)
	@vm/build-module
	@$(MAKE) --no-print-directory -s $(DEBUG_FILES)
	@echo "check-debug: running the tests on the $(FLAVOUR) kernel"
	@$(if $(filter debug,$(FLAVOUR)),rm -rf build/coverage)
	@status=0; \
		GUEST_OPTIONS="--timeout 3600 --mem 1536 --env TEST_SLOW=8 $(if $(filter debug,$(FLAVOUR)),--coverage build/coverage)" \
		prove --timer -j $(JOBS) --exec tests/run tests/debug_finds_planted $(DEBUG_BATCHES) 3>&2 || status=1; \
		$(if $(filter debug,$(FLAVOUR)),tests/coverage || status=1;) exit $$status

check-selftests: ## the kernel's own selftests, without estp.ko and with it
	@vm/packages check
	@vm/build-module
	@$(MAKE) --no-print-directory -s $(SELFTESTS_FILES)
	@tests/coexist_selftests all

fuzz-core: ## libFuzzer on core/, for long [FUZZ_SEED=1 FUZZ_SECONDS=600]
	@vm/packages check
	@$(MAKE) --no-print-directory -s $(FUZZERS)
	@FUZZ_SEED=$(FUZZ_SEED) FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz_core

FUZZ_SEED ?= 1
FUZZ_SECONDS ?= 600
BUILT_KERNEL := $(shell sed -n 's/^SOURCE=//p' vm/kernels/$(CELL))
fuzz-guest: ## hostile processes, for long [FUZZ_SEED=1 FUZZ_SECONDS=600 FLAVOUR=debug ...]
	@vm/packages check $(if $(BUILT_KERNEL),kernel)
	@$(if $(BUILT_KERNEL),vm/build-kernel $(KERNEL) $(FLAVOUR),vm/fetch $(KERNEL) $(FLAVOUR))
	@vm/build-module
	@$(MAKE) --no-print-directory -s $(GUEST_OUT)/hostile_processes
	@GUEST_ONCE=1 GUEST_OPTIONS="--timeout $$(($(FUZZ_SECONDS) * 4 + 300)) $(if $(BUILT_KERNEL),--mem 1536 --env TEST_SLOW=8) \
		--env FUZZ_SEED=$(FUZZ_SEED) --env FUZZ_SECONDS=$(FUZZ_SECONDS)" \
		tests/run-guest $(GUEST_OUT)/hostile_processes

fuzz-tool: ## mutated ELF files for estp dump and check, for long; goes on where it was [FUZZ_SECONDS=600]
	@vm/packages tool check
	@ARCH=arm64 FLAVOUR=cloud-arm64 vm/packages check
	@$(MAKE) --no-print-directory -s build/tests/tool/fuzz_object
	@tests/tool/fuzz $(FUZZ_SECONDS)

bench: ## what it costs, on this CPU and in counted guest instructions
	@vm/packages bench
	@vm/build-module
	@$(MAKE) --no-print-directory -s $(BENCH_FILES)
	@bench/run $(BENCH)

bench-report: ## doc/benchmarks.md of what make bench has found
	@vm/packages bench
	@bench/report build/bench doc

bench-expect: ## write anew what tests/cost_stays compares with
	@vm/packages check
	@tests/cost_stays --expect

install: install-lib install-tool ## libestp, estp, manual, sources for DKMS [DESTDIR=, PREFIX=/usr/local]
	find module core include lib/include/estp/page.h lib/include/estp/asm.h lib/include/estp/*/asm.h lib/include/estp/*/kernel_page.h \
		-type f -exec install -D -m 644 {} $(DKMS_DIR)/{} \;
	mv $(DKMS_DIR)/module/dkms.conf $(DKMS_DIR)/dkms.conf
	install -D -m 644 include/uapi/estp.h $(DESTDIR)$(PREFIX)/include/estp.h

clean: ## remove what was built, keep the downloaded kernels
	mkdir -p build && find build -mindepth 1 -maxdepth 1 ! -name cache ! -name kernel -exec rm -rf {} +

distclean: ## remove everything that was built or downloaded
	rm -rf build
