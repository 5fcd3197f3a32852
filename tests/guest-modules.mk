# SPDX-License-Identifier: MIT
# Modules that guest tests load beside estp.ko: tests/guest/modules/.

GUEST_MODULES := $(addprefix build/tests/guest/modules/,hog.ko copies.ko draws.ko prober.ko stranger.ko refused.ko)
GUEST_FILES += $(GUEST_MODULES)
DEBUG_MODULES := $(addprefix build/tests/guest/modules/,planted.ko crowd.ko)
DEBUG_FILES += $(DEBUG_MODULES)

# Which kernel they are for is not make's to know: the script looks each time.
.PHONY: guest-modules
guest-modules:
	@tests/guest/modules/build

$(GUEST_MODULES) $(DEBUG_MODULES): guest-modules ;
