# SPDX-License-Identifier: MIT
"""What .eh_frame says of personality routines: whom an unwinder calls, and at which frames (LSB 4.1, 10.6)."""

import struct

# DW_EH_PE_pcrel, _sdata4: a distance from where it stands, in four bytes that are signed (LSB 4.1, 10.5.1).
PCREL_SDATA4 = 0x1b


class Reader:
    """Reads the bytes of .eh_frame from an address on."""

    def __init__(self, so, address):
        self.so, self.address = so, address

    def bytes(self, size):
        self.address += size
        return self.so.at(self.address - size, size)

    def number(self, form):
        return struct.unpack("<" + form, self.bytes(struct.calcsize("<" + form)))[0]

    def leb128(self):
        """Of either sign: the value of none that is used is looked at."""
        value = shift = 0
        while True:
            byte = self.number("B")
            value |= (byte & 0x7f) << shift
            shift += 7
            if not byte & 0x80:
                return value

    def string(self):
        return b"".join(iter(lambda: self.bytes(1), b"\0")).decode()

    def distance(self, encoding):
        if encoding != PCREL_SDATA4:
            raise ValueError(f"an address is encoded as {encoding:#x}")
        return self.address + self.number("i")


def common(so, address):
    """The augmentation of the CIE at that address: letter: value"""
    reader = Reader(so, address + 8)
    version = reader.number("B")
    letters = reader.string()
    reader.leb128()
    reader.leb128()
    reader.leb128() if version != 1 else reader.number("B")
    found = {}
    for letter in letters:
        if letter == "z":
            found[letter] = reader.leb128()
        elif letter in "RL":
            found[letter] = reader.number("B")
        elif letter == "P":
            found[letter] = reader.distance(reader.number("B"))
        else:
            found[letter] = None
    return found


def frames(so):
    """(start, size, augmentation of its CIE), of each function"""
    start, _, size, _ = so.sections[".eh_frame"]
    at = start
    while at < start + size:
        reader = Reader(so, at)
        length = reader.number("I")
        if length == 0:
            break
        here, back = reader.address, reader.number("I")
        if back != 0:
            augmentation = common(so, here - back)
            yield reader.distance(augmentation["R"]), reader.number("I"), augmentation
        at = here + length


def check(so, test):
    symbols, known = so.addresses(), list(frames(so))
    test("each function of the text has a frame", len(known) > 170, len(known))
    with_routine = [frame for frame in known if "P" in frame[2]]
    test("unwinders stop at rx_guarded, and at no other frame",
         [frame[:2] for frame in with_routine] == [symbols["rx_guarded"]], with_routine)
    routines = {frame[2]["P"] for frame in with_routine}
    test("they call rx_guard_personality there", routines == {symbols["rx_guard_personality"][0]}, routines)
    test("which is given no LSDA: what it needs is in the frame",
         not any("L" in frame[2] for frame in known), with_routine)
