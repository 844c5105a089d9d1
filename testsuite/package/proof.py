# SPDX-License-Identifier: MIT
"""Proves which libffi a program of the system runs on, by work that needs closures and by /proc/PID/maps.

    proof.py ctypes|gi|apt      prints the path of each libffi that is mapped once the work is done; status 0 if
                                that gave the right result
"""
import subprocess
import sys


def mapped(process):
    with open(f"/proc/{process}/maps") as maps:
        paths = {line.split(None, 5)[5].strip() for line in maps if "/" in line}
    return sorted(path for path in paths if path.rpartition("/")[2].startswith("libffi.so"))


def with_ctypes():
    """The C library sorts, and asks Python how."""
    import ctypes
    pointer = ctypes.POINTER(ctypes.c_int)
    compare = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer)(lambda a, b: a[0] - b[0])
    numbers = (ctypes.c_int * 5)(5, 2, 4, 1, 3)
    ctypes.CDLL(None).qsort(numbers, ctypes.c_size_t(5), ctypes.c_size_t(ctypes.sizeof(ctypes.c_int)), compare)
    assert list(numbers) == [1, 2, 3, 4, 5]
    return mapped("self")


def with_gi():
    """GLib's main loop calls Python back, and so does a signal."""
    from gi.repository import Gio, GLib
    called = []
    loop, group = GLib.MainLoop(), Gio.SimpleActionGroup()
    group.connect("action-added", lambda _, name: called.append(name))
    group.add_action(Gio.SimpleAction.new("one", None))
    GLib.idle_add(lambda: (called.append("idle"), loop.quit()) and False)
    loop.run()
    assert called == ["one", "idle"], called
    return mapped("self")


def with_apt():
    """What apt fetches with: a program of its own, by GnuTLS linked with a library that makes closures."""
    method = subprocess.Popen(["/usr/lib/apt/methods/http"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert method.stdout.readline().startswith(b"100 ")
        return mapped(method.pid)
    finally:
        method.stdin.close()
        method.wait()


print(*{"ctypes": with_ctypes, "gi": with_gi, "apt": with_apt}[sys.argv[1]](), sep="\n")
