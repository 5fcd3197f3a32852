# SPDX-License-Identifier: MIT
# What `make check-debug` runs on the kernels that find bugs by themselves.
#
#   DEBUG_GUESTS   of GUEST_TESTS, for the kernel that FLAVOUR names
#   DEBUG_BATCHES  the same, as prove wants it; besides, but on `kcsan`, DEBUG_TESTS
#   DEBUG_FILES    what is built for them
#
# Left out is what says no more there than on a stock kernel: what runs without the module, what
# counts a stock kernel's instructions or memory, where that kernel was put, and what asks for BPF,
# which these kernels do not have.
debug_not := %/others_get_their_turn %/first_registration_looks_at_threads \
	%/registering_one_by_one_is_linear %/memory_bound %/memory_comes_back \
	%_without %_without_estp %_without_module %_without_estp.sh %/kernel_at_random_address.sh \
	%/observing_agrees.sh
DEBUG_GUESTS = $(filter-out $(debug_not),$(GUEST_TESTS))

DEBUG_BATCHES = $(shell tests/batches $(GUEST_OUT:%/guest=%/batch/of) $(DEBUG_GUESTS))$(batches_made) \
	$(if $(filter %debug,$(FLAVOUR)),$(DEBUG_TESTS))
DEBUG_FILES += $(GUEST_RUNNER) $(GUEST_FILES) $(DEBUG_GUESTS) $(DEBUG_TESTS)
