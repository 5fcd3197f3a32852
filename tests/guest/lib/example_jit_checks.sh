# SPDX-License-Identifier: MIT
# FLT-1, PAGE-10: the worked example of implicit checks in JIT-made code.
#
# The program compares compiled with interpreted code over thousands of inputs, each kind of
# exception among them; its twins, not registered, have to be killed.
#
# vm: --file build/examples/jit-checks --timeout 120
echo 1..1
if build/examples/jit-checks >/tmp/said 2>&1 && grep -q 'compiled and interpreted agree' /tmp/said; then
	sed 's/^/# /' /tmp/said
	echo "ok 1 - compiled code throws what the interpreter throws; the twins are killed"
	exit 0
fi
sed 's/^/# /' /tmp/said
echo "not ok 1 - compiled code throws what the interpreter throws; the twins are killed"
exit 1
