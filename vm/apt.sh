# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Packages of the guest's architecture, for vm/fetch and vm/fetch-package: PACKAGES is
# downloaded into build/cache/ and unpacked, never installed. After choose_kernel.

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		sudo -n "$@"
	else
		return 1
	fi
}

# Those of another architecture than the host's: apt gets lists of its own, below
# build/, so that the host's apt need not know that architecture. No root either.
HOST_ARCH=$(dpkg --print-architecture)
SUFFIX=''
if [ "$DEBIAN_ARCH" != "$HOST_ARCH" ]; then
	SUFFIX=:$DEBIAN_ARCH
	own=$BUILD/apt/$DEBIAN_ARCH
	mkdir -p "$own"/{state/lists,cache/archives}/partial
	cat >"$own/conf" <<-END
		APT::Architecture "$HOST_ARCH";
		#clear APT::Architectures;
		APT::Architectures { "$HOST_ARCH"; "$DEBIAN_ARCH"; };
		Dir::State "$own/state";
		Dir::State::status "/var/lib/dpkg/status";
		Dir::Cache "$own/cache";
		APT::Sandbox::User "root";
	END
	export APT_CONFIG=$own/conf
fi

refresh() {
	say "refreshing apt's package lists"
	if [ -n "$SUFFIX" ]; then
		apt-get -qq update >&2
	else
		as_root apt-get -qq update >&2
	fi && return 0
	say "apt-get update did not succeed; as root, run: apt-get update"
	return 1
}

# apt's sandbox user cannot write here when run as root: a harmless warning.
download() {
	say "downloading ${PACKAGES[*]}"
	(cd "$BUILD/cache" && apt-get -q -o APT::Sandbox::User=root download "${PACKAGES[@]}" >&2)
}

# unpack FOLDER: what has been downloaded
unpack() {
	local package deb

	for package in "${PACKAGES[@]}"; do
		deb=$(find "$BUILD/cache" -name "${package%:*}_*.deb" -printf '%T@ %p\n' | sort -rn | head -n 1)
		dpkg -x "${deb#* }" "$1"
	done
}
