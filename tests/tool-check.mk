# SPDX-License-Identifier: MIT
# Tests of estp dump and estp check: scripts of tests/tool/ that print TAP.

UNIT_TESTS += tests/tool/check_corpus
GUEST_FILES += $(TOOL)
