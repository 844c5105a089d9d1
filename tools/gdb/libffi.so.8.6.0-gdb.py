# SPDX-License-Identifier: MIT
#
# For gdb: the way back out of a trampoline.
#
# The trampolines that are loaded with the library have unwind information like all of its code. The pool grows
# by showing the same pages again at another address, where gdb finds no file and so no information: this
# tells it what holds there. A trampoline changes neither the stack nor a register that anybody keeps, so
# the caller's frame is the one that the call has made.
#
# gdb loads this file with the library, when it is installed for the folder that the library is in (auto-load, in
# gdb's manual), or by `source`. It needs no symbols: a trampoline is known by its instructions.
import gdb
from gdb.unwinder import Unwinder, register_unwinder

SIZE = 32


def code(*instructions):
    """What the memory of a trampoline is compared with, of instructions (value, mask, bytes): the value, and a mask
    that leaves out the operands. Both are numbers, of the memory read as one."""
    value = mask = at = 0
    for instruction, fixed, length in instructions:
        value |= instruction << at
        mask |= fixed << at
        at += 8 * length
    return value, mask


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class X86_64:
    stack_pointer = "rsp"
    instruction_pointer = "rip"
    code = code((0xFA1E0FF3, 0xFFFFFFFF, 4),  # endbr64
                (0x158D4C, 0xFFFFFF, 7),  # lea cell(%rip), %r10
                (0x25FF, 0xFFFF, 6))  # jmp *record(%rip)

    @staticmethod
    def caller(frame, sp):
        """The caller's next instruction, and its stack pointer."""
        address = gdb.lookup_type("unsigned long")
        return sp.cast(address.pointer()).dereference(), sp + 8


class AArch64:
    stack_pointer = "sp"
    instruction_pointer = "pc"
    code = code((0xD503245F, 0xFFFFFFFF, 4),  # bti c
                (0x90000011, 0x9F00001F, 4),  # adrp x17, cell
                (0x91000231, 0xFFC003FF, 4),  # add x17, x17, cell
                (0x90000010, 0x9F00001F, 4),  # adrp x16, record
                (0xF9400210, 0xFFC003FF, 4),  # ldr x16, [x16, record]
                (0xD61F0200, 0xFFFFFFFF, 4))  # br x16

    @staticmethod
    def caller(frame, sp):
        return frame.read_register("x30"), sp


class Trampolines(Unwinder):
    def __init__(self):
        super().__init__("rxffi trampolines")

    def __call__(self, frame):
        machine = X86_64 if frame.architecture().name().startswith("i386:x86-64") else AArch64
        pc = int(frame.read_register("pc"))
        if gdb.solib_name(pc) or not self.is_trampoline(pc - pc % SIZE, machine.code):
            return None
        sp = frame.read_register(machine.stack_pointer)
        return_address, caller_sp = machine.caller(frame, sp)
        info = frame.create_unwind_info(FrameId(caller_sp, gdb.Value(pc - pc % SIZE)))
        for register in frame.architecture().registers("general"):
            if register.name not in (machine.instruction_pointer, machine.stack_pointer):
                info.add_saved_register(register.name, frame.read_register(register.name))
        info.add_saved_register(machine.instruction_pointer, return_address)
        info.add_saved_register(machine.stack_pointer, caller_sp)
        return info

    @staticmethod
    def is_trampoline(address, code):
        try:
            memory = gdb.selected_inferior().read_memory(address, SIZE)
        except gdb.MemoryError:
            return False
        value, mask = code
        return int.from_bytes(memory, "little") & mask == value


register_unwinder(gdb.current_objfile(), Trampolines(), replace=True)
