# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# To be sourced: what a guest test has skipped is said on stderr, which prove passes on. What is
# skipped counts as passed there; tests/matrix shows it under its table.

# show_skips TEST FILE: FILE holds the TAP of one test
show_skips() {
	grep -aoE '# SKIP .*' "$2" | tr -d '\r' | sort -u | sed "s|^# SKIP |skipped by ${1##*tests/guest/}: |" >&2 || true
}
