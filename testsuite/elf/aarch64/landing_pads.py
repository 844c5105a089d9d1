# SPDX-License-Identifier: MIT
"""The BTI and PAC notes, and whether they are true: a landing pad of the right kind wherever an indirect jump
or call can lead, as far as the object's tables tell, and no return to an address that is not authenticated
where it was kept in memory. That it holds when code runs, qemu sees: the pages of a library with the note
are guarded."""

import re
import struct

# Instructions that a guarded page may be entered at, and how (Arm ARM, BTI and PACIASP).
PACIASP, BTI_C, BTI_J, BTI_JC = 0xd503233f, 0xd503245f, 0xd503249f, 0xd50324df
CALL = {PACIASP, BTI_C, BTI_JC}  # by blr, and by br x16 and br x17
JUMP = {BTI_J, BTI_JC}           # by br from any other register
AUTIASP, RET, BRK = 0xd50323bf, 0xd65f03c0, 0xd4200020

# RX_RET_VOID to RX_RET_MEMORY in area.h: the results of closures, 16 bytes of code each.
RESULTS = 23


def words(so, address, count):
    return struct.unpack(f"<{count}I", so.at(address, 4 * count))


def page_of(at, adrp):
    """What adrp at that address computes, and its register."""
    distance = (adrp >> 5 & 0x7ffff) << 2 | adrp >> 29 & 3
    distance -= (distance & 1 << 20) << 1
    return (at & -4096) + (distance << 12), adrp & 31


def is_trampoline(so, symbols, i):
    """bti c; x17 = cell i by adrp and add; x16 = the first word of record i by adrp and ldr; br x16; and then
    nothing that could be executed"""
    at = symbols["rx_trampolines"][0] + 32 * i
    pad, cell, add, word, load, jump, *rest = words(so, at, 8)
    if (pad, jump, rest) != (BTI_C, 0xd61f0200, [BRK, BRK]):
        return False
    # adrp Xd; add x17, x17, #n; ldr x16, [x16, #8 * n]
    if (cell >> 31, cell >> 24 & 31, word >> 31, word >> 24 & 31) != (1, 16, 1, 16):
        return False
    if add & ~(0xfff << 10) != 0x91000231 or load & ~(0xfff << 10) != 0xf9400210:
        return False
    cell, to = page_of(at + 4, cell)
    word, through = page_of(at + 12, word)
    return ((to, through) == (17, 16) and
            cell + (add >> 10 & 0xfff) == symbols["rx_cells"][0] + 128 * i and
            word + 8 * (load >> 10 & 0xfff) == symbols["rx_records"][0] + 16 * i)


def instructions(disassembly):
    """(address, mnemonic, operands), one after another"""
    for address, name, operands in re.findall(r"^ +([0-9a-f]+):\t(\S+)[ \t]*([^\n]*)", disassembly, re.M):
        yield int(address, 16), name, operands.split("//")[0].strip()


def taken_addresses(code):
    """What adr computes, which is where code is jumped to, and what adrp does with the add behind it."""
    near, far, pages = set(), set(), {}
    for _, name, operands in code:
        parts = [part.split()[0] for part in operands.split(", ")] if operands else [""]
        if name == "adr":
            near.add(int(parts[1], 16))
        elif name == "add" and len(parts) == 3 and parts[1] in pages and parts[2].startswith("#"):
            far.add(pages[parts[1]] + int(parts[2][1:], 16))
        if name == "adrp":
            pages[parts[0]] = int(parts[1], 16)
        elif name in ("b", "br", "ret", "bl", "blr"):
            pages.clear()
        elif not name.startswith(("st", "c")):
            pages.pop(parts[0], None)
    return near, far


def unauthenticated(code):
    """Returns behind a load of x30 without an autiasp between them."""
    found, loaded = [], False
    for address, name, operands in code:
        if name.startswith("ld") and re.search(r"\bx30\b", operands.split("[")[0]):
            loaded = True
        elif name in ("autiasp", "retaa"):
            loaded = False
        elif name == "ret" and loaded:
            found.append(hex(address))
        if name in ("ret", "b", "br", "retaa"):
            loaded = False
    return found


