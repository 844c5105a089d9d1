# SPDX-License-Identifier: MIT
"""The IBT and SHSTK notes, and whether they are true: endbr64 wherever an indirect jump or call can lead,
as far as the object's tables tell, and no jump that is exempted from the check."""

import re

ENDBR64 = bytes.fromhex("f30f1efa")


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
    for name in ("rx_arch_entry_freed", "rx_arch_entry_unprepared"):
        targets[name] = symbols[name][0]
    missing = [name for name, address in targets.items() if so.at(address, 4) != ENDBR64]
    test(f"each of {len(targets)} targets of indirect jumps and calls begins with endbr64",
         len(targets) > 300 and not missing, missing)

    start, size = symbols["rx_trampolines"]
    code = so.at(start, size)
    wrong = [i for i in range(0, size, 32) if code[i:i + 4] != ENDBR64]
    test(f"each of {pool} trampolines does", size == 32 * pool and not wrong, wrong[:10])

    plt = so.sections[".plt.sec"]
    wrong = [i for i in range(0, plt[2], 16) if so.at(plt[0] + i, 4) != ENDBR64]
    test("each entry of .plt.sec does", plt[2] and not wrong, wrong)

    exempt = re.findall(r"^.*notrack.*$", so.disassembly(), re.M)
    test("no jump is exempted from the check", not exempt, exempt)
    start_files = [name for name in ("_init", "_fini", "frame_dummy") if name in symbols]
    test("no start file is linked in", not start_files, start_files)
