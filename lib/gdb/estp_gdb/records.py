# SPDX-License-Identifier: MIT
"""What an ELF file holds of sequences, as SPEC LIB-4 and PAGE describe it.

    estp_entries            records of inline sequences
    estp_marks              what the source says of single instructions
    executable segments     pages, by the magic number at their page's boundary

A file is believed nothing: each offset is checked against the bytes that there are. 64-bit
little-endian files of x86_64 and arm64 are read, on whatever machine.
"""
import mmap
import struct
from collections import namedtuple

PREEMPTION, INTERRUPT, FAULT = range(3)
SELECTORS = ("PREEMPTION", "INTERRUPT", "FAULT")
LAYOUTS = ("page", "table")
CAUSES = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "memory error")
MACHINES = {62: "x86_64", 183: "arm64"}
X86_64_REGISTERS = ("rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15").split()

COMMIT, UNPUBLISHED, WAIVE = 1, 2, 3
RULES = {
    1: "refused", 2: "cut", 3: "unknown", 4: "syscall", 5: "input", 6: "store", 7: "reread",
    8: "modify", 9: "commit", 10: "length", 11: "masked", 12: "own-span", 13: "leak",
    14: "entry", 32: "call", 33: "indirect", 34: "loop", 35: "long", 36: "half-done",
    37: "unmasked",
}

PAGE_STEP = 4096        # of the smallest pages
MAGIC = b"PTSE"         # 0x45535450, the upper half of a metadata word
RECORD = struct.Struct("<iIiHBBIHH")
SHF_ALLOC = 2


class Sequence(namedtuple("Sequence", "start end response selector layout causes "
                                      "clear_mask response_len flags")):
    """One sequence: addresses, or offsets to an address that is not known yet."""
    __slots__ = ()

    def moved(self, by):
        """The same, BY bytes further."""
        return self._replace(start=self.start + by, end=self.end + by,
                             response=self.response + by)

    @property
    def restarts(self):
        """Does its response begin it anew?"""
        return self.response == self.start


class Contents(namedtuple("Contents", "machine sequences marks sections notes")):
    """Of one file: its sequences; marks as {address: [(kind, rule)]}; the addresses of its
    allocated sections by name; sentences on what could not be read."""
    __slots__ = ()


def records(data, at):
    """Sequences of a section estp_entries whose first byte has address AT."""
    for off in range(0, len(data) - RECORD.size + 1, RECORD.size):
        (start, length, response, response_len, selector, causes, mask, flags,
         zero) = RECORD.unpack_from(data, off)
        if selector > FAULT or not length or zero:
            continue
        start += at + off
        yield Sequence(start, start + length, response + at + off + 8, selector, 1, causes,
                       mask, response_len, flags)


def marks(data, at):
    """Marks of a section estp_marks: {address: [(kind, rule)]}."""
    found = {}
    for off in range(0, len(data) - 7, 8):
        to, kind, rule = struct.unpack_from("<iBB", data, off)
        found.setdefault(at + off + to, []).append((kind, rule))
    return found


def page(data, off, at):
    """Sequences of the page at DATA[OFF:], which has address AT; none if it is malformed."""
    meta, = struct.unpack_from("<Q", data, off)
    count = meta & 0xffff
    header = 8 + 8 * count
    found = []
    if meta >> 16 != 0x455354500100 or not 1 <= count <= 255 or off + header > len(data):
        return []
    for word in struct.unpack_from("<%dQ" % count, data, off + 8):
        selector, start, end, response = (word >> 61, word >> 32 & 0xffff, word >> 16 & 0xffff,
                                          word & 0xffff)
        mask = length = flags = 0
        if selector > FAULT or word >> 48 & 0x1fff or not header <= start < end or \
                response < header:
            return []
        if selector == INTERRUPT:
            if response < header + 8 or off + response > len(data):
                return []
            prefix, = struct.unpack_from("<Q", data, off + response - 8)
            mask, length, flags = prefix & 0xffffffff, prefix >> 32 & 0xffff, prefix >> 48 & 1
        found.append(Sequence(at + start, at + end, at + response, selector, 0,
                              0x0f if selector == FAULT else 0, mask, length, flags))
    return found


