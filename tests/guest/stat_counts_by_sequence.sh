# SPDX-License-Identifier: MIT
# stat_counts_by_sequence - estp stat: exact counters, by selector and sequence, and what never ends
#
# vm: --timeout 300 --file build/tool/estp --file build/tests/tool/watch_subject
# vm: --file tests/tool/watch.sh --file tests/tool/watch_subject.c
. /estp/tests/tool/watch.sh
t=/tmp/stat

# all SELECTOR: in all, in the interval; of the last report.
all() {
	awk -F'\t' -v s=$1 '$2 == "all" && $3 == s { v = $4 " " $5 } END { print v }' $t
}

# sequence FUNCTION: selector, while watched, in the interval, line.
sequence() {
	awk -F'\t' -v f=$1 '$2 == "sequence" { sub(/[.+].*/, "", $12); if ($12 == f) v = $3 " " $4 " " $5 " " $13 }
		END { print v }' $t
}

# Its first report says that it has begun to count.
counting() {
	grep -q '	all	fences	' $t
}

begin a
tell a fault 5
tell a hold 3
$estp stat --tabs $a >$t 2>$t.err
is "$? $(all PREEMPTION)/$(all INTERRUPT)/$(all FAULT)/$(all fences) $(cat $t.err)" "0 0 /3 /5 /0  " \
	"once: what was before"
$estp stat $a >$t
has "1 page of code, 5 sequences, " $t "plain: what is registered"
is "$(sed -n 's/^in all *//p' $t | tr -s ' ')" "0 3 5 0" "and the counters"
$estp stat --json $a >$t
has '"counters":{"PREEMPTION":{"all":0},"INTERRUPT":{"all":3},"FAULT":{"all":5},"fences":{"all":0}}' $t "JSON"

# The interval is as long as it takes: SIGINT ends it.
$estp stat -i 1000000 --tabs $a >$t 2>$t.err & s=$!
until_true 30 counting
tell a fault 70
tell a wait 12
tell a hold 4
tell a fork
kill -INT $s
wait $s
is "$? $(cat $t.err)" "0 " "with -i until SIGINT"
is "$(all FAULT)" "75 70" "FAULT: in all, in the interval"
is "$(all PREEMPTION)" "12 12" "PREEMPTION"
is "$(all INTERRUPT)" "7 4" "INTERRUPT"
is "$(all fences)" "12 12" "fences"
is "$(sequence peek)" "FAULT 70 70 $(line_of peek)" "FAULT by sequence: as many, and not the child's"
is "$(sequence wait_once)" "PREEMPTION 12 12 $(line_of wait_once)" "PREEMPTION by sequence: as many"
is "$(sequence hold)" "INTERRUPT 4 4 $(line_of hold)" "INTERRUPT by sequence: as many"
is "$(grep -c '	sequence	' $t)" 3 "no other sequence"
is "$(ls $tracefs/instances)" "" "the instance is gone"
awk -F'\t' '$2 == "all" { if (!seconds && $5 > 0) seconds = $5 / $6; if ($5 > 0) { d = $6 * seconds - $5; if (d < 0) d = -d; if (d > 0.1 * seconds + 1) exit 1 } }' $t
result $? "rates are those of one interval"

# Again and again.
$estp stat -i 0.2 -n 3 --tabs $a >$t
is "$? $(grep -c '	all	FAULT	' $t)" "0 4" "-n: so many reports, and the first"
$estp stat -i 0.2 --json $a >$t 2>$t.err & s=$!
until_true 30 grep -q interval_ns $t
tell a fault 9
until_true 30 grep -q '"watched":9' $t
tell a page
tell a churn 300
kill -TERM $s
wait $s
is "$? $(cat $t.err)" "0 " "SIGTERM ends it, too"
is "$(grep -o '"FAULT":{"all":[0-9]*,"watched":[0-9]*,"interval":[0-9]*' $t | sed 's/.*interval"://' | awk '{ n += $1 } END { print n }')" 9 \
	"the intervals add up"
has '"of_no_event":{"PREEMPTION":0,"INTERRUPT":0,"FAULT":0}' $t "every diversion had its event"
tell a page

# What makes progress, and what does not: the two run side by side on one CPU.
tell a busy
tell a endless
$estp stat -i 1 --tabs $a >$t 2>$t.err & s=$!
seen() {
	grep -q "	never	.*	endless[+	]" $t && grep -q "	yes	.*	busy[+	]" $t
}
until_true 40 seen
kill -INT $s
wait $s
is "$? $(cat $t.err)" "0 " "sequences that are begun again all the time"
is "$(awk -F'\t' '$12 ~ /^endless/ && $7 == "yes"' $t)" "" "the endless one never came to its end"
is "$(awk -F'\t' '$12 ~ /^busy/ && $7 == "never"' $t)" "" "the busy one always did"
is "$($estp dump --tabs $a | grep -c .)" 5 "and goes on"

# The end of a process.
begin b leave
: >$t
$estp stat -i 1000000 --tabs $b >$t & s=$!
until_true 30 counting
tell b fault 8
echo exit >&5
wait $s
is "$? $(sequence peek)" "0 FAULT 8 8 $(line_of peek)" "when the process ends so does it, and tells"

# One sentence each.
sentence() { # what wanted arguments...
	what=$1 wanted=$2
	shift 2
	"$@" >$t 2>$t.err
	is "$? $(cat $t.err) $(cat $t)" "2 $wanted " "$what"
}
sentence "no such process" "estp stat: 4000000: there is no such process" $estp stat 4000000
sentence "a kernel thread" \
	"estp stat: 2: it is a kernel thread, which has no memory of its own" $estp stat 2
sentence "no pid" "estp stat: x: that is no pid" $estp stat x
sentence "no interval" "estp stat: 0: that is no interval in seconds" $estp stat -i 0 $a
sentence "another's process" "estp stat: $a: its memory cannot be opened: Permission denied" \
	su -s /bin/sh nobody -c "$estp stat $a"
# Of a shell's own children it would itself take notice.
sh -c 'sh -c "until [ -e /tmp/may_end ]; do sleep 0.1; done" & echo $! >/tmp/zombie; exec sleep 1000' & holder=$!
until_true 10 grep -aq ^sleep /proc/$holder/cmdline
touch /tmp/may_end
z=$(cat /tmp/zombie)
until_true 10 grep -q '^State:.*zombie' /proc/$z/status
sentence "one that has ended" \
	"estp stat: $z: it has ended, and only waits for its parent to notice" $estp stat $z
kill $holder
cat >/tmp/own <<EOF
sleep 1000 | $subject >/dev/null &
i=0
until $estp ps --tabs 2>/dev/null | grep -q . || [ \$i = 100 ]; do i=\$((i + 1)); done
$estp stat -i 0.1 -n 1 --tabs \$!
echo \$?
kill \$!
EOF
su -s /bin/sh nobody -c "sh /tmp/own" >$t 2>$t.err
is "$(tail -n 1 $t) $(grep -c '	all	' $t)" "0 8" "without the rights of root: counters"
is "$(cat $t.err)" "estp stat: nothing can be shown by sequence: tracing needs the right to write to $tracefs/instances, which root has: Permission denied" \
	"and why there is no more"
kill -KILL $a
finish
