# SPDX-License-Identifier: MIT
"""The IBT and SHSTK notes, and whether they are true: endbr64 wherever an indirect jump or call can lead,
as far as the object's tables tell, and no jump that is exempted from the check. That it holds when code
runs, and that returns are paired, is for the unit tests, which step through it."""

import re
import struct

ENDBR64 = bytes.fromhex("f30f1efa")

# Entries of the tables by which closures' results are loaded: RX_RET_VOID to RX_RET_MEMORY in area.h. That of
# void is never jumped to.
RESULTS = 18


def result_targets(so, disassembly):
    """What `lea table(%rip), %reg` ... `movslq (%reg, %reg, 4)` ... `jmp *%reg` leads to."""
    found = []
    jump = re.compile(r"lea +\S+\(%rip\),%\w+ +# (\w+).*\n(?:.*\n){0,2}?.*movslq \(%\w+,%\w+,4\),.*\n"
                      r".*\tadd .*\n.*\tjmp +\*%")
    for table in jump.findall(disassembly):
        table = int(table, 16)
        found += [table + distance for distance in struct.unpack(f"<{RESULTS}i", so.at(table, 4 * RESULTS))
                  if distance]
    return found


def is_trampoline(so, symbols, i):
    """endbr64; lea cell(%rip), %r10; jmp *word(%rip), with the cell and the word of that number, and then
    nothing that could be executed"""
    at = symbols["rx_trampolines"][0] + 32 * i
    pad, lea, cell, jump, word, rest = struct.unpack("<4s3si2si15s", so.at(at, 32))
    return (pad == ENDBR64 and lea == b"\x4c\x8d\x15" and jump == b"\xff\x25" and rest == 15 * b"\xcc" and
            at + 11 + cell == symbols["rx_cells"][0] + 128 * i and
            at + 17 + word == symbols["rx_records"][0] + 16 * i)


def check(so, pool, test):
    test("IBT and SHSTK are noted", "x86 feature: IBT, SHSTK" in so.notes(), so.notes())

    targets = dict(so.functions())
    symbols = so.addresses()
    steps = symbols["rx_steps"][0]
    for address, distance in so.numbers("rx_step_codes", "H"):
        targets[f"step at {address:#x}"] = steps + distance
    for address, distance in so.numbers("rx_arch_entries", "i"):
        targets[f"entry at {address:#x}"] = address + distance
    text = so.sections[".text"]
    for address in so.relative_relocations():
        if text[0] <= address < text[0] + text[2]:
            targets[f"pointer to {address:#x}"] = address
    # Trampolines jump to those, and unwinders call this, by .eh_frame alone.
    for name in ("rx_arch_entry_freed", "rx_arch_entry_unprepared", "rx_entry_sysv_attributed",
                 "rx_entry_win64_attributed", "rx_guard_personality"):
        targets[name] = symbols[name][0]
    disassembly = so.disassembly()
    spare = symbols["rx_spare_page"]
    for address in re.findall(r"lea +\S+\(%rip\),%\w+ +# (\w+)", disassembly):
        if text[0] <= int(address, 16) < text[0] + text[2] and int(address, 16) != spare[0]:
            targets[f"code at {address}, whose address is taken"] = int(address, 16)
    results = result_targets(so, disassembly)
    test("closures have tables of results", len(results) >= RESULTS, results)
    for address in results:
        targets[f"a result at {address:#x}"] = address
    missing = [name for name, address in targets.items() if so.at(address, 4) != ENDBR64]
    test(f"each of {len(targets)} targets of indirect jumps and calls begins with endbr64",
         len(targets) > 300 and not missing, missing)

    size = symbols["rx_trampolines"][1]
    test(f"there are {pool} trampolines", size == 32 * pool, size)
    wrong = [i for i in range(size // 32) if not is_trampoline(so, symbols, i)]
    test("each of them begins with endbr64, and leads where it shall", not wrong, wrong[:10])

    test("nothing on the spare page can be executed", so.at(*spare) == b"\xcc" * spare[1], spare)

    plt = so.sections[".plt.sec"]
    wrong = [i for i in range(0, plt[2], 16) if so.at(plt[0] + i, 4) != ENDBR64]
    test("each entry of .plt.sec does", plt[2] and not wrong, wrong)

    exempt = re.findall(r"^.*notrack.*$", disassembly, re.M)
    test("no jump is exempted from the check", not exempt, exempt)
    pushed = re.findall(r"\tpush.*\n.*\tret.*", disassembly)
    test("no return leads where no call came from", not pushed, pushed)
    start_files = [name for name in ("_init", "_fini", "frame_dummy") if name in symbols]
    test("no start file is linked in", not start_files, start_files)
