# SPDX-License-Identifier: MIT
# What the guest tests of estp ps, stat and trace share: TAP, and subjects that do as they
# are told (watch_subject.c).
estp=/estp/build/tool/estp
subject=/estp/build/tests/tool/watch_subject
source=/estp/tests/tool/watch_subject.c
tracefs=/sys/kernel/tracing
nr=0 bad=0

result() { # holds what
	nr=$((nr + 1))
	if [ "$1" = 0 ]; then echo "ok $nr - $2"; else echo "not ok $nr - $2"; bad=1; fi
}

is() { # got wanted what
	[ "$1" = "$2" ]
	result $? "$3"
	[ "$1" = "$2" ] || printf 'got:\n%s\nwanted:\n%s\n' "$1" "$2" | sed 's/^/# /'
}

has() { # text file what
	grep -qF -- "$1" "$2"
	result $? "$3"
	grep -qF -- "$1" "$2" || sed 's/^/# /' "$2"
}

finish() {
	echo "1..$nr"
	exit $bad
}

# The line of a sequence in the source, as names have it.
line_of() {
	grep -n "/\* $1 \*/" $source | sed 's,\([0-9]*\):.*,tool/watch_subject.c:\1,'
}

# begin NAME [WORD]: a subject, whose pid is in $NAME.
begin() {
	# An earlier test of this guest had its own.
	rm -f /tmp/$1.in /tmp/$1.out
	mkfifo /tmp/$1.in /tmp/$1.out
	$subject $2 </tmp/$1.in >/tmp/$1.out &
	eval "$1=$!"
	case $1 in
	a) exec 3>/tmp/a.in 4</tmp/a.out ;;
	b) exec 5>/tmp/b.in 6</tmp/b.out ;;
	esac
	tell $1 fence 0
}

# tell NAME WHAT...: returns when it is done.
tell() {
	name=$1 answer=
	shift
	case $name in
	a) echo "$@" >&3; read -r answer <&4 ;;
	b) echo "$@" >&5; read -r answer <&6 ;;
	esac
	[ "$answer" = done ] || { result 1 "the subject does '$*'"; finish; }
}

# until_true SECONDS COMMAND...: bounded.
until_true() {
	left=$(($1 * 20))
	shift
	until "$@" 2>/dev/null; do
		left=$((left - 1))
		[ $left -gt 0 ] || { result 1 "it came to that: $*"; finish; }
		usleep 50000
	done
}

# tracing PID: its instance records all three events.
tracing() {
	read -r on <$tracefs/instances/estp-$1/events/estp/estp_unregister/enable && [ "$on" = 1 ]
}
