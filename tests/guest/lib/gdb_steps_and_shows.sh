#!/bin/sh
# SPDX-License-Identifier: MIT
# gdb_steps_and_shows - DBG-1 to DBG-3, LIB-4: gdb with lib/gdb finds, marks and steps through
# sequences, and shows the response of a thread that it stops in one
#
# gdb loads the script by itself, with the installed libestp; tests/gdb/session.py is what it
# does then, with tests/gdb/subject. The twin there is not registered.
#
# vm: --host-root --timeout 300
dir=$PWD/build/tests/gdb
exec gdb -nx -batch -iex 'set debug-file-directory /none' -iex "set auto-load safe-path $dir/prefix" \
	-iex "set auto-load scripts-directory $dir/prefix/share/gdb/auto-load" \
	-x tests/gdb/session.py "$dir/subject"
