/* SPDX-License-Identifier: MIT
 *
 * abi, x86_64: chooses between the calling conventions, and ties the assembly to C.
 */
#include "abi.h"

#include <string.h>

/* ---- What the conventions share ---- */

unsigned rx_ret_of_scalar(rx_class result)
{
    switch (rx_class_kind(result)) {
    case FFI_TYPE_VOID:
        return RX_RET_VOID;
    case FFI_TYPE_UINT8:
        return RX_RET_U8;
    case FFI_TYPE_SINT8:
        return RX_RET_S8;
    case FFI_TYPE_UINT16:
        return RX_RET_U16;
    case FFI_TYPE_SINT16:
        return RX_RET_S16;
    case FFI_TYPE_UINT32:
        return RX_RET_U32;
    case FFI_TYPE_SINT32:
        return RX_RET_S32;
    case FFI_TYPE_UINT64:
        return RX_RET_U64;
    case FFI_TYPE_FLOAT:
        return RX_RET_FLOAT;
    case FFI_TYPE_DOUBLE:
        return RX_RET_DOUBLE;
    default:
        return RX_RET_MEMORY;
    }
}

struct rx_arg rx_arg_word(rx_class argument, uint32_t dst)
{
    uint32_t size = rx_class_size(argument);
    return (struct rx_arg){.op = rx_op_of_word(argument), .dst = dst, .size = size, .tail = size};
}

/* ---- The choice ---- */

static bool is_sysv(ffi_abi abi)
{
    return abi == FFI_UNIX64;
}

ffi_status rx_arch_classify(ffi_abi abi, const ffi_type *type, unsigned *found)
{
    return is_sysv(abi) ? rx_sysv_classify(type, found) : rx_win64_classify(type, found);
}

void rx_arch_place_result(struct rx_builder *b, rx_class result)
{
    if (is_sysv(b->abi))
        rx_sysv_place_result(b, result);
    else
        rx_win64_place_result(b, result);
}

struct rx_arg rx_arch_place_argument(struct rx_builder *b, rx_class argument)
{
    return is_sysv(b->abi) ? rx_sysv_place_argument(b, argument)
                           : rx_win64_place_argument(b, argument);
}

enum { CALL_STEPS, CALL_SYSV, CALL_WIN64 };

/* Is every argument a scalar in a register of its own, n of them in registers of one kind? Then
 * each argument's place is that of its register, one after the other. */
static bool is_row(const struct rx_arg *args, unsigned nargs, uint32_t first, uint32_t distance)
{
    for (unsigned i = 0; i < nargs; i++)
        if (args[i].dst != first + i * distance || args[i].size > 8)
            return false;
    return true;
}

static unsigned sysv_entry(const struct rx_builder *b, const struct rx_arg *args)
{
    unsigned nargs = b->plan.nargs, ret = b->plan.ret;
    if (ret < RX_SHAPE_RETS && args != NULL) {
        if (nargs <= 6 && is_row(args, nargs, RX_GENERAL(0), 8))
            return RX_SHAPE_GENERAL(nargs, ret);
        if (nargs <= 8 && is_row(args, nargs, RX_VECTOR(0), 16))
            return RX_SHAPE_VECTOR(nargs, ret);
    }
    return b->vector == 0 ? RX_ENTRY_SYSV_GENERAL : RX_ENTRY_SYSV;
}

void rx_arch_finish(struct rx_builder *b, const struct rx_arg *args)
{
    b->plan.nvector = b->vector;
    b->plan.last = rx_last_step(&b->plan);
    if (is_sysv(b->abi)) {
        bool written = args != NULL &&
                       rx_write_steps(&b->plan, args, (struct rx_step *)(args + b->plan.nargs));
        b->plan.call = written ? CALL_STEPS : CALL_SYSV;
        b->plan.call_go = CALL_SYSV;
        b->plan.entry = sysv_entry(b, args);
    } else {
        b->plan.call = b->plan.call_go = CALL_WIN64;
        b->plan.entry = RX_ENTRY_WIN64;
    }
}

RX_HIDDEN rx_call_routine rx_call_steps, rx_call_sysv, rx_call_win64;

rx_call_routine *const rx_arch_calls[] = {
    [CALL_STEPS] = rx_call_steps,
    [CALL_SYSV] = rx_call_sysv,
    [CALL_WIN64] = rx_call_win64,
};

