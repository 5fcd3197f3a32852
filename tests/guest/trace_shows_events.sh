# SPDX-License-Identifier: MIT
# trace_shows_events - estp trace shows each event once, with names, and leaves nothing behind
#
# vm: --timeout 300 --file build/tool/estp --file build/tests/tool/watch_subject
# vm: --file tests/tool/watch.sh --file tests/tool/watch_subject.c
. /estp/tests/tool/watch.sh
t=/tmp/trace

# A process that is gone when its events are read: names come from the side band.
$estp trace --tabs -- $subject once >$t 2>$t.err
is $? 0 "a command is traced: its status"
is "$(cut -f6 $t | tr '\n' ' ')" "REGISTER FAULT " "one registration and one fault are shown"
is "$(sed -n 2p $t | cut -f9 | sed 's/[.+].*//')" peek "the fault's function"
is "$(sed -n 2p $t | cut -f10)" "$(line_of peek)" "its line"
is "$(sed -n 2p $t | cut -f12 | sed 's/[.+].*//')" peek "the response's function"
is "$(sed -n 2p $t | cut -f8)" $subject "the file"
is "$(cut -f3 $t | uniq)" watch_subject "the name of the process"
is "$(awk -F'\t' '{ print NF, $4 == $5 }' $t | uniq)" "15 1" "fifteen columns; pid and thread"
page=$(awk '/^KernelPageSize:/ { print 1024 * $2; exit }' /proc/self/smaps)
is "$(sed -n 1p $t | cut -f14,15)" "$(printf '%d\t5' "$page")" "a table of five, which is told in whole pages"
is "$(cat $t.err)" "" "and nothing to complain of"
$estp trace --json -- $subject once >$t
has '"event":"DIVERT","selector":"FAULT","pc":"0x' $t "JSON"
is "$(grep -c '^{.*}$' $t)" 2 "a line an event"
$estp trace -- $subject once >$t
has "FAULT      peek" $t "plain"
has " in watch_subject" $t "with the file"
$estp trace --tabs -- sh -c 'exit 7' >$t
is $? 7 "the command's status is passed on"
is "$(cat $t)" "" "who registers nothing has no events"
$estp trace -- sh -c 'kill -9 $$'
is $? 137 "so is the signal that killed it"
$estp trace -- /nonexistent 2>$t
is $? 2 "a command that is not there: status 2"
is "$(cat $t)" "estp trace: /nonexistent: No such file or directory" "and a sentence"

# Forty that come and go.
$estp trace --tabs -- sh -c "i=0; while [ \$i -lt 40 ]; do $subject once & i=\$((i + 1)); done; wait" >$t 2>$t.err
is "$(grep -c '	FAULT	' $t)" 40 "forty short processes: each fault"
is "$(grep '	FAULT	' $t | cut -f10 | sort -u)" "$(line_of peek)" "each with its line"
is "$(cut -f4 $t | sort | uniq -c | awk '{ print $1 }' | sort -u)" 2 "and its pid"
is "$(cut -f1 $t | sort -c -n 2>&1)" "" "in the order of time"

# Of some, and of all.
begin a
begin b
$estp trace --tabs -p $a >$t.a 2>$t.err & ta=$!
$estp trace --tabs >$t.all 2>>$t.err & tall=$!
until_true 30 tracing $ta
until_true 30 tracing $tall
is "$(ls $tracefs/instances | grep -c estp-)" 2 "two tracers have an instance each"
tell a fault 3
tell b fault 5
tell a hold 2
tell a wait 4
tell a page
tell a fork
kill -INT $ta $tall
wait $ta
is $? 0 "SIGINT ends it"
wait $tall
is $? 0 "both"
is "$(ls $tracefs/instances)" "" "with their instances"
is "$(cut -f6 $t.a | sort | uniq -c | awk '{ print $1, $2 }' | tr '\n' ' ')" \
	"4 FAULT 2 INTERRUPT 4 PREEMPTION 1 REGISTER " "of one process: its events, and its child's"
is "$(cut -f6 $t.all | sort | uniq -c | awk '{ print $1, $2 }' | tr '\n' ' ')" \
	"9 FAULT 2 INTERRUPT 4 PREEMPTION 1 REGISTER " "of all: all"
