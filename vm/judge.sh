# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# How vm/run judges the kernel's log, and says what was wrong.

# Lines about user processes (the kernel reports every fatal fault of a program)
# are no trouble, whatever words they hold.
trouble() {
	head -c "$judged" "$run/console" | tr -d '\r' | grep -av -e '\]: segfault at' -e 'traps: ' | grep -aE \
		-e 'Missing ENDBR' -e 'Kernel panic|WARNING:|BUG:|BUG at|Oops|\bOOPS\b|INFO: task .* blocked' \
		-e 'general protection fault|double fault|stack guard page|unable to handle' \
		-e 'INFO: possible|possible (recursive|circular)|suspicious RCU|inconsistent lock state' \
		-e 'unregister_netdevice|self-detected stall|detected stalls|soft lockup|[Hh]ard LOCKUP' \
		-e 'bad unlock balance|held lock freed|still held|scheduling while atomic|Bad page' \
		-e 'KASAN: |KCSAN: |UBSAN: |KFENCE: |kmemleak: [1-9]|refcount_t|list_(add|del) corruption' \
		-e 'ODEBUG|unreferenced object'
}

show_log() {
	{
		cat "$run/qemu"
		echo "--- the kernel's log ($TARGET)"
		tr -d '\r' <"$run/console"
		echo "--- end of the kernel's log"
	} >&2
}

# fail CODE SENTENCE
fail() {
	show_log
	say "$2"
	exit "$1"
}

# QEMU's TCG can go on executing code that another virtual CPU has just patched back:
# now and then a stock kernel, with or without us, dies of an int3 that is not in memory
# any more when it patches itself. Its own dump of the code tells: the byte before the
# pc, marked <>, would have to be that int3, cc. Only then is it the emulator's.
stale_code() {
	local code
	[[ $found == *'Oops: int3'* ]] || return 1
	# Not a pipe: grep ends before what it reads from, and that would count as a failure.
	code=$(grep -a -m 1 'Code: ' "$run/console") || return 1
	[[ $code =~ ([0-9a-f]{2})\ \<[0-9a-f]{2}\> ]] && [ "${BASH_REMATCH[1]}" != cc ]
}
