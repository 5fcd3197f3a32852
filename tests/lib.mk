# SPDX-License-Identifier: MIT
#
# Tests of libestp on the host: the scripts of tests/lib/, which build what they look at
# themselves, in build/tests/lib/, with every compiler and linker that is there.

UNIT_TESTS += tests/lib/wrong_pages tests/lib/objects/matrix
