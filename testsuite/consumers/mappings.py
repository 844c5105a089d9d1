# SPDX-License-Identifier: MIT
"""What is writable and executable in a copy of /proc/PID/maps: in one mapping, or through two views of a file."""
from dataclasses import dataclass


@dataclass
class Mapping:
    start: int
    end: int
    mode: str
    offset: int
    file: tuple[str, str]  # device and inode, which a path may hide
    path: str

    def __str__(self) -> str:
        return f"{self.start:x}-{self.end:x} {self.mode} {self.path or 'anonymous'}"

    def overlaps(self, other: "Mapping") -> bool:
        """Whether both are views of one file that share a page."""
        size, others = self.end - self.start, other.end - other.start
        return (self.file == other.file and self.file[1] != "0"
                and self.offset < other.offset + others and other.offset < self.offset + size)


def read_maps(text: str) -> list[Mapping]:
    mappings = []
    for line in text.splitlines():
        addresses, mode, offset, device, inode, *path = line.split(maxsplit=5)
        start, end = (int(address, 16) for address in addresses.split("-"))
        mappings.append(Mapping(start, end, mode, int(offset, 16), (device, inode), path[0] if path else ""))
    return mappings


def writable_code(mappings: list[Mapping]) -> list[str]:
    """What is writable and executable, told for people. A page that only other programs' views make
    writable is not seen."""
    found = [str(m) for m in mappings if "w" in m.mode and "x" in m.mode]
    views = [m for m in mappings if "w" in m.mode and m.mode.endswith("s")]
    code = [m for m in mappings if "x" in m.mode]
    return found + [f"{c}, written through {v}" for c in code for v in views if c is not v and c.overlaps(v)]
