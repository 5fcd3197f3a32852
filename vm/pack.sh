# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# How vm/run fills the guest's root: files of the host with the libraries that they
# need, and the kernel's own modules. Below $root is what becomes the initramfs;
# packed files lie in $root$layer, which is $root itself, or with --host-root the
# folder that is laid over the host's files.

# Where a file of the host lies in the guest: with --host-root or --stdio at the same place.
guest_path() {
	[ -z "$host_root$stdio" ] || { echo "$1"; return; }
	case $1 in
	"$ROOT") echo /estp ;;
	"$ROOT"/*) echo "/estp${1#"$ROOT"}" ;;
	*) echo "$1" ;;
	esac
}

absolute() {
	realpath -ms -- "$1"
}

# pack HOST GUEST: one file; a library that is there already is the same one.
pack() {
	local name folder=''

	[ -f "$1" ] || die "no file $1"
	mkdir -p "$root$layer${2%/*}"
	[ "${3:-}" = once ] && [ -e "$root$layer$2" ] && return 0
	cp -L "$1" "$root$layer$2"
	[ -n "$layer" ] || return 0
	# A folder's rights are those of the uppermost.
	while IFS= read -r -d / name; do
		folder+=$name/
		[ ! -d "$folder" ] || chmod --reference="$folder" "$root$layer$folder"
	done <<<"$2"
}

# The same for another machine's programs, which ldd knows nothing of: what they name,
# beside them (and so in the guest) or among the cross compiler's libraries.
pack_foreign_libraries() {
	local name path

	while read -r name; do
		# musl's, which is its loader as well: for --file to say.
		case $name in
		libc.so | ld-musl-*) continue ;;
		esac
		for path in "${1%/*}/$name" "$SYSROOT/lib/$name"; do
			[ -f "$path" ] || continue
			if [ "${path#"$SYSROOT"}" = "$path" ]; then
				pack "$path" "${2%/*}/$name" once
			else
				[ ! -e "$root/lib/$name" ] || continue 2
				pack "$path" "/lib/$name"
				pack_foreign_libraries "$path" "/lib/$name"
			fi
			continue 2
		done
		die "$1 needs $name, which is not there"
	done < <("${CROSS}readelf" -ld "$1" 2>/dev/null | sed -nE \
		-e 's,.*\(NEEDED\).*\[(.*)\],\1,p' -e 's,.*interpreter: .*/(.*)\],\1,p')
	# See below.
	if [ -e "$root/lib/libc.so.6" ] && [ ! -e "$root/lib/libgcc_s.so.1" ]; then
		pack "$SYSROOT/lib/libgcc_s.so.1" /lib/libgcc_s.so.1
	fi
}

# pack_libraries HOST GUEST: its libraries and its loader, which --host-root has, as the
# host's loader finds them; libgcc_s as well, which the C library opens by itself when a
# thread is cancelled.
pack_libraries() {
	local line path

	[ -z "$host_root" ] || return 0
	[ "$(head -c 4 "$1" | tr -d '\0')" = $'\177ELF' ] || return 0
	if [ -n "$CROSS" ]; then
		pack_foreign_libraries "$1" "$2"
		return 0
	fi
	while read -r line; do
		case $line in
		# Of another C library (musl's): what it needs is for --file to say.
		*': error while loading'*) continue ;;
		*'=> not found'*) die "$1 needs ${line%% *}, which is not there" ;;
		*'=> /'*) path=${line#*=> } ;;
		/*) path=$line ;;
		*) continue ;;
		esac
		path=${path%% (*}
		pack "$path" "$(guest_path "$path")" once
		case $path in
		*/libc.so.6)
			path=${path%/*}/libgcc_s.so.1
			[ ! -f "$path" ] || pack "$path" "$path" once
			;;
		esac
	done < <(ldd "$1" 2>/dev/null || true)
}

# A module of the kernel's own, after those that it depends on, into $insmod; nothing
# if it is built in.
pack_kernel_module() {
	local modules=$KERNEL_DIR/lib/modules/$RELEASE file name need

	# A kernel that vm/build-kernel made keeps the list in its tree.
	! grep -qs "/$1\.ko" "$modules/modules.builtin" "$KERNEL_DIR/tree/modules.builtin" || return 0
	case " ${insmod[*]-} " in
	*" /vm/modules/$1.ko "*) return 0 ;;
	esac
	file=$(find "$modules/kernel" -name "$1.ko*" 2>/dev/null | head -n 1) || true
	[ -n "$file" ] || die "the kernel $TARGET has no $1, which $2 needs"
	mkdir -p "$root/vm/modules"
	name=$root/vm/modules/$1.ko
	case $file in
	*.xz) xz -dc "$file" >"$name" ;;
	*) cp "$file" "$name" ;;
	esac || die "cannot unpack $file; $PACKAGES_HINT"
	for need in $("${CROSS}readelf" -p .modinfo "$name" | sed -n 's/.*  depends=//p' | tr , ' '); do
		pack_kernel_module "$need" "$1"
	done
	insmod+=("/vm/modules/$1.ko")
}
