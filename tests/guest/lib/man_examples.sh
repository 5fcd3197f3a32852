# SPDX-License-Identifier: MIT
# The manual's examples, each a program of its own: it exits with 0 where ESTP is. Those that
# hold their window open have twins that give their registrations back before main(): they
# must not get through, or their examples show nothing. Whether a twin is preempted where it
# hurts is luck: it has ten runs to go wrong in. Prints TAP.
#
# vm: --file build/tests/lib/man/examples.tar --timeout 300
mkdir -p /tmp/examples
tar -xf build/tests/lib/man/examples.tar -C /tmp/examples
nr=0
failed=0
for program in /tmp/examples/*; do
	nr=$((nr + 1))
	runs=1
	case ${program##*/} in
	twin-*) runs=10 ;;
	esac
	status=0
	while [ $status = 0 ] && [ $runs -gt 0 ]; do
		runs=$((runs - 1))
		timeout 60 "$program" >/tmp/said 2>&1 || status=$?
	done
	case ${program##*/} in
	# What man_twin.c itself dies of is no proof.
	twin-*) [ $status != 0 ] && [ $status != 70 ] ;;
	*) [ $status = 0 ] ;;
	esac
	if [ $? = 0 ]; then
		echo "ok $nr - ${program##*/}: status $status: $(head -n 1 /tmp/said)"
	else
		echo "not ok $nr - ${program##*/}: status $status"
		sed 's/^/# /' /tmp/said
		failed=1
	fi
done
echo "1..$nr"
[ $nr -gt 0 ] || exit 1
exit $failed