def pages(data, at):
    """Sequences of all pages in the code DATA, whose first byte has address AT."""
    for off in range(-at % PAGE_STEP, len(data) - 15, PAGE_STEP):
        if data[off + 4:off + 8] == MAGIC:
            yield from page(data, off, at + off)


def cleared(mask, flags, machine):
    """In words, what an INTERRUPT clears."""
    names = [X86_64_REGISTERS[i] if machine == "x86_64" and i < 16 else "x%d" % i
             for i in range(31) if mask >> i & 1]
    if mask >> 31:
        names.append("FP/SIMD")
    if flags & 1:
        names.append("protection keys")
    return ", ".join(names) or "nothing"


class NotOurs(Exception):
    """The file is none that could hold sequences: a sentence."""


class _Elf:
    """The headers that are needed, each checked."""

    def __init__(self, data):
        self.data = data
        if len(data) < 64 or data[:4] != b"\177ELF":
            raise NotOurs("no ELF file")
        if data[4] != 2 or data[5] != 1:
            raise NotOurs("no 64-bit little-endian ELF file")
        (self.type, machine) = struct.unpack_from("<HH", data, 16)
        if machine not in MACHINES:
            raise NotOurs("an ELF file for machine %d" % machine)
        self.machine = MACHINES[machine]
        phoff, shoff = struct.unpack_from("<QQ", data, 32)
        (phentsize, phnum, shentsize, shnum, shstrndx) = struct.unpack_from("<HHHHH", data, 54)
        # type, flags, offset, vaddr, filesz
        self.segments = [(h[0], h[1], h[2], h[3], h[5])
                         for h in self._table("<IIQQQQQQ", phoff, phentsize, phnum)]
        headers = list(self._table("<IIQQQQIIQQ", shoff, shentsize, shnum))
        names = b""
        if shstrndx < len(headers):
            names = self.bytes(headers[shstrndx][4], headers[shstrndx][5])
        # name, type, flags, addr, offset, size
        self.sections = [(names[h[0]:].split(b"\0", 1)[0].decode("ascii", "replace"),) +
                         h[1:6] for h in headers]

    def _table(self, form, off, size, nr):
        one = struct.Struct(form)
        if size < one.size:
            return
        for i in range(nr):
            if off + i * size + one.size > len(self.data):
                return
            yield one.unpack_from(self.data, off + i * size)

    def bytes(self, off, length):
        """What of that there is in the file."""
        return self.data[off:off + length] if off < len(self.data) else b""


def read(path):
    """Contents of the file PATH, at the addresses that its headers give; NotOurs or OSError."""
    with open(path, "rb") as file:
        try:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:
            raise NotOurs("an empty file") from None
    elf = _Elf(data)
    contents = Contents(elf.machine, [], {}, {}, [])
    for kind, flags, off, addr, size in elf.segments:
        if kind == 1 and flags & 1:
            contents.sequences.extend(pages(elf.bytes(off, size), addr))
    for name, kind, flags, addr, off, size in elf.sections:
        if not flags & SHF_ALLOC:
            continue
        # A name that is there twice tells nothing of where.
        contents.sections[name] = None if name in contents.sections else addr
        if kind == 8:       # NOBITS: the file of debug information
            continue
        if name == "estp_entries":
            contents.sequences.extend(records(elf.bytes(off, size), addr))
        elif name == "estp_marks":
            contents.marks.update(marks(elf.bytes(off, size), addr))
    if len(elf.sections) < 2:
        contents.notes.append("without section headers inline sequences cannot be found, only pages")
    contents.sequences.sort()
    return contents
