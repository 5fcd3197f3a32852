# SPDX-License-Identifier: MIT
# What the tool's tests share: TAP, a folder for their files, and the tool.
estp=${ESTP:-build/tool/estp}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
nr=0 bad=0

result() { # holds what
	nr=$((nr + 1))
	if [ "$1" = 0 ]; then echo "ok $nr - $2"; else echo "not ok $nr - $2"; bad=1; fi
}

# Runs the tool: its output in $out, what it complains of in $err, its status in $status.
run() {
	out=$("$estp" "$@" 2>"$dir/stderr")
	status=$?
	err=$(<"$dir/stderr")
	emulator_lives $status
}

says() { # text what
	case $out in *"$1"*) result 0 "$2" ;; *) result 1 "$2 (no '$1')" ;; esac
}

says_not() { # text what
	case $out in *"$1"*) result 1 "$2 ('$1')" ;; *) result 0 "$2" ;; esac
}

# One sentence on standard error, status 2, nothing else.
refuses() { # what text
	[ "$status" = 2 ] && [ "$(grep -c . <<<"$err")" = 1 ] && [[ $err = *"$2"* ]]
	result $? "$1${err:+ ($err)}"
}

# What perl makes of the output as JSON: an expression on $j.
json() { # what expression
	perl -MJSON::PP -e '$j = decode_json(join "", <STDIN>); exit !('"$2"')' <<<"$out" 2>&1
	result $? "$1"
}

# For tests that start guests: when the emulator itself dies (123, see vm/run) nothing was
# told, and the whole test runs again. Its output is kept back until it is known to be one's.
once_more_if_the_emulator_dies() { # script
	local try status=0

	[ -z "${TEST_TRY:-}" ] || return 0
	for try in 1 2 3; do
		status=0
		TEST_TRY=$try "$1" >"$dir/tap" || status=$?
		[ "$status" = 123 ] || break
		echo "$1: try $try was the emulator's fault" >&2
	done
	cat "$dir/tap"
	exit "$status"
}

emulator_lives() { # status
	[ "$1" != 123 ] || exit 123
}

finish() {
	echo "1..$nr"
	exit $bad
}
