# SPDX-License-Identifier: MIT
"""Sequences in words, and in gdb's disassembly.

    | an instruction of a span, > the first one of a response
"""
import gdb

from . import inferior, records

try:
    import gdb.disassembler
except ImportError:         # before gdb 13
    pass


def place(addr):
    """An address, with the symbol that it belongs to."""
    text = gdb.format_address(addr) if hasattr(gdb, "format_address") else hex(addr)
    return text if "<" in text else "0x%x" % addr


def span(sequence):
    return "[0x%x, 0x%x)" % (sequence.start, sequence.end)


def leads(sequence):
    """Where it leads, in words."""
    if sequence.restarts:
        return "begins anew"
    return "goes on at " + place(sequence.response)


def details(sequence):
    """What beside span and response there is to say."""
    if sequence.selector == records.INTERRUPT:
        return "clears " + records.cleared(sequence.clear_mask, sequence.flags,
                                           inferior.machine())
    if sequence.selector == records.FAULT:
        return ", ".join(name for i, name in enumerate(records.CAUSES)
                         if sequence.causes >> i & 1)
    return ""


def note(pc, length):
    """What there is to say of the instruction at PC, or ''."""
    words = []
    for sequence in inferior.around(pc):
        name = records.SELECTORS[sequence.selector]
        first, last = sequence.start == pc, pc + length >= sequence.end
        name += " only here" if first and last else " from here" if first else \
                " to here" if last else ""
        words.append("| " + name + (", anew" if first and sequence.restarts else ""))
    for sequence in inferior.responses(pc):
        if not sequence.restarts:
            words.append("> %s of %s" % (records.SELECTORS[sequence.selector], span(sequence)))
    for kind, rule in inferior.said(pc):
        if kind == records.COMMIT:
            words.append("commit")
        elif kind == records.UNPUBLISHED:
            words.append("unpublished")
        elif kind == records.WAIVE:
            words.append("waives " + records.RULES.get(rule, str(rule)))
    return "  ".join(words)


class _Marks(gdb.Parameter):
    """Show exceptional sequences in disassembly.

Each instruction of a sequence, and each response, gets a comment that begins with "estp:"."""

    set_doc = show_doc = "Marks of exceptional sequences in disassembly."

    def __init__(self):
        super().__init__("estp marks", gdb.COMMAND_DATA, gdb.PARAM_BOOLEAN)
        self.value = True

    def get_set_string(self):
        return ""

    def get_show_string(self, value):
        return "Sequences are %smarked in disassembly." % ("" if value == "on" else "not ")


class Prefix(gdb.Command):
    """A word that commands or parameters stand behind."""

    def __init__(self, name, doc):
        self.__doc__ = doc
        super().__init__(name, gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


Prefix("set estp", "How exceptional sequences are shown.")
Prefix("show estp", "How exceptional sequences are shown.")
shown = _Marks()

if hasattr(gdb, "disassembler"):
    class _Disassembler(gdb.disassembler.Disassembler):
        """gdb's own, with a comment where there is something to say."""

        def __init__(self):
            super().__init__("estp")
            self.next = None

        def __call__(self, info):
            said = ""
            if shown.value:
                result = gdb.disassembler.builtin_disassemble(info)
                said = note(info.address, result.length)
            # None: gdb does it, with its colours.
            if not said:
                return self.next(info) if self.next else None
            if self.next:
                result = self.next(info) or result
            return gdb.disassembler.DisassemblerResult(
                length=result.length, string=result.string + "\t# estp: " + said)

    _ours = _Disassembler()
    _before = gdb.disassembler.register_disassembler(_ours, None)
    if _before is not None and _before.name != "estp":
        _ours.next = _before
