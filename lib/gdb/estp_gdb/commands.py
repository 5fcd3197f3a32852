# SPDX-License-Identifier: MIT
"""The commands."""
import gdb

from . import inferior, marks, records

STEPS_MAX = 100000      # a sequence that takes longer loops


def _pc():
    try:
        return int(gdb.selected_frame().pc())
    except gdb.error as error:
        raise gdb.GdbError("There is no pc: %s" % error) from None


def _address(argument):
    """Of what the user names, or the pc."""
    if not argument:
        return _pc()
    try:
        value = gdb.parse_and_eval(argument)
        if value.type.strip_typedefs().code in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_ARRAY):
            value = value.address
        # None: an array of gdb's own, as a text is.
        if value is not None:
            # Not by a type of C: other languages have none of that name.
            return int(value) & 0xffffffffffffffff
    except gdb.error:
        pass
    try:
        # A place in the source, as `break` takes it.
        places = gdb.decode_line(argument)[1]
    except gdb.error as error:
        raise gdb.GdbError(str(error)) from None
    if not places:
        raise gdb.GdbError("'%s' is no address." % argument)
    return int(places[0].pc)


def _disassemble(start, end):
    """(address, length, text) of the instructions in [START, END), without our own marks.

As far as they can be read; an error if none can."""
    found, at = [], start
    before, marks.shown.value = marks.shown.value, False
    try:
        try:
            architecture = gdb.selected_frame().architecture()
        except gdb.error:
            architecture = gdb.selected_inferior().architecture()
        # One at a time: of several gdb gives none if one cannot be read.
        while at < end:
            one = architecture.disassemble(at, count=1)[0]
            found.append((at, one["length"], one["asm"]))
            at += one["length"]
    except gdb.MemoryError as error:
        if not found:
            raise gdb.GdbError(str(error)) from None
    finally:
        marks.shown.value = before
    return found


def _print_instructions(instructions):
    try:
        pc = _pc()
    except gdb.GdbError:
        pc = None
    width = max((len(text.expandtabs(8)) for _, _, text in instructions), default=0)
    for addr, length, text in instructions:
        said = marks.note(addr, length)
        print("%s %s\t%s" % ("=>" if addr == pc else "  ", marks.place(addr),
                             text.expandtabs(8).ljust(min(width, 48)) +
                             ("  # estp: " + said if said else "")))


class _Info(gdb.Command):
    """The exceptional sequences of the program, and what the kernel has of them.

All that loaded objects hold is listed, object by object: span, selector, response, layout.
Where the program runs on this machine and the module estp is loaded, it is said of each
whether it is registered, what else is, and what the kernel has counted."""

    def __init__(self):
        super().__init__("info estp", gdb.COMMAND_STATUS, gdb.COMPLETE_NONE)

    @staticmethod
    def _line(sequence, state):
        words = [records.SELECTORS[sequence.selector], records.LAYOUTS[sequence.layout],
                 marks.leads(sequence)]
        if marks.details(sequence):
            words.append(marks.details(sequence))
        if state:
            words.append(state)
        print("  %s..0x%x  %s" % (marks.place(sequence.start), sequence.end, ", ".join(words)))

    def invoke(self, argument, from_tty):
        if argument:
            raise gdb.GdbError("info estp takes no argument.")
        reason = counters = None
        known = set()
        try:
            known = set(inferior.registered())
            counters = inferior.counters()
        except inferior.Unknown as error:
            reason = str(error)
        objects = inferior.objects()
        held = set()
        for one in objects:
            held.update(one.sequences)
            print("%s: %d sequence%s" % (one.name, len(one.sequences),
                                         "" if len(one.sequences) == 1 else "s"))
            for sequence in one.sequences:
                self._line(sequence, None if reason else "registered" if sequence in known
                           else "not registered")
            for text in one.notes:
                print("  note: " + text)
        if not held:
            print("No loaded object holds sequences.")
        others = sorted(known - held)
        if others:
            print("Registered, but in no object: %d" % len(others))
            for sequence in others:
                self._line(sequence, None)
        if reason:
            print("What is registered is not known: %s." % reason)
        else:
            print("Kernel: %d sequences on %d pages, %d bytes; diverted %s; %d fences" % (
                counters.sequences, counters.pages, counters.memory,
                ", ".join("%s %d" % pair
                          for pair in zip(records.SELECTORS, counters.diversions)),
                counters.fences))


class _Where(gdb.Command):
    """Is there an exceptional sequence: estp where [LOCATION]

Of the pc of the selected frame, or of LOCATION: the sequences whose span holds it, and those
whose response it is."""

    def __init__(self):
        super().__init__("estp where", gdb.COMMAND_STATUS, gdb.COMPLETE_LOCATION)

    def invoke(self, argument, from_tty):
        pc = _address(argument)
        inside = inferior.around(pc)
        leading = [s for s in inferior.responses(pc) if not s.restarts]
        for sequence in inside:
            print("%s is in a %s sequence %s, at +%d: it %s" % (
                marks.place(pc), records.SELECTORS[sequence.selector], marks.span(sequence),
                pc - sequence.start, marks.leads(sequence)))
        for sequence in leading:
            print("%s is the response to %s in %s" % (
                marks.place(pc), records.SELECTORS[sequence.selector], marks.span(sequence)))
        if not inside and not leading:
            print("%s is in no sequence" % marks.place(pc))


