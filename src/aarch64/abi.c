/* SPDX-License-Identifier: MIT
 *
 * abi, aarch64: chooses between the calling conventions, and ties the assembly to C.
 */
#include "abi.h"

#include <string.h>

/* ---- The choice ---- */

struct rx_arg rx_arch_place_argument(struct rx_builder *b, rx_class argument)
{
    return b->abi == FFI_SYSV ? rx_sysv_place_argument(b, argument)
                              : rx_win64_place_argument(b, argument);
}

enum { CALL_STEPS, CALL_AREA };

/* Is every argument a scalar in a register of its own, n of them in registers of one kind? Then
 * each argument's place is that of its register, one after the other. */
static bool is_row(const struct rx_arg *args, unsigned nargs, uint32_t first, uint32_t distance)
{
    for (unsigned i = 0; i < nargs; i++)
        if (args[i].dst != first + i * distance || args[i].op > RX_OP_PART)
            return false;
    return true;
}

static unsigned entry_of(const struct rx_builder *b, const struct rx_arg *args)
{
    unsigned nargs = b->plan.nargs, ret = b->plan.ret;
    if (ret < RX_SHAPE_RETS && nargs <= RX_REGISTERS && args != NULL) {
        if (is_row(args, nargs, RX_GENERAL(0), 8))
            return RX_SHAPE_GENERAL(nargs, ret);
        if (is_row(args, nargs, RX_VECTOR(0), 16))
            return RX_SHAPE_VECTOR(nargs, ret);
    }
    return b->vector == 0 ? RX_ENTRY_GENERAL : RX_ENTRY_ALL;
}

void rx_arch_finish(struct rx_builder *b, const struct rx_arg *args)
{
    b->plan.nvector = b->vector;
    b->plan.last = rx_last_step(&b->plan);
    bool written =
        args != NULL && rx_write_steps(&b->plan, args, (struct rx_step *)(args + b->plan.nargs));
    b->plan.call = written ? CALL_STEPS : CALL_AREA;
    b->plan.call_go = CALL_AREA;
    b->plan.entry = entry_of(b, args);
}

RX_HIDDEN rx_call_routine rx_call_steps, rx_call_area;

rx_call_routine *const rx_arch_calls[] = {
    [CALL_STEPS] = rx_call_steps,
    [CALL_AREA] = rx_call_area,
};

/* ---- Entries ---- */

RX_HIDDEN rx_entry rx_entry_elsewhere, rx_entry_attributed, rx_entry_go;

rx_entry *rx_arch_entry_elsewhere(const struct rx_plan *plan)
{
    (void)plan; /* one entry spills all registers */
    return rx_entry_elsewhere;
}

bool rx_arch_is_elsewhere(rx_entry *entry)
{
    return entry == rx_entry_elsewhere;
}

rx_entry *rx_arch_entry_attributed(const struct rx_plan *plan)
{
    (void)plan;
    return rx_entry_attributed;
}

rx_entry *rx_arch_entry_go(const struct rx_plan *plan)
{
    (void)plan;
    return rx_entry_go;
}

/* ---- A trampoline in the client's memory ---- */

/* Makes new code at `code` visible to the processor, which has been written to tramp, maybe another
 * view of the same memory: cleans the one from the data cache, drops the other from the instruction
 * cache. No cache line is shorter than two words. */
static void publish(const char *tramp, const char *code)
{
    for (size_t i = 0; i < FFI_TRAMPOLINE_SIZE; i += 8)
        __asm__ volatile("dc cvau, %0" ::"r"(tramp + i) : "memory");
    __asm__ volatile("dsb ish" ::: "memory");
    for (size_t i = 0; i < FFI_TRAMPOLINE_SIZE; i += 8)
        __asm__ volatile("ic ivau, %0" ::"r"(code + i) : "memory");
    __asm__ volatile("dsb ish\n\tisb" ::: "memory");
}

void rx_arch_write_trampoline(char *tramp, const void *code, rx_entry *entry)
{
    static const uint32_t instructions[] = {
        0xd503245f, /* bti c */
        0x10fffff1, /* adr x17, . - 4: the bti */
        0x58000050, /* ldr x16, . + 8: behind the code */
        0xd61f0200, /* br x16 */
    };
    _Static_assert(sizeof instructions + sizeof entry == FFI_TRAMPOLINE_SIZE, "fills the room");
    memcpy(tramp, instructions, sizeof instructions);
    memcpy(tramp + sizeof instructions, &entry, sizeof entry);
    publish(tramp, code);
}

/* ---- What assembly believes ---- */

#define SAME(a, b) _Static_assert((a) == (b), #a " is " #b)

SAME(RX_PLAN_FRAME, offsetof(struct rx_plan, frame));
SAME(RX_PLAN_ALIGN, offsetof(struct rx_plan, align));
SAME(RX_PLAN_RET_BYTES, offsetof(struct rx_plan, ret_bytes));
SAME(RX_PLAN_ROOM, offsetof(struct rx_plan, room));
SAME(RX_PLAN_STEPS, offsetof(struct rx_plan, steps));
SAME(RX_PLAN_LAST, offsetof(struct rx_plan, last));
SAME(RX_PLAN_ALIGN, RX_PLAN_FRAME + 4); /* are loaded as pairs */
SAME(RX_PLAN_STEPS, RX_PLAN_ROOM + 4);
SAME(sizeof(struct rx_step), 8);
SAME(offsetof(struct rx_step, code), 0);
SAME(offsetof(struct rx_step, arg), 2);
SAME(offsetof(struct rx_step, dst), 4);
SAME(RX_AREA_GENERAL, 0);
SAME(RX_AREA_SRET, RX_AREA_GENERAL + 8 * 8);
SAME(RX_AREA_VECTOR, RX_AREA_SRET + 16);
SAME(RX_AREA_RESULT, RX_AREA_VECTOR + 8 * 16);
SAME(RX_AREA_FRAME, RX_AREA_RESULT + 64);
SAME(RX_AREA_STACK, RX_AREA_FRAME + 16);
SAME(RX_AREA_FRAME % 16, 0);
SAME(RX_RET_FLOATS(2), RX_RET_BYTES + 1);
SAME(RX_RET_DOUBLES(2), RX_RET_FLOATS(4) + 1);
SAME(RX_RET_QUADS(2), RX_RET_DOUBLES(4) + 1);
SAME(RX_RET_MEMORY, RX_RET_QUADS(4) + 1);
SAME(RX_CELL_SIZE, sizeof(struct rx_cell));
SAME(sizeof(ffi_closure), 48);
SAME(RX_CLOSURE_CIF, offsetof(ffi_closure, cif));
SAME(RX_CLOSURE_FUN, offsetof(ffi_closure, fun));
SAME(RX_CLOSURE_USER_DATA, offsetof(ffi_closure, user_data));
_Static_assert(RX_RET_DOUBLE + 1 == RX_SHAPE_RETS, "shapes return scalars");
_Static_assert(RX_SHAPE_VECTOR(8, RX_RET_DOUBLE) <= UINT8_MAX, "an entry is a byte");
SAME(sizeof(rx_entry *), 8);
SAME(RX_POOL_SIZE *RX_TRAMPOLINE_SIZE % RX_PAGE_SIZE, 0);
SAME(RX_POOL_SIZE *RX_RECORD_SIZE % RX_PAGE_SIZE, 0);
SAME(RX_POOL_SIZE *RX_CELL_SIZE % RX_PAGE_SIZE, 0);
