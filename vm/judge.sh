# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# How vm/run judges the kernel's log, and says what was wrong.

# A data race between two parts of the kernel proper, of which KCSAN knows many, is none of
# ours: of its reports those are left that have a function of a module in one of their stacks.
races_of_modules() {
	awk '
	!inside && /^BUG: KCSAN: / { inside = 1; report = $0 "\n"; ours = 0; next }
	!inside { print; next }
	{ report = report $0 "\n" }
	# Of another CPU, in between.
	/WARNING|BUG:|Oops|panic|INFO:|suspicious|possible / { print; next }
	/^ .*\+0x[0-9a-f]+\/0x[0-9a-f]+ \[[a-z_]+\]/ { ours = 1 }
	/^=====/ { if (ours) printf "%s", report; inside = 0 }
	END { if (inside) printf "%s", report }'
}

# Lines about user processes (the kernel reports every fatal fault of a program)
# are no trouble, whatever words they hold. The kernel's own also begin with "traps: ".
trouble() {
	head -c "$judged" "$run/console" | tr -d '\r' | races_of_modules | grep -avE -e '\]: segfault at' -e 'traps: .*\[[0-9]+\] .* ip:[0-9a-f]+ sp:' |
		grep -aE \
		-e 'Missing ENDBR' -e 'Kernel panic|WARNING:|BUG:|BUG at|BUG [^ ]+ \((Not t|T)ainted|Oops|\bOOPS\b|INFO: task .* blocked' \
		-e 'general protection fault|double fault|stack guard page|[Uu]nable to handle' \
		-e 'INFO: (possible|trying to register)|turning off the locking|possible (recursive|circular)|suspicious RCU|inconsistent lock state' \
		-e 'unregister_netdevice|self-detected stall|detected (expedited )?stalls|soft lockup|[Hh]ard LOCKUP' \
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

# And a far return in user mode reads its stack with the kernel's rights (7.2, at least): where
# that faults, the kernel is told of an access of its own by a user's instruction, and dies of
# it, with or without us. No processor does so.
far_return() {
	local code
	[[ $found == *'BUG: unable to handle page fault'* ]] || return 1
	grep -aq '#PF: supervisor read access in user mode' "$run/console" || return 1
	code=$(grep -a -m 1 -A 12 '#PF: supervisor read access in user mode' "$run/console" | grep -a 'Code: ') || return 1
	# lret, lret imm16, iret, perhaps behind a size prefix.
	[[ $code =~ \<(66|4[0-9a-f]|c[abf])\> ]]
}

# QEMU's TSC is the host's, which may leap when the host is itself moved to another machine. All
# that waits is then found to have waited for days. The kernel's watchdog of clocks tells: by another clock it
# was a moment, some seconds at most. Whatever else there is in the log is trouble all the same.
clock_leapt() {
	local line
	! grep -qvE 'stall|lockup|LOCKUP| blocked for ' <<<"$(trouble)" || return 1
	line=$(grep -a -m 1 -E 'skipping watchdog check: cs_nsec: [0-9]{13,18} wd_nsec: [0-9]{1,10}\b' "$run/console") || return 1
	[[ $line =~ cs_nsec:\ ([0-9]+)\ wd_nsec:\ ([0-9]+) ]] &&
		[ $((BASH_REMATCH[1] - BASH_REMATCH[2])) -gt $((600 * 1000000000)) ]
}

# ask WORDS...: to QEMU's monitor, a line each; what it answers goes to $run/answers.
ask() {
	printf '%s\n' "$@" 1<>"$run/monitor.in"
}

# int3_samples NR: how often each CPU was seen, with interrupts on, and at the entry of #BP.
int3_samples() {
	local i

	for ((i = 0; i < $1; i++)); do
		ask "info registers -a"
		sleep 0.1
	done
	tr -d '\r' <"$run/answers" | awk -v from="$int3_entry" -v to="$int3_end" '
	/^CPU#/ { cpu = $1 }
	/^RIP=/ {
		rip = substr($1, 5)
		seen[cpu]++
		# Bit 9 of the flags, RFL=00000246.
		on[cpu] += substr($2, 10, 1) ~ /[2367abef]/
		entry[cpu] += rip >= from && rip < to
	}
	END { for (cpu in seen) print seen[cpu], on[cpu], entry[cpu] }'
	: >"$run/answers"
}

# The same fault of QEMU where the kernel backs up over an int3 that is gone (6.1): a CPU then
# executes it for ever, with interrupts off. Asked while the guest runs.
int3_loop() {
	local low high idt

	if [ -z "${int3_entry:-}" ]; then
		ask "info registers"
		sleep 0.2
		idt=$(tr -d '\r' <"$run/answers" | sed -n 's/^IDT= *\([0-9a-f]*\) .*/\1/p')
		: >"$run/answers"
		# The final table, among the areas of CPUs; before there is one, nothing is patched.
		[[ $idt == fffffe* ]] || return 1
		ask "x /2gx 0x$(printf %x $((0x$idt + 0x30)))"
		sleep 0.2
		read -r low high < <(tr -d '\r' <"$run/answers" |
			sed -n 's/^f[0-9a-f]*: 0x\([0-9a-f]*\) 0x\([0-9a-f]*\)$/\1 \2/p') || return 1
		: >"$run/answers"
		int3_entry=$((0x$high << 32 | (0x$low >> 32 & 0xffff0000) | (0x$low & 0xffff)))
		printf -v int3_end %016x $((int3_entry + 64))
		printf -v int3_entry %016x "$int3_entry"
	fi
	int3_samples 3 | grep -qE '^[0-9]+ 0 [1-9]' || return 1
	int3_samples 20 | grep -qE '^[0-9]{2} 0 ([3-9]|[0-9]{2})$'
}