def check(so, pool, test):
    test("BTI and PAC are noted", "AArch64 feature: BTI, PAC" in so.notes(), so.notes())

    symbols, code = so.addresses(), list(instructions(so.disassembly()))
    text = so.sections[".text"]
    within = range(text[0], text[0] + text[2])
    trampolines = symbols["rx_trampolines"]
    outside = [line for line in code if not 0 <= line[0] - trampolines[0] < trampolines[1]]

    near, far = taken_addresses(outside)
    spare = symbols["rx_spare_page"]

    called = dict(so.functions())
    for address, distance in so.numbers("rx_arch_entries", "i"):
        called[f"entry at {address:#x}"] = address + distance
    for address in [*so.relative_relocations(), *far]:
        if address in within and address not in (trampolines[0], spare[0]):
            called[f"pointer to {address:#x}"] = address
    # Trampolines jump to those, and unwinders call this, by .eh_frame alone.
    for name in ("rx_arch_entry_freed", "rx_arch_entry_unprepared", "rx_entry_elsewhere", "rx_entry_go",
                 "rx_entry_attributed", "rx_guard_personality"):
        called[name] = symbols[name][0]
    missing = [name for name, address in called.items() if words(so, address, 1)[0] not in CALL]
    test(f"each of {len(called)} targets of calls and of jumps by x16 begins with bti c or paciasp",
         len(called) > 170 and not missing, missing)

    steps = symbols["rx_steps"][0]
    jumped = {f"step at {address:#x}": steps + distance
              for address, distance in so.numbers("rx_step_codes", "H") if distance}
    # adr is for the pieces of code, which the table has, and in the entries for the results behind it.
    entries = [symbols[name] for name in symbols if name.startswith("rx_entry_")]
    results = {address for address in near if any(start < address < start + size for start, size in entries)}
    test("closures have tables of results", len(results) == 5, results)
    for address in results:
        for i in range(RESULTS):
            jumped[f"result {i} behind {address:#x}"] = address + 16 * i
    tables = [hex(address) for address in near - results - {steps}]
    test("no other table is jumped by", not tables, tables)
    missing = [name for name, address in jumped.items() if words(so, address, 1)[0] not in JUMP]
    test(f"each of {len(jumped)} targets of other jumps begins with bti j",
         len(jumped) > 120 + 4 * RESULTS and not missing, missing)

    size = trampolines[1]
    test(f"there are {pool} trampolines", size == 32 * pool, size)
    wrong = [i for i in range(size // 32) if not is_trampoline(so, symbols, i)]
    test("each of them begins with bti c, and leads where it shall", not wrong, wrong[:10])

    # Arm ARM C4.1: of the words whose bits 25 to 28 and 31 are clear, none but udf's is an instruction.
    byte = so.at(symbols["rx_spare_byte"][0], 1)
    word = struct.unpack("<I", 4 * byte)[0]
    test("nothing on the spare page can be executed", so.at(*spare) == byte * spare[1] and
         word & 0x9e000000 == 0, hex(word))

    # The linker's entries are jumped to by x16 and x17, or called directly.
    plt = so.sections[".plt"]
    indirect = [line for line in code if plt[0] <= line[0] < plt[0] + plt[2] and
                line[1] == "br" and line[2] not in ("x16", "x17")]
    test(".plt jumps by x16 and x17", plt[2] and not indirect, indirect)
    test(".plt begins with bti c", words(so, plt[0], 1)[0] == BTI_C, hex(plt[0]))

    wrong = unauthenticated(outside)
    test("each return address that has been in memory is authenticated", not wrong, wrong)
    signed = sum(name == "paciasp" for _, name, _ in outside)
    test("return addresses are signed", signed > 170, signed)
    start_files = [name for name in ("_init", "_fini", "frame_dummy", "call_weak_fn") if name in symbols]
    test("no start file is linked in", not start_files, start_files)
