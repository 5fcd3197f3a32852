#!/bin/sh
# SPDX-License-Identifier: MIT
# strace_changes_nothing - DBG-1, DBG-3: a process that strace follows, thread by thread and
# stop by stop, is diverted as any other, and strace sees what a parent would see
#
# tests/observe/work makes the events and prints the counters of its own process. Its twin,
# unregistered, does the same work without a diversion. Where strace makes the registering
# call fail, the process hears of it.
#
# vm: --host-root --timeout 120
work=build/tests/observe/work
nr=0 bad=0
result() { # holds what
	nr=$((nr + 1))
	if [ "$1" = 0 ]; then echo "ok $nr - $2"; else echo "not ok $nr - $2"; bad=1; fi
}
said() { # of the last run: its counter of a selector
	sed -n "s/.*$1 \([0-9]*\).*/\1/p" /tmp/said
}
followed() { # options of strace -- arguments of work
	strace -f -q -o /tmp/trace "$@" >/tmp/said 2>/tmp/complaint
}
stopped() { # by a signal
	grep -c -e "--- $1 " /tmp/trace
}

followed -- $work
result $? "the work goes to its end under strace"
[ "$(said FAULT)" = 100 ] && [ "$(said PREEMPTION)" -ge 10 ] && [ "$(said INTERRUPT)" -gt 0 ]
result $? "and is diverted: $(cat /tmp/said)"
[ "$(stopped SIGALRM)" = 20 ] && [ "$(grep -c 'rt_sigreturn(' /tmp/trace)" = 20 ]
result $? "strace stops at each of 20 signals, and sees 20 handlers return"
[ "$(stopped 'SIG\(SEGV\|BUS\|TRAP\)')" = 0 ]
result $? "and at none of 100 faults that go on at their response"
call=$(grep 'madvise(0x[0-9a-f]*, [0-9]*, 0x[0-9a-f]*.*) = 0$' /tmp/trace)
result $? "the registration is a call like any other: $call"
[ "$(sed 's/ .*//' /tmp/trace | sort -u | wc -l)" = 2 ]
result $? "both threads are followed"
[ $bad = 0 ] || sed 's/^/# /' /tmp/complaint /tmp/trace

followed -- $work unregistered
result $? "the twin goes to its end"
[ "$(said PREEMPTION) $(said INTERRUPT) $(said FAULT) $(stopped SIGALRM)" = '0 0 0 20' ]
result $? "with the same signals, and no diversion"

followed -e inject=madvise:error=ENOMEM -- $work
[ $? = 2 ] && grep -q '^not registered: ' /tmp/complaint
result $? "where strace has madvise() fail, the process knows it: $(cat /tmp/complaint)"
echo "1..$nr"
exit $bad