is "$(awk -F'\t' -v b=$b '$4 == b' $t.a)" "" "none of the other's is among them"
is "$(awk -F'\t' -v b=$b '$4 == b' $t.all | grep -c FAULT)" 5 "which are there in the other trace"
is "$(grep INTERRUPT $t.a | cut -f9,10 | sed 's/+[^	]*//' | sort -u)" "hold	$(line_of hold)" \
	"INTERRUPT: function and line"
is "$(grep PREEMPTION $t.a | cut -f9,10 | sed 's/+[^	]*//' | sort -u)" "wait_once	$(line_of wait_once)" \
	"PREEMPTION: function and line"
is "$(awk -F'\t' '$6 == "INTERRUPT" && $4 == $5' $t.a)" "" "threads have numbers of their own"
is "$(cat $t.err)" "" "nothing to complain of"

# What else there is to its life.
$estp trace --tabs -n 3 -p $a >$t & t1=$!
until_true 30 tracing $t1
tell a fault 10
wait $t1
is "$? $(grep -c . $t)" "0 3" "-n ends it"
$estp trace --tabs -p $b >$t & t1=$!
until_true 30 tracing $t1
kill -TERM $t1
wait $t1
is "$? $(ls $tracefs/instances)" "0 " "SIGTERM ends it, with its instance"
$estp trace >/dev/null & t1=$!
until_true 30 tracing $t1
kill -KILL $t1
wait $t1 2>/dev/null
is "$(ls $tracefs/instances)" estp-$t1 "SIGKILL leaves the instance behind"
$estp trace --tabs -p $b >$t & t1=$!
until_true 30 tracing $t1
is "$(ls $tracefs/instances)" estp-$t1 "which goes when the next one begins"
tell b fault 2
echo exit >&5
wait $t1
is "$? $(grep -c FAULT $t)" "0 2" "it ends when its process does"
is "$(cut -f10 $t | sort -u)" "$(line_of peek)" "names are there after that"

# Another's session; a program that has been deleted; events that are lost.
mkdir $tracefs/instances/mine
echo 1 >$tracefs/instances/mine/events/estp/estp_divert/enable
$estp trace --tabs --buffer 4 -p $a >$t 2>$t.err & t1=$!
until_true 30 tracing $t1
kill -STOP $t1
tell a fault 3000
kill -CONT $t1
kill -INT $t1
wait $t1
is $? 0 "a tracer that was held up"
shown=$(grep -c FAULT $t)
lost=$(sed -n 's/^estp trace: \([0-9]*\) events were lost: .*/\1/p' $t.err | awk '{ n += $1 } END { print n + 0 }')
[ "$lost" -gt 0 ]
result $? "says that it lost some"
is $((shown + lost)) 3000 "and how many"
is "$(grep -c estp_divert: $tracefs/instances/mine/trace)" 3000 "another session has all of them"
rmdir $tracefs/instances/mine
cp $subject /tmp/deleted
subject=/tmp/deleted
rm /tmp/b.in /tmp/b.out
exec 5>&- 6<&-
begin b
rm /tmp/deleted
$estp trace --tabs -n 1 -p $b >$t & t1=$!
until_true 30 tracing $t1
tell b fault 1
wait $t1
is "$(cut -f10 $t)" "$(line_of peek)" "a program that was deleted has its names"

# One sentence each.
sentence() { # what wanted arguments...
	what=$1 wanted=$2
	shift 2
	"$@" >$t 2>$t.err
	is "$? $(cat $t.err) $(cat $t)" "2 $wanted " "$what"
}
sentence "no such process" "estp trace: 4000000: there is no such process" $estp trace -p 4000000
sentence "a kernel thread" \
	"estp trace: 2: it is a kernel thread, which has no memory of its own" $estp trace -p 2
sentence "no pid" "estp trace: x: that is no pid" $estp trace -p x
sentence "another user" "estp trace: tracing needs the right to write to $tracefs/instances, which root has: Permission denied" \
	su -s /bin/sh nobody -c "$estp trace"
is "$(ls $tracefs/instances)" "" "no instance is left"
kill $a $b
finish
