# SPDX-License-Identifier: MIT
# EVT-1, LIFE-4, KRN-1: all the same on a kernel that has chosen its address at random (KASLR), as
# users' have; the other tests' kernels stand where they were linked to. A few tests run
# here once more: each selector, fork, and a page of the kernel's. Prints TAP.
#
# vm: --packed --timeout 400 --file build/tests/guest/modules/prober.ko
# vm: --file build/tests/guest/preempt_resumes_at_response --file build/tests/guest/fault_diverts
# vm: --file build/tests/guest/interrupt_frame_holds_response --file build/tests/guest/fork_copies_the_set
# vm: --file build/tests/guest/kernel_faults
nr=0
failed=0
tell() { # STATUS WHAT
	nr=$((nr + 1))
	if [ "$1" = 0 ]; then
		echo "ok $nr - $2"
	else
		echo "not ok $nr - $2"
		failed=1
	fi
}
linked=ffffffff81000000
text=$(sed -n 's/ T _text$//p' /proc/kallsyms)
[ -n "$text" ] && [ "$text" != 0000000000000000 ] && [ "$text" != "$linked" ]
tell $? "the kernel's text is at $text, not $linked"
for test in preempt_resumes_at_response interrupt_frame_holds_response fault_diverts fork_copies_the_set kernel_faults; do
	"build/tests/guest/$test" >/tmp/said
	status=$?
	if skipped=$(grep '^1\.\.0 # SKIP' /tmp/said); then
		tell 0 "$test ${skipped#1..0 }"
		continue
	fi
	grep -q '^ok ' /tmp/said && ! grep -q '^not ok' /tmp/said || status=1
	tell $status "$test: $(grep -c '^ok ' /tmp/said) checks"
	[ $status = 0 ] || sed 's/^/# /' /tmp/said
done
echo "1..$nr"
exit $failed
