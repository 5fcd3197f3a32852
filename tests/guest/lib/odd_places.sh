# SPDX-License-Identifier: MIT
# LIB-1, FLT-1: what was compiled in odd places (tests/lib/odd/) is registered, copy by copy.
#
# The programs know by themselves: with ESTP their own handler for SIGSEGV must not run.
#
# vm: --file build/tests/lib/odd/gcc_O0/prog --file build/tests/lib/odd/gcc_O3_unrolled/prog
# vm: --file build/tests/lib/odd/gcc_lto/prog
echo 1..3
nr=0 failed=0
for way in gcc_O0 gcc_O3_unrolled gcc_lto; do
	nr=$((nr + 1))
	said=$(build/tests/lib/odd/$way/prog)
	case "$? $said" in
	"0 "*", state 0") echo "ok $nr - $way: $said" ;;
	*) echo "not ok $nr - $way: $said"; failed=1 ;;
	esac
done
exit $failed
