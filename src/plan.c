/* SPDX-License-Identifier: MIT
 *
 * plan: compiles a signature into data.
 *
 * Types are reduced to class words one after another, and the architecture says for each where it
 * travels. What becomes of the plan is up to the caller: it is interned (intern.c), or lives on the
 * stack of one call, or is nothing when only its size is wanted.
 */
#include "plan.h"
#include "arch.h"

/* Reserves room for the copy of an argument that travels by reference. Returns its offset among the
 * copies, which lie behind the stacked arguments; how many there are of these is known at the end.
 */
static uint32_t reserve_copy(struct rx_builder *b, size_t size, size_t align)
{
    if (align > b->plan.align)
        b->plan.align = align;
    size_t offset = rx_align_up(b->copies, align > 16 ? align : 16);
    b->copies = offset + rx_align_up(size, 16);
    return offset;
}

unsigned rx_op_of_word(rx_class argument)
{
    switch (rx_class_kind(argument)) {
    case FFI_TYPE_SINT8:
        return RX_OP_S8;
    case FFI_TYPE_SINT16:
        return RX_OP_S16;
    case FFI_TYPE_SINT32:
        return RX_OP_S32;
    default: /* unsigned, floating, or an aggregate */
        switch (rx_class_size(argument)) {
        case 1:
            return RX_OP_U8;
        case 2:
            return RX_OP_U16;
        case 4:
            return RX_OP_U32;
        case 8:
            return RX_OP_U64;
        default:
            return RX_OP_PART;
        }
    }
}

/* An argument of type void, which no C function has and libffi allows, is passed as none. */
static struct rx_arg nowhere(void)
{
    return (struct rx_arg){.op = RX_OP_COPY, .dst = RX_AREA_STACK, .size = 0};
}

ffi_status rx_plan_compile_into(struct rx_plan *head, struct rx_arg *args, const ffi_cif *cif,
                                unsigned nfixed)
{
    struct rx_builder b = {
        .plan.align = 16, .abi = cif->abi, .variadic = nfixed != RX_NOT_VARIADIC};
    rx_class class = rx_class_of(cif->abi, cif->rtype);
    if (class == 0)
        return FFI_BAD_TYPEDEF;
    b.plan.nargs = cif->nargs;
    b.plan.ret_size = rx_class_size(class);
    b.plan.ret_align = __builtin_ctz(rx_class_align(class));
    rx_arch_place_result(&b, class);

    for (unsigned i = 0; i < cif->nargs; i++) {
        class = rx_class_of(cif->abi, cif->arg_types[i]);
        if (class == 0)
            return FFI_BAD_TYPEDEF;
        struct rx_arg arg = class == RX_CLASS_VOID ? nowhere() : rx_arch_place_argument(&b, class);
        if (arg.op == RX_OP_REF)
            arg.dst2 = reserve_copy(&b, arg.size, rx_class_align(class));
        b.plan.gather += rx_gather_size(arg.op);
        if (b.stack + b.copies > RX_MAX_SIZE)
            return FFI_BAD_TYPEDEF;
        if (args != NULL)
            args[i] = arg;
    }

    b.plan.bytes = rx_align_up(b.stack, 16);
    size_t copies = RX_AREA_STACK + rx_align_up(b.stack, b.plan.align);
    b.plan.frame = copies + b.copies;
    b.plan.room = b.plan.frame - RX_AREA_STACK;
    b.plan.steps = rx_plan_steps(cif->nargs);
    if (args != NULL && b.copies != 0)
        for (unsigned i = 0; i < cif->nargs; i++)
            if (args[i].op == RX_OP_REF)
                args[i].dst2 += copies;
    rx_arch_finish(&b, args);
    *head = b.plan;
    return FFI_OK;
}

const struct rx_plan *rx_plan_compile(void *memory, const ffi_cif *cif)
{
    struct rx_plan *plan = memory;
    rx_plan_compile_into(plan, plan->args, cif, cif->flags >> 16);
    return plan;
}
