# SPDX-License-Identifier: MIT
# Modules that guest tests load beside estp.ko: tests/guest/modules/.

GUEST_FILES += build/tests/guest/modules/hog.ko
DEBUG_FILES += build/tests/guest/modules/planted.ko

# Which kernel they are for is not make's to know: the script looks each time.
.PHONY: guest-modules
guest-modules:
	@tests/guest/modules/build

build/tests/guest/modules/hog.ko build/tests/guest/modules/planted.ko: guest-modules ;