class _Disassemble(gdb.Command):
    """Sequences as code: estp disassemble [LOCATION]

Span and response of each sequence that holds the pc, or LOCATION, or that it is the response
of. Marked are | each instruction of a span, > a response, and what the source says."""

    RESPONSE = 8        # instructions at most, of a response whose length is not known

    def __init__(self):
        super().__init__("estp disassemble", gdb.COMMAND_DATA, gdb.COMPLETE_LOCATION)

    def invoke(self, argument, from_tty):
        pc = _address(argument)
        found = inferior.around(pc)
        found += [s for s in inferior.responses(pc) if s not in found]
        if not found:
            raise gdb.GdbError("%s is in no sequence; info estp lists them." % marks.place(pc))
        for sequence in found:
            print("%s %s: it %s" % (records.SELECTORS[sequence.selector], marks.span(sequence),
                                    marks.leads(sequence)))
            self._show(sequence.start, sequence.end)
            if not sequence.start <= sequence.response < sequence.end:
                print("response")
                self._show(sequence.response,
                           sequence.response_len and sequence.response + sequence.response_len)

    def _show(self, start, end):
        """END: 0 if it is not known."""
        code = _disassemble(start, end or start + 15 * self.RESPONSE)
        if not end:
            code = self._response(code)
        _print_instructions(code)
        if sum(code[-1][:2]) < end:
            print("   what follows cannot be read")

    def _response(self, instructions):
        """Of what stands there, what belongs to it: up to where it leaves for good."""
        for i, (_, _, text) in enumerate(instructions[:self.RESPONSE]):
            if text.split()[0] in ("ret", "retq", "jmp", "jmpq", "b", "br"):
                return instructions[:i + 1]
        return instructions[:self.RESPONSE]


class _Stop:
    """What gdb said of the last stop that a step of ours brought."""

    def __enter__(self):
        self.event = None
        # What gdb says of each stop is not for here; since gdb 12 it can be kept quiet.
        try:
            self.quiet = gdb.parameter("suppress-cli-notifications")
            gdb.execute("set suppress-cli-notifications on")
        except RuntimeError:
            self.quiet = None
        gdb.events.stop.connect(self._stopped)
        return self

    def __exit__(self, *_):
        gdb.events.stop.disconnect(self._stopped)
        if self.quiet is not None:
            gdb.execute("set suppress-cli-notifications %s" % ("on" if self.quiet else "off"))

    def _stopped(self, event):
        self.event = event

    def step(self):
        """One instruction of the selected thread; why that is not all, or None."""
        self.event = None
        thread = gdb.selected_thread()
        if thread is None or not thread.is_valid():
            raise gdb.GdbError("The program is not being run.")
        said = gdb.execute("stepi", to_string=True)
        if not gdb.selected_inferior().pid or gdb.selected_thread() is None:
            return said.strip() or "The program has ended."
        if gdb.selected_thread() != thread:
            return "Another thread has stopped: %d." % gdb.selected_thread().num
        if isinstance(self.event, gdb.SignalEvent):
            return "Signal %s." % self.event.stop_signal
        if isinstance(self.event, gdb.BreakpointEvent):
            return "Breakpoint %d." % self.event.breakpoints[0].number
        return None


def _show_pc():
    pc = _pc()
    line = gdb.find_pc_line(pc)
    if line.symtab is not None and line.line:
        print("%s:%d" % (line.symtab.filename, line.line))
    _print_instructions(_disassemble(pc, pc + 1))


class _Step(gdb.Command):
    """Step by instructions, and show each with its marks: estp step [N]"""

    def __init__(self):
        super().__init__("estp step", gdb.COMMAND_RUNNING, gdb.COMPLETE_NONE)

    def invoke(self, argument, from_tty):
        nr = int(gdb.parse_and_eval(argument)) if argument else 1
        with _Stop() as stop:
            for _ in range(nr):
                reason = stop.step()
                if gdb.selected_thread() is not None:
                    _show_pc()
                if reason:
                    print(reason)
                    break


class _Finish(gdb.Command):
    """Step to the end of the sequence that holds the pc.

By single steps, which no preemption diverts: so it comes to the end, whatever else the machine
does. Its guarantee is void for this run, as the commit may come after a preemption. It stops
early at a signal or a breakpoint."""

    def __init__(self):
        super().__init__("estp finish", gdb.COMMAND_RUNNING, gdb.COMPLETE_NONE)

    def invoke(self, argument, from_tty):
        if argument:
            raise gdb.GdbError("estp finish takes no argument.")
        if not inferior.around(_pc()):
            raise gdb.GdbError("The pc is in no sequence.")
        steps, reason = 0, None
        with _Stop() as stop:
            while inferior.around(_pc()):
                reason = stop.step()
                steps += 1
                if reason or steps == STEPS_MAX:
                    break
        print("%d step%s%s" % (steps, "" if steps == 1 else "s",
                               ": the sequence does not end" if steps == STEPS_MAX else ""))
        if gdb.selected_thread() is not None:
            _show_pc()
        if reason:
            print(reason)


marks.Prefix("estp", "Exceptional sequences: what is where, and stepping through them.")
_Info()
_Where()
_Disassemble()
_Step()
_Finish()
