# SPDX-License-Identifier: MIT
"""What readelf and objdump say of a shared object, as Python has it."""

import os
import re
import shlex
import struct
import subprocess


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class SharedObject:
    def __init__(self, path):
        self.path = path
        self.sections = self._sections()
        with open(path, "rb") as file:
            self.bytes = file.read()

    def _readelf(self, *options):
        return output("readelf", "-W", *options, self.path)

    def _sections(self):
        """name: (address, offset, size, flags)"""
        found = {}
        row = re.compile(r"\] (\S+) +\S+ +([0-9a-f]{16}) ([0-9a-f]+) ([0-9a-f]+) \S+ +([A-Z]*) ")
        for name, address, offset, size, flags in row.findall(self._readelf("-S")):
            found[name] = (int(address, 16), int(offset, 16), int(size, 16), flags)
        return found

    def segments(self):
        """(type, flags, address, size in memory)"""
        row = re.compile(r"^  (\w+) +0x\w+ 0x(\w+) 0x\w+ 0x\w+ 0x(\w+) ([RWE ]{3}) ", re.M)
        return [(kind, flags.replace(" ", ""), int(address, 16), int(size, 16))
                for kind, address, size, flags in row.findall(self._readelf("-l"))]

    def alignments(self):
        """Of the segments that are loaded."""
        return [int(value, 16) for value in re.findall(r"^  LOAD .* 0x(\w+)$", self._readelf("-l"), re.M)]

    def dynamic(self):
        """tag: [value]"""
        found = {}
        for tag, value in re.findall(r"^ 0x\w+ \((\w+)\) +(.*)$", self._readelf("-d"), re.M):
            found.setdefault(tag, []).append(value)
        return found

    def _symbols(self, option):
        row = re.compile(r"^ +\d+: (\w+) +(\w+) (\w+) +(\w+) +(\w+) +(\w+)(?: \[[^]]*\])? (\S+)",
                         re.M)
        for value, size, kind, binding, visibility, index, name in row.findall(
                self._readelf(option)):
            yield name, kind, int(value, 16), int(size, 0), binding, index

    def exports(self):
        """name@@version: (type, size)"""
        return {name: (kind, size)
                for name, kind, _, size, binding, index in self._symbols("--dyn-syms")
                if index not in ("UND", "ABS") and binding != "LOCAL"}

    def imports(self):
        return {name.split("@")[0] for name, _, _, _, _, index in self._symbols("--dyn-syms")
                if index == "UND"}

    def addresses(self):
        """name: (address, size), of everything, hidden or not"""
        return {name: (value, size) for name, _, value, size, _, index in self._symbols("-s")
                if index not in ("UND", "ABS")}

    def functions(self):
        """Those that other objects see."""
        return {name.split("@")[0]: value
                for name, kind, value, _, _, index in self._symbols("--dyn-syms")
                if kind == "FUNC" and index != "UND"}

    def versions(self):
        """version: parent or None, without the file's own name"""
        text = self._readelf("-V").split("Version definition section")[1].split("Version needs")[0]
        found, last = {}, None
        for flags, name, parent in re.findall(
                r"Flags: (\S+) .*Name: (\S+)|Parent 1: (\S+)", text):
            if parent:
                found[last] = parent
            elif flags != "BASE":
                found[name], last = None, name
        return found

    def notes(self):
        return self._readelf("-n")

    def relative_relocations(self):
        """Addresses that are computed when the object is loaded."""
        return [int(value, 16)
                for value in re.findall(r"R_\w+_RELATIVE +([0-9a-f]+)", self._readelf("-r"))]

    def at(self, address, size):
        """The bytes at an address; None in memory that is not in the file."""
        for start, offset, length, _ in self.sections.values():
            if start and start <= address and address + size <= start + length:
                return self.bytes[offset + address - start:offset + address - start + size]
        return None

    def numbers(self, name, form):
        """The numbers of a table, each with its address."""
        start, size = self.addresses()[name]
        step = struct.calcsize("<" + form)
        return [(start + i, struct.unpack("<" + form, self.at(start + i, step))[0])
                for i in range(0, size, step)]

    def disassembly(self):
        return output(*shlex.split(os.environ["OBJDUMP"]), "-d", "--no-show-raw-insn", self.path)
