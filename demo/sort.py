# SPDX-License-Identifier: MIT
#
# Sorts a list with the C library's qsort and a Python callback, and says what memory the
# callback's machine code lies in. The callback itself reads /proc/self/maps, while qsort is
# running, so what is shown is what an attacker would find. Reported are
#   - the libffi that is mapped, by its path;
#   - the mapping that the code lies in;
#   - every other mapping of the same bytes that can be written to, and every descriptor that can;
#   - every mapping of the process that is writable and executable.
# The last line is the verdict in a few words. Status: 0 sorted, and the code cannot be written
# to; 1 sorted, but it can; 2 not sorted; 3 sorted, but on another libffi than the argument (a
# path, or none) names.

import ctypes
import os
import sys

NUMBERS = [13, 2, 34, 5, 1, 21, 8, 3]


class Mapping:
    def __init__(self, line):
        field = line.split(None, 5)
        self.start, self.end = (int(a, 16) for a in field[0].split("-"))
        self.perms = field[1]
        self.offset = int(field[2], 16)
        self.file = (field[3], field[4]) if field[4] != "0" else None
        self.path = field[5].rstrip("\n") if len(field) > 5 else ""
        self.name = os.path.basename(self.path)

    def __str__(self):
        place = self.name if self.is_libffi() else self.path or "anonymous memory"
        return f"{self.perms}  {self.start:x}-{self.end:x}  {place}"

    def is_libffi(self):
        return self.name.startswith("libffi.so.")

    def shows(self, file, offset):
        return self.file == file and self.offset <= offset < self.offset + self.end - self.start


def mappings():
    with open("/proc/self/maps") as maps:
        return [Mapping(line) for line in maps]


def descriptors(file):
    """The open descriptors of a mapped file that can write to it."""
    found = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            info = os.stat(int(fd))
            with open(f"/proc/self/fdinfo/{fd}") as lines:
                flags = next(int(line.split()[1], 8) for line in lines if line.startswith("flags"))
            device = f"{os.major(info.st_dev):02x}:{os.minor(info.st_dev):02x}"
            if (device, str(info.st_ino)) == file and flags & os.O_ACCMODE != os.O_RDONLY:
                found.append(f"{fd} -> {os.readlink(f'/proc/self/fd/{fd}')}")
        except OSError:  # the descriptor of the listing itself
            pass
    return found


def row(name, text):
    print(f"    {name:<12}{text}")


def examine(code, maps, open_files):
    """Tells what the code lies in; returns the verdict, and whether the code is safe."""
    home = next(m for m in maps if m.start <= code < m.end)
    offset = home.offset + code - home.start
    row("code", home)

    aliases = []
    if home.file:
        views = [m for m in maps if m is not home and m.shows(home.file, offset)]
        aliases = [m for m in views if "w" in m.perms]
    for alias in aliases:
        row("also there", alias)
    for fd in open_files:
        row("open file", fd)

    both = [m for m in maps if "w" in m.perms and "x" in m.perms]
    for mapping in both:
        if mapping is not home:
            row("W+X", mapping)

    if home in both:
        verdict = "in anonymous memory, " if not home.file else "in a file, "
        return verdict + home.perms[:3], False
    if aliases:
        return f"in a file mapped twice, {home.perms[:3]} and {aliases[0].perms[:3]}", False
    if both or open_files or "w" in home.perms:
        return "in memory that can be written to", False
    row("", "no writable view of it, no descriptor to write to it, nothing in the process is W+X")
    return f"in {'the text of ' if home.is_libffi() else ''}{home.name}, {home.perms[:3]}", True


def main():
    wanted = sys.argv[1] if sys.argv[1:] and sys.argv[1] != "none" else None

    libc = ctypes.CDLL(None)
    pointer = ctypes.POINTER(ctypes.c_int)
    compare_t = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer)
    seen = []

    def compare(a, b):
        if not seen:
            maps = mappings()
            home = next(m for m in maps if m.start <= code < m.end)
            seen.append((maps, descriptors(home.file) if home.file else []))
        return a[0] - b[0]

    libraries = sorted({m.path for m in mappings() if m.is_libffi()})
    row("library", ", ".join(libraries) or "no libffi is mapped")

    try:
        callback = compare_t(compare)
    except MemoryError as error:
        row("callback", f"ctypes raised {error!r}: libffi has no memory for its code")
        print("no callback: MemoryError")
        return 2

    code = ctypes.cast(callback, ctypes.c_void_p).value
    array = (ctypes.c_int * len(NUMBERS))(*NUMBERS)
    size = ctypes.sizeof(ctypes.c_int)
    libc.qsort(array, ctypes.c_size_t(len(array)), ctypes.c_size_t(size), callback)
    row("qsort", " ".join(map(str, NUMBERS)) + "  ->  " + " ".join(map(str, array)))
    if not seen or list(array) != sorted(NUMBERS):
        print("not sorted")
        return 2

    verdict, safe = examine(code, *seen[0])
    if wanted and [os.path.realpath(wanted)] != libraries:
        row("", f"expected: {os.path.realpath(wanted)}")
        print("another libffi was loaded")
        return 3
    print(verdict)
    return 0 if safe else 1


sys.exit(main())