/* ---- Entries ---- */

RX_HIDDEN rx_entry rx_entry_sysv_elsewhere, rx_entry_sysv_attributed, rx_entry_sysv_go;
RX_HIDDEN rx_entry rx_entry_win64_elsewhere, rx_entry_win64_attributed, rx_entry_win64_go;

rx_entry *rx_arch_entry_elsewhere(const struct rx_plan *plan)
{
    return plan->entry == RX_ENTRY_WIN64 ? rx_entry_win64_elsewhere : rx_entry_sysv_elsewhere;
}

bool rx_arch_is_elsewhere(rx_entry *entry)
{
    return entry == rx_entry_sysv_elsewhere || entry == rx_entry_win64_elsewhere;
}

rx_entry *rx_arch_entry_attributed(const struct rx_plan *plan)
{
    return plan->entry == RX_ENTRY_WIN64 ? rx_entry_win64_attributed : rx_entry_sysv_attributed;
}

rx_entry *rx_arch_entry_go(const struct rx_plan *plan)
{
    return plan->entry == RX_ENTRY_WIN64 ? rx_entry_win64_go : rx_entry_sysv_go;
}

/* ---- A trampoline in the client's memory ---- */

/* endbr64; lea -11(%rip),%r10, which is the address of endbr64; jmp *7(%rip), the last word. */
void rx_arch_write_trampoline(char *tramp, const void *code, rx_entry *entry)
{
    (void)code; /* the processor sees that the code is new */
    static const unsigned char bytes[FFI_TRAMPOLINE_SIZE - 8] = {
        0xf3, 0x0f, 0x1e, 0xfa,                   /* 0 */
        0x4c, 0x8d, 0x15, 0xf5, 0xff, 0xff, 0xff, /* 4 */
        0xff, 0x25, 0x07, 0x00, 0x00, 0x00,       /* 11 */
        0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, /* 17 */
    };
    memcpy(tramp, bytes, sizeof bytes);
    memcpy(tramp + sizeof bytes, &entry, sizeof entry);
}

/* ---- What assembly believes ---- */

#define SAME(a, b) _Static_assert((a) == (b), #a " is " #b)

SAME(RX_PLAN_FRAME, offsetof(struct rx_plan, frame));
SAME(RX_PLAN_ALIGN, offsetof(struct rx_plan, align));
SAME(RX_PLAN_BYTES, offsetof(struct rx_plan, bytes));
SAME(RX_PLAN_STEPS, offsetof(struct rx_plan, steps));
SAME(RX_PLAN_LAST, offsetof(struct rx_plan, last));
SAME(sizeof(struct rx_step), 8);
SAME(offsetof(struct rx_step, code), 0);
SAME(offsetof(struct rx_step, arg), 2);
SAME(offsetof(struct rx_step, dst), 4);
SAME(RX_AREA_VECTOR, RX_AREA_GENERAL + 6 * 8);
SAME(RX_AREA_RESULT, RX_AREA_VECTOR + 8 * 16);
SAME(RX_AREA_FRAME, RX_AREA_RESULT + 32);
SAME(RX_AREA_STACK, RX_AREA_FRAME + 16);
SAME(RX_AREA_FRAME % 16, 0);
SAME(RX_CELL_SIZE, sizeof(struct rx_cell));
SAME(sizeof(ffi_closure), 56);
SAME(RX_CLOSURE_CIF, offsetof(ffi_closure, cif));
SAME(RX_CLOSURE_FUN, offsetof(ffi_closure, fun));
SAME(RX_CLOSURE_USER_DATA, offsetof(ffi_closure, user_data));
_Static_assert(RX_RET_DOUBLE + 1 == RX_SHAPE_RETS, "shapes return scalars");
_Static_assert(RX_SHAPE_VECTOR(8, RX_RET_DOUBLE) <= UINT8_MAX, "an entry is a byte");
SAME(sizeof(rx_entry *), 8);
SAME(RX_POOL_SIZE *RX_TRAMPOLINE_SIZE % RX_PAGE_SIZE, 0);
SAME(RX_POOL_SIZE *RX_RECORD_SIZE % RX_PAGE_SIZE, 0);
SAME(RX_POOL_SIZE *RX_CELL_SIZE % RX_PAGE_SIZE, 0);
