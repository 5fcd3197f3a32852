# SPDX-License-Identifier: MIT
"""The sequences of the program that gdb debugs.

What its objects hold comes from their files, moved to where gdb says that they are loaded: so
it needs neither symbols nor a process, and works for core files and foreign machines. What is
registered, and how often it has diverted, only the kernel knows: /dev/estp is asked where the
process is one of this machine.
"""
import array
import bisect
import fcntl
import os
import re
import struct
from collections import namedtuple

import gdb

from . import records

STATS, LIST = 0xc040e501, 0xc018e502
ELEMENT = struct.Struct("<QQIIHBBHBB")
# A line of `info files`; the program's own sections have no file.
SECTION = re.compile(r"^\s*(0x[0-9a-f]+) - 0x[0-9a-f]+ is (\S+)(?: in (.*))?$")


class Object(namedtuple("Object", "name machine sequences marks notes")):
    """One loaded object, its sequences at their addresses in the process."""
    __slots__ = ()


class Counters(namedtuple("Counters", "pages sequences memory diversions fences")):
    """What the kernel has counted for the process."""
    __slots__ = ()


class Unknown(Exception):
    """The kernel cannot be asked: why, in a sentence."""


# ---- What objects hold

_files = {}         # path: (time and size, Contents or None)
_objects = None     # of the selected program space, until something is loaded or goes
_objects_key = None


def _contents(path):
    try:
        stat = os.stat(path)
        key = (stat.st_mtime_ns, stat.st_size)
        if _files.get(path, (None,))[0] != key:
            _files[path] = (key, records.read(path))
    except (OSError, records.NotOurs, ValueError):
        return None
    return _files[path][1]


def _loaded():
    """{path: {name of a section: its addresses}}: a file may be loaded more than once."""
    found = {}
    program = gdb.current_progspace().filename
    for line in gdb.execute("info files", to_string=True).splitlines():
        match = SECTION.match(line)
        if match:
            path = match.group(3) or program
            if path:
                found.setdefault(path, {}).setdefault(match.group(2), []).append(
                    int(match.group(1), 16))
    return found


def _path_here(path):
    """Where a file can be opened that gdb names so: "target:" means as the process sees it.

    It says that of processes of this machine that have other mounts, as in a container."""
    if not path.startswith("target:"):
        return path
    path = path[len("target:"):]
    inferior = gdb.selected_inferior()
    native = inferior.pid and inferior.connection and inferior.connection.type == "native"
    return "/proc/%d/root%s" % (inferior.pid, path) if native else path


def objects():
    """All objects that hold sequences."""
    global _objects, _objects_key
    key = (gdb.current_progspace(), gdb.selected_inferior().num, gdb.selected_inferior().pid)
    if _objects is not None and _objects_key == key:
        return _objects
    _objects, _objects_key = [], key
    for path, sections in _loaded().items():
        contents = _contents(_path_here(path))
        if not contents or not (contents.sequences or contents.notes):
            continue
        # How far it was moved any section tells that is there once.
        moved = set()
        for name, addresses in sections.items():
            if contents.sections.get(name) is not None:
                moved = {at - contents.sections[name] for at in addresses}
                break
        moved = moved or {0}
        for by in sorted(moved):
            _objects.append(Object(
                path, contents.machine, [s.moved(by) for s in contents.sequences],
                {addr + by: said for addr, said in contents.marks.items()}, contents.notes))
    return _objects


def forget(_event=None):
    """Something was loaded, or is gone."""
    global _objects, _index
    _objects = _index = None


_index = None       # what it was made of; then what is asked of it
_known = None       # what is registered, until the program goes on


def stopped():
    """The program has run: what is registered has to be asked anew."""
    global _known
    _known = None


def _registered():
    """Of code that no object holds (made at run time), too, where the kernel tells."""
    global _known
    if _known is None:
        try:
            _known = registered()
        except Unknown:
            _known = []
    return _known


class _Index:
    """All sequences by start, with the furthest end of each and all before it."""

    def __init__(self, objects_now, known):
        self.made_of = (objects_now, known)
        self.sequences = sorted({s for o in objects_now for s in o.sequences}.union(known))
        self.starts = [s.start for s in self.sequences]
        self.reach, self.responses, self.marks = [], {}, {}
        furthest = 0
        for sequence in self.sequences:
            furthest = max(furthest, sequence.end)
            self.reach.append(furthest)
            self.responses.setdefault(sequence.response, []).append(sequence)
        for one in objects_now:
            self.marks.update(one.marks)


def _indexed():
    global _index
    objects_now, known = objects(), _registered()
    if _index is None or _index.made_of[0] is not objects_now or _index.made_of[1] != known:
        _index = _Index(objects_now, known)
    return _index


def around(pc):
    """The sequences whose span holds PC."""
    index = _indexed()
    i = bisect.bisect_right(index.starts, pc)
    inside = []
    while i and index.reach[i - 1] > pc:
        i -= 1
        if index.sequences[i].end > pc:
            inside.append(index.sequences[i])
    return inside[::-1]


def responses(pc):
    """The sequences whose response begins at PC."""
    return _indexed().responses.get(pc, [])


def said(pc):
    """The marks of the instruction at PC: [(kind, rule)]."""
    return _indexed().marks.get(pc, [])


def machine():
    """Of the program, by the names of ESTP."""
    for one in objects():
        return one.machine
    return None


# ---- What the kernel says

def _ask(request, argument):
    inferior = gdb.selected_inferior()
    connection = inferior.connection
    if not inferior.pid or connection is None:
        raise Unknown("there is no process")
    if connection.type != "native":
        raise Unknown("this is no process of this machine")
    try:
        device = os.open("/dev/estp", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Unknown("there is no /dev/estp: the module estp is not loaded") from None
    except OSError as error:
        raise Unknown("/dev/estp: " + error.strerror) from None
    memory = -1
    try:
        memory = os.open("/proc/%d/mem" % inferior.pid, os.O_RDONLY | os.O_CLOEXEC)
        struct.pack_into("<i", argument, 0, memory)
        fcntl.ioctl(device, request, argument)
    except OSError as error:
        raise Unknown("the kernel does not tell: " + error.strerror) from None
    finally:
        os.close(device)
        if memory >= 0:
            os.close(memory)


def counters():
    """Counters of the process, or Unknown."""
    argument = bytearray(64)
    _ask(STATS, argument)
    words = struct.unpack_from("<7Q", argument, 8)
    return Counters(words[0], words[1], words[2], words[3:6], words[6])


def registered():
    """All sequences that the kernel has for the process, or Unknown."""
    capacity = 256
    while True:
        room = array.array("B", bytes(ELEMENT.size * capacity))
        argument = bytearray(24)
        struct.pack_into("<QI", argument, 8, room.buffer_info()[0], capacity)
        _ask(LIST, argument)
        count, = struct.unpack_from("<I", argument, 20)
        if count <= capacity:
            break
        capacity = count + 64
    found = []
    for i in range(count):
        (start, response, length, mask, response_len, selector, causes, flags, layout,
         _) = ELEMENT.unpack_from(room, i * ELEMENT.size)
        found.append(records.Sequence(start, start + length, response, selector, layout, causes,
                                      mask, response_len, flags))
    return sorted(found)
