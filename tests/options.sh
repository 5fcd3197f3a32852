# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What a guest test asks of its guest, by the lines in its source that tests/run-guest tells
# of, as options of vm/run for the kernel that KERNEL, FLAVOUR or ARCH names.
# shellcheck source=vm/lib.sh
. vm/lib.sh
choose_kernel

# The source of a test that make has built, or a script.
source_of() {
	local source=${1#build/}

	source=${source#aarch64/}
	case $source in
	*.sh) echo "$source" ;;
	*) echo "$source.c" ;;
	esac
}

# The argument of --file for a file that the test looks for by this name: modules are one
# kernel's (tests/guest/modules/build), and what is compiled for another machine lies in
# build/aarch64/. A test knows nothing of that.
file_of() {
	case ${CROSS:+cross }$1 in
	*build/tests/guest/modules/*.ko) echo "build/tests/guest/modules/$TARGET/${1##*/}:/estp/$1" ;;
	*:*) echo "$1" ;;
	'cross /lib/ld-musl-x86_64.so.1')
		echo "$(find "$(vm/fetch-package musl)/lib" -name libc.so):/lib/ld-musl-aarch64.so.1" ;;
	'cross build/'*) echo "build/${CROSS%-linux-gnu-}/${1#build/}:/estp/$1" ;;
	*) echo "$1" ;;
	esac
}

# wishes_of SOURCE: in the array "wishes", word for word.
wishes_of() {
	local word file=''

	wishes=()
	while IFS= read -r -d '' word; do
		[ -z "$file" ] || word=$(file_of "$word")
		[ "$word" = --file ] && file=1 || file=''
		wishes+=("$word")
	done < <(sed -nE "s,^[[:space:]]*(/\*|\*|//|#)[[:space:]]*vm( $ARCH)?:(.*),\\3,p" "$1" |
		sed 's,\*/[[:space:]]*$,,' | xargs -r printf '%s\0')
}
