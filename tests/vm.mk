# SPDX-License-Identifier: MIT
# Tests of what vm/ runs on the host: scripts of tests/vm/ that print TAP.

UNIT_TESTS += tests/vm/share tests/vm/packs tests/vm/judge
