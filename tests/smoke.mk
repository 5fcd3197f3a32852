# SPDX-License-Identifier: MIT
# A few guest tests in one guest: `make smoke SMOKE_TESTS='NAME...'`, see tests/matrix.

SMOKE_OUT := $(GUEST_OUT:%/guest=%/smoke)
SMOKE_PROGRAMS := $(addprefix $(GUEST_OUT)/,$(SMOKE_TESTS))

.PHONY: smoke
smoke: $(SMOKE_OUT)/runner $(SMOKE_PROGRAMS)
	@vm/packages vm
	@for try in 1 2 3; do vm/run --timeout 300 $(GUEST_DEFAULTS) $(addprefix --file ,$(SMOKE_PROGRAMS)) -- $^; \
		status=$$?; [ $$status = 123 ] || exit $$status; done; exit $$status

$(SMOKE_OUT)/runner: tests/smoke/runner.c
	@mkdir -p $(@D)
	$(GUEST_CC) -O2 -Wall -Wextra -Werror -static -o $@ $<
