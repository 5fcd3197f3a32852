# SPDX-License-Identifier: MIT
"""gdb, driven: tests/gdb/subject from main() to its end, and once more as the twin.

Run by tests/guest/lib/gdb_steps_and_shows.sh. Only gdb's own commands step and break; those of
lib/gdb are what is looked at.
"""
import re
import traceback

import gdb

DUMPED = "build/tests/gdb/dumped"  # what `estp dump --tabs` makes of program and libestp
nr = bad = 0


def result(holds, what):
    global nr, bad
    nr += 1
    bad += not holds
    print("%sok %d - %s" % ("" if holds else "not ", nr, what), flush=True)


def run(command):
    return gdb.execute(command, to_string=True)


def pc():
    return int(gdb.selected_frame().pc())


def address(name):
    return int(gdb.parse_and_eval("&" + name).cast(gdb.lookup_type("unsigned long")))


def number(name):
    return int(gdb.parse_and_eval(name))


def counters():
    """Diversions by selector, as `info estp` has them from the kernel."""
    match = re.search(r"diverted PREEMPTION (\d+), INTERRUPT (\d+), FAULT (\d+)", run("info estp"))
    return [int(n) for n in match.groups()]


def step_through(end, most):
    """By stepi, how many instructions it takes to get to END; None if it does not."""
    for steps in range(1, most + 1):
        run("stepi")
        if pc() == end:
            return steps
    return None


def begin(*arguments):
    gdb.execute("delete")
    run("set args " + " ".join(arguments))
    run("break main")
    run("run")


def go_to(where):
    """Continue to a breakpoint there; is it where the program has stopped?"""
    at = gdb.Breakpoint(where, temporary=True)
    run("continue")
    return not at.is_valid() or at.hit_count > 0


def stopped_in_spin(registered):
    """The other thread is in a sequence when this one meets its breakpoint."""
    result(go_to("stop_here"), "the breakpoint is met, no signal before")
    run("thread 2")
    at = pc()
    start, end = address("page_spin_start"), address("page_spin_end")
    if registered:
        result(at == start, "DBG-3: the thread that was in a sequence shows its response as pc")
    else:
        result(start < at < end, "without registration it shows where in the loop it is")
    run("thread 1")


def registered():
    try:
        run("info estp")
        known = True
    except gdb.error:
        known = False
    result(not known, "before libestp is loaded, gdb knows nothing of ESTP")
    begin()
    said = run("info estp")
    result("diverted PREEMPTION" in said, "its script came with it, and the kernel answers")

    with open(DUMPED, encoding="ascii") as file:
        dumped = file.read().splitlines()
    lines = [line for line in said.splitlines() if line.startswith("  0x")]
    result(len(dumped) > 10 and len(lines) == len(dumped),
           "info estp has each of the %d sequences of program and library" % len(dumped))
    result(all(line.endswith(", registered") for line in lines), "all are registered")
    result("Kernel: %d sequences" % len(lines) in said, "and nothing else is")
    selectors = sorted(line.split("\t")[2] for line in dumped)
    result(sorted(re.search(r"  ([A-Z]+), (table|page)", line).group(1) for line in lines) == selectors,
           "with their selectors")

    # ---- Inline
    result(go_to("inline_add"), "a breakpoint at an inline sequence")
    run("tbreak *page_add_start")
    code = run("disassemble")
    result(len(re.findall(r"# estp: \| PREEMPTION", code)) == 4 and "| PREEMPTION from here" in code
           and "| PREEMPTION to here  commit" in code, "disassembly marks it, and its commit")
    while "is in no sequence" in run("estp where"):
        run("stepi")
    before = counters()
    result("is in a PREEMPTION sequence" in run("estp where") and "begins anew" in run("estp where"),
           "estp where tells what it is")
    start = pc()
    length = int(re.search(r"\[0x([0-9a-f]+), 0x([0-9a-f]+)\)", run("estp where")).group(2), 16) - start
    steps = step_through(start + length, 100)
    result(steps == 4, "DBG-1: stepi comes through in as many steps as it has instructions (%s)" % steps)
    result(counters() == before, "none of which diverted")
    result(number("inline_value") == 1, "and what it does is done once")

    # ---- A page
    run("continue")
    result(pc() == address("page_add_start"), "a breakpoint at the start of a page's sequence")
    run("stepi")
    # From here to there it runs, and may be preempted like any other.
    result(go_to("*(page_add_end - 3)"), "one in its middle")
    result(pc() == address("page_add_end") - 3, "DBG-2: it stands there, not at the response")
    before = counters()
    result(re.search(r"(?m)^=> .*# estp: \| PREEMPTION to here$", run("estp disassemble")),
           "estp disassemble shows it")
    said = run("estp finish")
    result(said.startswith("1 step\n") and pc() == address("page_add_end"), "estp finish comes to its end")
    result(number("page_value") == 1, "and what it does is done once")
    result(counters() == before, "nor was it diverted")

    # ---- A fault, on a breakpoint
    run("break *page_peek_start")
    run("continue")
    result(pc() == address("page_peek_start"), "a breakpoint at a load that will fault")
    stopped_in_spin(True)
    after = counters()
    result(after[2] == before[2] + 1, "the load was diverted as FAULT, from under a breakpoint")
    result(after[0] > before[0], "and the thread as PREEMPTION")
    run("generate-core-file /tmp/subject.core")

    # ---- What lib/gdb turns off, and why
    result(gdb.parameter("displaced-stepping") is False,
           "gdb does not step by copies of instructions elsewhere")
    gdb.execute("set displaced-stepping on")
    match = re.search(r"0x[0-9a-f]+ <estp_load64\+\d+>\.\.", run("info estp"))
    run("break *" + match.group().split()[0])
    run("continue")
    result(pc() == int(match.group().split()[0], 16), "a breakpoint at libestp's load")
    signal = []
    gdb.events.stop.connect(lambda event: signal.append(getattr(event, "stop_signal", None)))
    run("continue")
    result(signal == ["SIGSEGV"], "if it did, a fault would be out of its span")
    gdb.execute("set displaced-stepping off")
    run("signal 0")
    result(not gdb.selected_inferior().pid, "without, the program goes to its end")


def twin():
    begin("unregistered")
    go_to("page_add")
    said = run("info estp")
    result(said.count("page, ") == said.count(", not registered") == 3, "the twin's page is not registered")
    before = counters()
    stopped_in_spin(False)
    result(counters()[0] == before[0], "and no diversion is counted")
    run("continue")


def core():
    gdb.execute("delete")
    run("core-file /tmp/subject.core")
    said = run("info estp")
    result(len(re.findall(r"(?m)^  0x", said)) > 10 and "no process of this machine" in said,
           "a core file has the sequences, and no kernel to ask")
    run("thread 1")
    found = [thread for thread in gdb.selected_inferior().threads()
             if thread.switch() or "response to PREEMPTION" in run("estp where")]
    result(len(found) == 1, "one of its threads stands at the response")


try:
    gdb.execute("set confirm off")
    gdb.execute("set pagination off")
    gdb.execute("set debuginfod enabled off")
    registered()
    twin()
    core()
except Exception:   # pylint: disable=broad-except
    traceback.print_exc()
    result(False, "the session went to its end")
print("1..%d" % nr, flush=True)
gdb.execute("quit %d" % bool(bad))
