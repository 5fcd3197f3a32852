# SPDX-License-Identifier: MIT
# Guest tests that share a guest: tests/batches, tests/run-batch.
#
#   make smoke SMOKE_TESTS='NAME...'    a few in one guest, see tests/matrix

GUEST_RUNNER := $(GUEST_OUT:%/guest=%/batch)/runner
GUEST_BATCHES = $(shell tests/batches $(GUEST_OUT:%/guest=%/batch/of) $(GUEST_TESTS))$(batches_made)
# make itself goes on with what such a script has printed until it died.
batches_made = $(if $(filter 0,$(.SHELLSTATUS)),,$(error tests/batches failed))

$(GUEST_RUNNER): tests/batch/runner.c
	@mkdir -p $(@D)
	$(GUEST_CC) -O2 -Wall -Wextra -Werror -static -o $@ $<

SMOKE_PROGRAMS := $(addprefix $(GUEST_OUT)/,$(SMOKE_TESTS))

# Cells run at the same time: what they share is built before, by smoke-programs.
SMOKE := $(GUEST_RUNNER:%/runner=%/smoke)-$(CELL)-$(CPUS)

.PHONY: smoke smoke-programs
smoke-programs: $(GUEST_RUNNER) $(SMOKE_PROGRAMS)
	@vm/packages vm
smoke: smoke-programs
	@tests/guest/modules/build pages
	@printf '%s\n' $(SMOKE_PROGRAMS) >$(SMOKE)
	@tests/run-batch $(SMOKE)
