# SPDX-License-Identifier: MIT
"""gdb and exceptional sequences: what a user sources, or gdb loads with libestp.so.

    estp_gdb/records.py    the sequences that an ELF file holds; knows nothing of gdb
    estp_gdb/inferior.py   those of the program being debugged, and what the kernel has of them
    estp_gdb/marks.py      how they are shown, also in gdb's own disassembly
    estp_gdb/commands.py   info estp, estp where, disassemble, step, finish
    estp_gdb/stops.py      what is said when the program stops at a response

Sourced a second time, it replaces the first.
"""
import os
import sys

import gdb

for name in [n for n in sys.modules if n == "estp_gdb" or n.startswith("estp_gdb.")]:
    if name == "estp_gdb.stops":
        sys.modules[name].disconnect()
    del sys.modules[name]
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
try:
    import estp_gdb.commands
    import estp_gdb.marks
    import estp_gdb.stops
finally:
    del sys.path[0]

# Over a breakpoint gdb steps by a copy of the instruction elsewhere, where no span is: a
# fault there would be a signal. Who has asked for that by name keeps it.
if gdb.parameter("displaced-stepping") is None:     # auto
    gdb.execute("set displaced-stepping off")
