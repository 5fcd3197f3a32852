# SPDX-License-Identifier: MIT
# What `make check-debug` runs on the kernels that find bugs by themselves.
#
#   DEBUG_GUESTS   of GUEST_TESTS, for the kernel that FLAVOUR names
#   DEBUG_BATCHES  the same, as prove wants it; besides, on `debug` alone, DEBUG_TESTS
#   DEBUG_FILES    what is built for them
#
# Left out is what says no more there than on a stock kernel: programs of user space (the
# tool, gdb, the examples: scripts; libestp's tests), and what counts a stock kernel's
# instructions or memory. KCSAN, which is slow and sees nothing but races, gets the tests in
# which several CPUs work on one set.
debug_not := %/atomic_paths_are_short %/no_memory_no_half_set %/registering_one_by_one_is_linear \
	%/memory_bound %/memory_comes_back
debug_guests = $(filter-out $(GUEST_OUT)/lib/% $(debug_not),$(filter $(GUEST_OUT)/%,$(GUEST_TESTS)))

kcsan_only = $(addprefix $(GUEST_OUT)/,fence_% fork_% preempt_by_% preempt_percpu_counters_exact \
	signal_% tasks_share_one_set exit_releases_everything exec_empties_the_set fault_that_slept \
	unmapping_races_with_registration unmapping_under_threads unregister_ends_diversions \
	register_replaces_in_one_step register_covers_existing_tasks counters_exact_under_load \
	device_list_restores interrupt_storm_leaks_nothing cpus_come_and_go hostile_processes \
	kernel_faults kernel_pages_come_and_go module_comes_and_goes_under_load memory_moves_under_registrations)

DEBUG_GUESTS = $(if $(filter kcsan,$(FLAVOUR)),$(filter $(kcsan_only),$(debug_guests)),$(debug_guests))
DEBUG_BATCHES = $(shell tests/batches $(GUEST_OUT:%/guest=%/batch/of) $(DEBUG_GUESTS)) \
	$(if $(filter debug,$(FLAVOUR)),$(DEBUG_TESTS))
DEBUG_FILES += $(GUEST_RUNNER) $(GUEST_MODULES) $(DEBUG_GUESTS) $(DEBUG_TESTS)
