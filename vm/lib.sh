# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Shared by the scripts of vm/: where things are, and which kernel is meant.
#
# Installed, where there is no Makefile, or where the caller cannot write, it is not build/
# but the user's cache folder.
#
#   build/cache/               Debian packages, as downloaded
#   build/kernel/K-F/          kernel K of flavour F, unpacked
#   build/module/K-F/          the module built for it
#   build/vm/                  the guest's init, and a folder a run while it runs
#
# K-F is a file in vm/kernels/; it names an architecture, a file in vm/arch/.
# A further kernel or machine is a further file there and nothing else.

# shellcheck disable=SC2034
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
BUILD=$ROOT/build
if [ ! -f "$ROOT/Makefile" ] || [ ! -w "$ROOT" ]; then
	BUILD=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/estp
fi
# The kernel's build puts this path into makefiles, command lines and lists with commas.
for part in "$ROOT" "$BUILD"; do
	unfit=$(LC_ALL=C tr -dc '[:space:]!"#$%&'\''()*,:;<=>?\\`|' <<<"${part//$'\n'/ }" | tr -d '\n')
	[ -z "$unfit" ] || {
		echo "${0##*/}: kernel modules cannot be built below $part, for its \"$unfit\"; choose another folder" >&2
		exit 125
	}
done
# What to say of programs that are not there.
PACKAGES_HINT="as root, run: $ROOT/vm/packages vm"
KERNEL=${KERNEL:-6.12}
# Without a flavour, ARCH chooses the one that boots fastest.
case ${FLAVOUR:+set}${ARCH:-} in
arm64) FLAVOUR=cloud-arm64 ;;
'' | x86_64) FLAVOUR=cloud-amd64 ;;
set*) ;;
*) echo "no kernels for the architecture $ARCH in vm/kernels" >&2; exit 125 ;;
esac

die() {
	echo "${0##*/}: $*" >&2
	exit 125
}

say() {
	echo "${0##*/}: $*" >&2
}

# Settles which kernel $KERNEL-$FLAVOUR is, and reads what is known of it.
choose_kernel() {
	TARGET=$KERNEL-$FLAVOUR
	[ -f "$ROOT/vm/kernels/$TARGET" ] ||
		die "no kernel $TARGET; vm/kernels has: $(cd "$ROOT/vm/kernels" && echo *)"
	# shellcheck source=vm/kernels/6.12-cloud-amd64
	. "$ROOT/vm/kernels/$TARGET"
	[ -f "$ROOT/vm/arch/$ARCH" ] || die "no machine for $ARCH in vm/arch"
	# shellcheck source=vm/arch/x86_64
	. "$ROOT/vm/arch/$ARCH"
	KERNEL_DIR=$BUILD/kernel/$TARGET
	MODULE_DIR=$BUILD/module/$TARGET
}

# What a module for it depends on: its release; that of a kernel made here stays the same, whatever it is made of.
built_for() {
	cat "$KERNEL_DIR/headers"
	[ ! -f "$KERNEL_DIR/state" ] || cat "$KERNEL_DIR/state"
}

# One at a time through what follows in this script: parallel tests share build/.
lock() {
	mkdir -p "$BUILD"
	exec {LOCK}>"$BUILD/.$1.lock"
	flock "$LOCK"
}

# Prints where the Debian package $1, of sources, lies; it is downloaded if need be.
source_package() {
	local deb

	mkdir -p "$BUILD/cache"
	deb=$(find "$BUILD/cache" -name "${1}_*.deb" -printf '%T@ %p\n' | sort -rn | head -n 1)
	if [ -z "$deb" ]; then
		say "downloading $1"
		(cd "$BUILD/cache" && apt-get -q -o APT::Sandbox::User=root download "$1" >&2) ||
			die "cannot download $1; run apt-get update"
		deb=$(find "$BUILD/cache" -name "${1}_*.deb" -printf '%T@ %p\n' | sort -rn | head -n 1)
	fi
	echo "${deb#* }"
}
