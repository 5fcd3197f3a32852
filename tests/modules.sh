# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Modules that guest tests load beside estp.ko: one a kernel, see tests/guest/modules/build.
# A test knows nothing of that: where the guest runs which kernel, file_of() says which of
# them is meant, as an argument of vm/run --file.
# shellcheck source=vm/lib.sh
. vm/lib.sh
choose_kernel

file_of() {
	case $1 in
	build/tests/guest/modules/*.ko) echo "build/tests/guest/modules/$TARGET/${1##*/}:/estp/$1" ;;
	*) echo "$1" ;;
	esac
}

# The modules that the test of this source asks for, a line each.
modules_of() {
	grep -E '^[[:space:]]*(/\*|\*|//|#)[[:space:]]*vm:' "$1" | grep -oE -e '--file [^ ]*\.ko' | cut -d' ' -f2
}
