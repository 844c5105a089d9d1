# SPDX-License-Identifier: MIT
"""Whether a library could be found by its path at every moment of an installation.

    trace.py PATH TRACE BEFORE AFTER

TRACE is strace's, of all processes; BEFORE and AFTER list PATH's folder then, a
line for each name that begins as PATH's does: the name, and what it is a link to. The trace is replayed on the one
and has to lead to the other. Prints "never", or "gone:" and the programs that were started while PATH led to no file.
"""
import os
import re
import sys

path, trace, before, after = sys.argv[1:]
folder, wanted = os.path.split(path)
CALL = re.compile(r"(\d+) +(\w+)\((.*)\) += 0$")


def listing(file):
    with open(file) as lines:
        return dict((line.split() + [""])[:2] for line in lines)


def calls():
    """Each call that succeeded, when it had: (name, its strings)."""
    begun = {}
    with open(trace, errors="replace") as lines:
        for line in lines:
            process, _, rest = line.rstrip("\n").partition(" ")
            rest = rest.strip()
            if rest.endswith("<unfinished ...>"):
                begun[process] = rest.removesuffix("<unfinished ...>")
                continue
            if rest.startswith("<... ") and process in begun:
                rest = begun.pop(process) + rest.partition(" resumed>")[2]
            found = CALL.match(f"{process} {rest}")
            if found:
                yield found[2], re.findall(r'"((?:[^"\\]|\\.)*)"', found[3])


def here(name):
    """A name in the folder, or None if it is of no interest."""
    name = re.sub("^/lib/", "/usr/lib/", os.path.normpath(name))
    head, tail = os.path.split(name)
    return tail if head == folder and tail.startswith(wanted) else None


def leads():
    return wanted in names and (not names[wanted] or names[wanted] in names)


names, started, gone = listing(before), set(), False
for call, strings in calls():
    if call == "execve" and not leads():
        started.add(os.path.basename(strings[0]))
    elif call.startswith("symlink") and here(strings[1]):
        names[here(strings[1])] = strings[0]
    elif call.startswith("link") and here(strings[1]):
        names[here(strings[1])] = names.get(here(strings[0]), "")
    elif call.startswith("rename"):
        content = names.pop(here(strings[0]), "")
        if here(strings[1]):
            names[here(strings[1])] = content
    elif call.startswith("unlink") and here(strings[0]):
        names.pop(here(strings[0]), None)
    gone = gone or not leads()
if names != listing(after):
    sys.exit(f"the trace leads to {names}, not to {listing(after)}")
print(*["gone:", *sorted(started)] if gone else ["never"])
