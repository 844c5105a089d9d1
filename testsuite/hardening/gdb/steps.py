# SPDX-License-Identifier: MIT
#
# steps: gdb steps through the program shapes.c, instruction by instruction, and looks after each whether a
# backtrace gets to main by way of the function that steps.
#
#     gdb -batch -nx -ex "set args N" -x steps.py shapes
#     gdb -batch -nx -ex "target remote STUB" -x steps.py shapes      where it has been started for gdb
#
# Prints `lost FUNCTION+OFFSET: BACKTRACE` for each instruction where it does not, and `steps N lost N
# instructions N`.
import gdb

MOST_FRAMES = 60
# An instruction is looked at so many times: its unwind information is one, whatever the signature.
LOOKS = 4


def names():
    """The functions of the backtrace, from the innermost."""
    found = []
    frame = gdb.newest_frame()
    try:
        while frame is not None and len(found) < MOST_FRAMES:
            found.append(frame.name() or hex(frame.pc()))
            frame = frame.older()
    except gdb.error as error:
        found.append("(%s)" % error)
    return found


def where():
    """The instruction that comes next, for people."""
    return gdb.execute("x/i $pc", to_string=True).strip().replace("=> ", "")


def is_whole(trace):
    """Whether it goes on from what is stepped to main."""
    return ["step_through", "main"] in (trace[i:i + 2] for i in range(len(trace)))


class Stepping:
    def __init__(self):
        self.steps = 0
        self.lost = {}
        self.seen = {}

    def step_through_one(self):
        """From the return of step_from_here to the call of step_to_here."""
        gdb.execute("finish", to_string=True)
        begin = gdb.lookup_global_symbol("step_to_here").value()
        stop = int(begin.address)
        while True:
            pc = gdb.newest_frame().pc()
            if pc == stop:
                return
            self.steps += 1
            self.seen[pc] = self.seen.get(pc, 0) + 1
            if self.seen[pc] <= LOOKS and not is_whole(names()) and pc not in self.lost:
                self.lost[pc] = "%s: %s" % (where(), " < ".join(names()))
            gdb.execute("stepi", to_string=True)


def start():
    """Up to the first step_from_here."""
    gdb.Breakpoint("step_from_here")
    if gdb.selected_inferior().pid:
        gdb.execute("continue", to_string=True)
        return
    for setting in ("disable-randomization on", "env LD_BIND_NOW=1"):
        gdb.execute("set " + setting, to_string=True)
    gdb.execute("run", to_string=True)


def main():
    for setting in ("pagination off", "confirm off", "debuginfod enabled off", "print frame-arguments none",
                    "breakpoint pending off", "backtrace past-main off", "backtrace limit %d" % MOST_FRAMES):
        gdb.execute("set " + setting, to_string=True)
    stepping = Stepping()
    start()
    try:
        while gdb.selected_inferior().pid:
            stepping.step_through_one()
            gdb.execute("continue", to_string=True)
    except gdb.error as error:
        print("failed: the program ended in a step, %s" % error)
    for text in stepping.lost.values():
        print("lost", text)
    print("steps %d lost %d instructions %d" % (stepping.steps, len(stepping.lost), len(stepping.seen)))


main()
