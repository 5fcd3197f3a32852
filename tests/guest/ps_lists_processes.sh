# SPDX-License-Identifier: MIT
# ps_lists_processes - estp ps lists who has registered sequences, with exact counters
#
# vm: --timeout 300 --file build/tool/estp --file build/tests/tool/watch_subject
# vm: --file tests/tool/watch.sh --file tests/tool/watch_subject.c
. /estp/tests/tool/watch.sh
t=/tmp/ps

rows() {
	[ "$($estp ps --tabs | grep -c .)" = "$1" ]
}

$estp ps >$t 2>$t.err
is "$? $(grep -c . $t) $(cat $t.err)" "0 1 " "with nobody registered: a heading alone, and no complaint"
is "$($estp ps --tabs)" "" "tabs: nothing"
is "$($estp ps --json)" "[]" "JSON: an empty array"

begin a
begin b
tell a fault 7
tell a hold 2
tell a wait 3
tell a fence 4
tell b fault 1
sleep 1000 & other=$!
$estp ps --tabs >$t
is "$(cut -f1 $t)" "$(printf '%d\n%d' $a $b)" "the two that are registered, and nobody else"
# wait N asks for a fence each time.
is "$(sed -n 1p $t | cut -f2-5,7-)" "$(printf '\troot\t1\t5\t3\t2\t7\t7\t%s' $subject)" "the counters of one"
is "$(sed -n 2p $t | cut -f7-10)" "$(printf '0\t0\t1\t0')" "of the other"
[ "$(sed -n 1p $t | cut -f6)" -gt 100 ]
result $? "it takes some memory"
$estp ps >$t
is "$(awk -v a=$a '$1 == a { print $2, $3, $4, $6, $7, $8, $9 }' $t)" "root 1 5 3 2 7 7" "plain, too"
$estp ps --json >$t
has "\"pid\":$a,\"shared_with\":[],\"user\":\"root\",\"command\":\"$subject\",\"pages\":1,\"sequences\":5," $t "JSON"
has '"diversions":{"PREEMPTION":3,"INTERRUPT":2,"FAULT":7},"fences":7}' $t "with the counters"

# Objects.
tell a page
$estp ps --objects --tabs >$t
is "$(awk -F'\t' -v a=$a '$1 == a' $t | cut -f3-)" \
	"$(printf '0\t5\t3\t1\t1\t%s\n2\t0\t1\t0\t1\t(no file)' $subject)" "objects: a file, and memory of none"
$estp ps --objects >$t
has "$subject: 3 PREEMPTION, 1 INTERRUPT, 1 FAULT; in tables" $t "plain"
has "1 PREEMPTION, 1 FAULT; on pages" $t "pages and tables"
tell a page
is "$($estp ps --objects --tabs | awk -F'\t' -v a=$a '$1 == a' | grep -c .)" 1 "what was unmapped is gone"

# Several processes in one memory.
tell a share
$estp ps --tabs >$t
is "$(cut -f1 $t | grep -c .)" 2 "two that share their memory are one row"
child=$(awk -F'\t' -v a=$a '$1 == a { print $2 }' $t)
is "$(awk '/^PPid:/ { print $2 }' /proc/$child/status)" "$a" "by the one that began first, beside the other"
$estp ps >$t
has "shares its memory with $child" $t "plain"
tell a share
is "$($estp ps --tabs | cut -f2 | tr -d '\n')" "" "until it ends"
echo exit >&5
wait $b
rm /tmp/b.in /tmp/b.out
exec 5>&- 6<&-
begin b leave
until_true 10 grep -q '^State:.*zombie' /proc/$b/status
tell b fault 6
is "$($estp ps --tabs | awk -F'\t' -v b=$b '$1 == b { print $9 }')" 6 "one whose first thread has ended"
is "$($estp ps --objects --tabs | awk -F'\t' -v b=$b '$1 == b { print $8 }')" $subject "has its objects"

# Another user.
su -s /bin/sh nobody -c "$estp ps --tabs" >$t 2>$t.err
is "$? $(cat $t)" "0 " "who may not ptrace any of them sees none"
# At least these two and the one that sleeps; kernel threads are not among them.
count=$(sed -n 's/^estp ps: \([0-9]*\) processes could not be looked at: that needs the right to ptrace them$/\1/p' $t.err)
all=$(for p in /proc/[0-9]*; do readlink $p/exe; done 2>/dev/null | grep -c .)
[ "${count:-0}" -ge 3 ] && [ "$count" -le $((all + 2)) ]
result $? "and is told how many (${count:-none} of $all)"
cat >/tmp/own <<EOF
sleep 1000 | $subject >/dev/null &
i=0
until $estp ps --tabs 2>/dev/null | grep . || [ \$i = 100 ]; do i=\$((i + 1)); done
kill \$!
EOF
su -s /bin/sh nobody -c "sh /tmp/own" >$t
until_true 10 rows 2
is "$(tail -n 1 $t | cut -f3,11)" "$(printf 'nobody\t%s' $subject)" "but he sees his own"

# While they come and go: sixty at least, and until they have been looked at.
rounds=0
(i=0; while [ $i -lt 60 ] || [ ! -e /tmp/looked ]; do $subject once & i=$((i + 1)); [ $((i % 10)) != 0 ] || wait; done; wait) & churn=$!
echo churn 600 >&3
: >$t.err
while kill -0 $churn 2>/dev/null; do
	$estp ps --objects >$t 2>>$t.err || echo "status $?" >>$t.err
	rounds=$((rounds + 1))
	[ $rounds != 3 ] || : >/tmp/looked
done
read -r answer <&4
is "$answer" done "a process registers and unmaps all the time"
is "$(cat $t.err)" "" "processes come and go: $rounds times no complaint"
[ -e /tmp/looked ]
result $? "they were looked at meanwhile"
$estp ps --tabs >$t
is "$(cut -f1,5,9 $t)" "$(printf '%d\t5\t7\n%d\t5\t6' $a $b)" "afterwards all is as before"
kill $a $b $other
until_true 10 rows 0

# Two strangers without their first threads, and with as many sequences.
wait $a $b
exec 3>&- 4<&- 5>&- 6<&-
rm /tmp/[ab].in /tmp/[ab].out
begin a leave
begin b leave
until_true 10 grep -q '^State:.*zombie' /proc/$a/status
until_true 10 grep -q '^State:.*zombie' /proc/$b/status
is "$($estp ps --tabs | cut -f1,2)" "$(printf '%d\t\n%d\t' $a $b)" "two whose first threads have ended are two"
kill $a $b
until_true 10 rows 0
finish
