# SPDX-License-Identifier: MIT
"""Why the program stands where it stands.

A thread that a debugger stops in a PREEMPTION sequence is shown at the response already
(SPEC DBG-3). What tells that from a thread which came there by itself are the counters: they
rise by each diversion. They belong to the process, not to a thread, and so it is said.
"""
import gdb

from . import inferior, marks, records

THREADS_MAX = 200       # are looked at

_before = {}        # process: diversions by selector when it last stopped


def _places():
    """The threads that have stopped, and their pcs."""
    selected = gdb.selected_thread()
    try:
        for thread in gdb.selected_inferior().threads()[:THREADS_MAX]:
            if thread.is_stopped():
                thread.switch()
                yield "thread %d" % thread.num, int(gdb.newest_frame().pc())
    except gdb.error:
        pass
    finally:
        selected.switch()


def _stopped(_event):
    inferior.stopped()
    process = gdb.selected_inferior().pid
    try:
        now = inferior.counters().diversions
    except inferior.Unknown:
        return
    before = _before.get(process)
    _before[process] = now
    if before is None:
        # What one did before gdb came is not known; of ours nothing is missing.
        before = now if gdb.selected_inferior().was_attached else (0, 0, 0)
    rose = [new - old for new, old in zip(now, before)]
    if not any(n > 0 for n in rose):
        return
    for name, pc in _places():
        for sequence in inferior.responses(pc):
            nr = rose[sequence.selector]
            if nr > 0:
                print("estp: %s stands at the response to %s in %s: %s since the last stop" % (
                    name, records.SELECTORS[sequence.selector], marks.span(sequence),
                    "1 diversion" if nr == 1 else "%d diversions" % nr))


def _exited(event):
    _before.pop(event.inferior.pid, None)
    inferior.forget()


_CONNECTED = (
    (gdb.events.stop, _stopped),
    (gdb.events.exited, _exited),
    (gdb.events.new_objfile, inferior.forget),
    (gdb.events.clear_objfiles, inferior.forget),
)

for _registry, _function in _CONNECTED:
    _registry.connect(_function)


def disconnect():
    """Before this file is loaded anew."""
    for registry, function in _CONNECTED:
        registry.disconnect(function)
