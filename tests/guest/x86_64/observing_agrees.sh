#!/bin/sh
# SPDX-License-Identifier: MIT
# observing_agrees - TRC-1, TRC-3, TRC-4: perf (stat and record), trace-cmd and bpftrace, as Debian has them, see
# exactly the diversions that the kernel counts, by selector and by sequence
#
# tests/observe/work makes them and prints the counters of its own process when they are final.
# Its twin, unregistered, does the same work without one.
#
# vm: --host-root --timeout 300
work=build/tests/observe/work
nr=0 bad=0
result() { # holds what
	nr=$((nr + 1))
	if [ "$1" = 0 ]; then echo "ok $nr - $2"; else echo "not ok $nr - $2"; bad=1; fi
}
said() { # of the last run: its counter of a selector
	sed -n "s/.*$1 \([0-9]*\).*/\1/p" /tmp/said
}
sum() {
	echo $(($(said PREEMPTION) + $(said INTERRUPT) + $(said FAULT)))
}
# What perf stat has counted.
counted() {
	sed -n 's/^\([0-9]*\),.*estp:estp_divert.*/\1/p' /tmp/perf
}
# Where sequences respond to: the file's addresses are the process's.
response() { # function
	awk -F'\t' -v of="$1" '$11 ~ "^" of { print $6 }' /tmp/dumped
}
build/tool/estp dump --tabs $work >/tmp/dumped

# All three look at the same run, and a kprobe at a function that the module has hooked.
bpftrace -q -o /tmp/counts -e '
	tracepoint:estp:estp_divert {
		@by[args->selector] = count();
		@to[args->response] = count();
	}
	kprobe:__x64_sys_madvise { @asked = count(); }' -c "/usr/bin/trace-cmd record -q -o /tmp/trace -e estp:estp_divert \
/usr/bin/perf stat -x, -o /tmp/perf -e estp:estp_divert $PWD/$work" >/tmp/said 2>/tmp/complaint
trace-cmd report -q -i /tmp/trace >/tmp/report 2>>/tmp/complaint

[ "$(said FAULT)" = 100 ] && [ "$(said PREEMPTION)" -ge 10 ] && [ "$(said INTERRUPT)" -gt 0 ]
result $? "the work is diverted: $(grep PREEMPTION /tmp/said)"
seen=$(counted)
[ "$seen" = "$(sum)" ]
result $? "perf stat counts $seen of $(sum)"
i=0
for selector in PREEMPTION INTERRUPT FAULT; do
	seen=$(grep -c "estp_divert: .* selector=$selector " /tmp/report)
	[ "$seen" = "$(said $selector)" ]
	result $? "trace-cmd has $seen of $(said $selector) by $selector"
	seen=$(sed -n "s/^@by\[$i\]: //p" /tmp/counts)
	[ "$seen" = "$(said $selector)" ]
	result $? "bpftrace has $seen of $(said $selector)"
	i=$((i + 1))
done
for one in look:70 touch:30; do
	at=$(response ${one%:*})
	seen=$(grep -c "response=$at\$" /tmp/report)
	[ "$seen" = "${one#*:}" ]
	result $? "trace-cmd has $seen of ${one#*:} of the sequence of ${one%:*}()"
	seen=$(sed -n "s/^@to\[$((at))\]: //p" /tmp/counts)
	[ "$seen" = "${one#*:}" ]
	result $? "bpftrace has $seen"
done
seen=$(sed -n 's/^@asked: //p' /tmp/counts)
[ "${seen:-0}" -ge 2 ]
result $? "a kprobe of bpftrace's on __x64_sys_madvise sees $seen calls"
[ $bad = 0 ] || sed 's/^/# /' /tmp/complaint

# The clock's samples beside it.
perf record -q -o /tmp/data -e cpu-clock -e estp:estp_divert $work >/tmp/said 2>/tmp/complaint
perf script -i /tmp/data >/tmp/script 2>>/tmp/complaint
seen=$(grep -c 'estp:estp_divert:' /tmp/script)
[ "$seen" = "$(sum)" ] && [ "$seen" -gt 100 ]
result $? "perf record has $seen of $(sum)"
seen=$(grep -c 'cpu-clock' /tmp/script)
[ "$seen" -gt 0 ]
result $? "and $seen samples of the clock"
[ $bad = 0 ] || sed 's/^/# /' /tmp/complaint

perf stat -x, -o /tmp/perf -e estp:estp_divert $work unregistered >/tmp/said
[ "$(counted) $(sum)" = "0 0" ]
result $? "of the twin there is nothing to see"
echo "1..$nr"
exit $bad
