#!/bin/sh
# SPDX-License-Identifier: MIT
# host_root - vm/run --host-root: the host's files are the guest's, and can be written here
#
# Files are compared with what Debian says of them, more bytes than a message of FUSE
# holds; that nothing reaches the host is for tests/vm/share and tests/tool/run to show.
# vm: --host-root --timeout 300
nr=0 bad=0
result() { # holds what
	nr=$((nr + 1))
	if [ "$1" = 0 ]; then echo "ok $nr - $2"; else echo "not ok $nr - $2"; bad=1; fi
}

[ "$(pwd -P)" -ef /estp ] && [ -f SPEC.md ]
result $? "the working directory is the host's, and /estp the project"
grep -q '^estp ' /proc/modules
result $? "estp.ko is loaded"
[ "$(readlink /proc/1/root)" = / ] && grep -q ' / / .* - overlay ' /proc/self/mountinfo
result $? "the root is an overlay"
(cd / && md5sum --quiet -c /var/lib/dpkg/info/coreutils.md5sums)
result $? "files have the bytes that they have on the host"
perl -MPOSIX -e 'exit !(POSIX::floor(1.5) == 1)'
result $? "a dynamic program of the host runs, with what it loads"
[ "$(find /usr/share/perl5 | wc -l)" = "$(find /usr/share/perl5 -print0 | tr -cd '\0' | wc -c)" ] &&
	[ "$(find /usr/share/perl5 -name Debconf)" = /usr/share/perl5/Debconf ]
result $? "folders list what is in them"
[ ! -e /usr/no-such-file ] && echo new >/usr/no-such-file && [ "$(cat /usr/no-such-file)" = new ]
result $? "files can be made"
echo more >>/etc/hostname && [ "$(tail -n 1 /etc/hostname)" = more ] && rm /etc/hostname && [ ! -e /etc/hostname ]
result $? "changed, and removed"
stat -c %a /tmp | grep -qx 1777 && setpriv --reuid 65534 --clear-groups sh -c 'echo mine >/tmp/of-nobody'
result $? "others can write /tmp, too"
! setpriv --reuid 65534 --clear-groups sh -c 'cat /etc/shadow' 2>/dev/null
result $? "and may not read what they may not"
echo "1..$nr"
exit $bad
