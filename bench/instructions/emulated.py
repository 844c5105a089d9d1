# SPDX-License-Identifier: MIT
"""Reads what plugin.c has written, as `judge` reads callgrind's file: rows of (object, function)."""
import bisect
import os
import re
import shlex
import subprocess
from collections import Counter

MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ \S+ +(\S.*)")


class Symbols:
    """Which function of an object is at an offset in its file."""

    def __init__(self, path):
        self.starts, self.rows = [], []
        self.loaded = []
        # nm gives virtual addresses; the program headers say where they lie in the file.
        text = subprocess.run(["readelf", "-lW", path], check=True, capture_output=True, text=True).stdout
        for offset, address, size in re.findall(r"^  LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+) ", text, re.M):
            self.loaded.append((int(offset, 16), int(address, 16), int(size, 16)))
        nm = [*shlex.split(os.environ["NM"]), "-S", "--defined-only", path]
        text = subprocess.run(nm, check=True, capture_output=True, text=True).stdout
        for address, size, name in sorted(re.findall(r"^([0-9a-f]+) ([0-9a-f]+) [tT] (\S+)$", text, re.M)):
            self.starts.append(int(address, 16))
            self.rows.append((int(address, 16) + int(size, 16), name))

    def function(self, offset):
        for start, address, size in self.loaded:
            if start <= offset < start + size:
                at = address + offset - start
                i = bisect.bisect_right(self.starts, at) - 1
                if i >= 0 and at < self.rows[i][0]:
                    return self.rows[i][1]
        return "???"


def parts(path):
    """Yields for each row a Counter of (object, function), and the sum of all that was counted."""
    rows, mappings = [], []
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = iter(file)
        for line in lines:
            if line == "row\n":
                rows.append([])
            elif line == "maps\n":
                break
            else:
                address, times = line.split()
                rows[-1].append((int(address, 16), int(times)))
        for line in lines:
            found = MAPPING.match(line)
            if found and found[4].startswith("/"):
                start, end, offset = (int(number, 16) for number in found.groups()[:3])
                mappings.append((start, end, offset, found[4]))
    mappings.sort()
    starts = [mapping[0] for mapping in mappings]
    symbols = {}
    for row in rows:
        own = Counter()
        for address, times in row:
            i = bisect.bisect_right(starts, address) - 1
            if i >= 0 and address < mappings[i][1]:
                start, _, offset, name = mappings[i]
                if name not in symbols:
                    symbols[name] = Symbols(name)
                own[name, symbols[name].function(address - start + offset)] += times
            else:
                own["???", "???"] += times
        yield own, sum(times for _, times in row)
