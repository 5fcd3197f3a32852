# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# What the questions asked in guests share. They run from the project's folder.
ICOUNT="--icount --cpus 1 --settle 5"
# Counted instructions do not mind a busy machine: two guests at a time, if it has two CPUs.
BENCH_JOBS=${BENCH_JOBS:-$(nproc)}

# choose ARCH PROGRAM...: its cloud kernel, whose guests boot fastest; builds the programs and
# estp.ko. Sets OUT, RELEASE and WHERE.
choose() {
	local arch=$1
	shift
	case $arch in
	x86_64) export FLAVOUR=cloud-amd64 OUT=build/bench QEMU=qemu-system-x86_64 ;;
	arm64) export FLAVOUR=cloud-arm64 OUT=build/arm64/bench QEMU=qemu-system-aarch64 ;;
	*) echo "bench: no architecture $arch" >&2; exit 125 ;;
	esac
	export KERNEL=6.12 ARCH=$arch
	mkdir -p build/bench/raw
	vm/packages vm
	vm/fetch "$KERNEL" "$FLAVOUR"
	make -s "${@/#/$OUT/}" >&2
	vm/build-module
	RELEASE=$(<"build/kernel/$KERNEL-$FLAVOUR/image")
	WHERE=(--where "kernel=$RELEASE" --where "flavour=$FLAVOUR" --where "arch=$ARCH"
		--where "qemu=$("$QEMU" --version | sed -n 's/.*version \([0-9.]*\).*/\1/p')")
}

# twice NAME OPTION... -- PROGRAM...: the cells of two boots, which have to be the same, in
# build/bench/raw/NAME-ARCH.1 and .2.
twice() {
	local name=$1 boot pids=() status=0
	shift
	for boot in 1 2; do
		echo "bench: $name on $ARCH, boot $boot of 2" >&2
		# shellcheck disable=SC2086
		vm/run $ICOUNT --timeout 900 "$@" >"build/bench/raw/$name-$ARCH.$boot" &
		pids+=($!)
		[ "$BENCH_JOBS" -gt 1 ] || wait $! || exit 125
	done
	for boot in "${pids[@]}"; do
		wait "$boot" || status=125
	done
	[ "$status" = 0 ] || exit "$status"
	if ! diff "build/bench/raw/$name-$ARCH.1" "build/bench/raw/$name-$ARCH.2" >&2; then
		echo "bench: $name on $ARCH: two boots do not agree" >&2
		exit 125
	fi
}
