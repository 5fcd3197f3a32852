# SPDX-License-Identifier: MIT
# dump_shows_live_process - estp dump PID shows what the kernel has, with names and code
#
# vm: --file build/tool/estp --file build/tests/tool/live_subject
estp=/estp/build/tool/estp
subject=/estp/build/tests/tool/live_subject
nr=0 bad=0

result() { # holds what
	nr=$((nr + 1))
	if [ "$1" = 0 ]; then echo "ok $nr - $2"; else echo "not ok $nr - $2"; bad=1; fi
}

says() { # text what
	echo "$out" | grep -qF -- "$1"
	result $? "$2"
}

mkfifo /tmp/ready
$subject >/tmp/ready &
pid=$!
read -r word </tmp/ready
[ "$word" = ready ]
result $? "the process has registered its sequences"

out=$($estp dump $pid 2>&1)
result $? "a live process can be dumped"
says '2 sequences' "both sequences are there"
says 'PREEMPTION' "the one that restarts"
says ', its start' "by its start"
says 'FAULT' "the one that faults"
says 'main+0x' "with the name of the function that they are in"
case $(uname -m) in
x86_64) add=addq ;;
aarch64) add='add  ' ;;
esac
says "$add" "and their code, from memory"
out=$($estp dump --json $pid)
says '"symbol":"main+0x' "as JSON, too"
says '"layout":"table"' "with the layout"
echo "$($estp dump $pid)" | grep -qF '$x'
[ $? = 1 ]
result $? "and no label of the assembler's for a name"
file=$($estp dump --tabs $subject | cut -f3,6-10 | sort)
live=$($estp dump --tabs $pid | cut -f3,6-10 | sort)
# All but addresses, which are relative in the file.
[ "$(echo "$file" | cut -f1,3-)" = "$(echo "$live" | cut -f1,3-)" ] && [ -n "$live" ]
result $? "file and process agree"

$estp dump $$ | grep -q '0 sequences'
result $? "a process without registrations has none"
out=$($estp dump 4000000 2>&1)
[ $? = 2 ]
result $? "of a process that is not there, status 2"
says 'there is no such process' "and a sentence"

kill $pid
echo "1..$nr"
exit $bad
