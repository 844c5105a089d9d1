/* SPDX-License-Identifier: MIT
 *
 * steps, aarch64: turns the places of a signature's arguments into steps.
 *
 * A signature that steps cannot say (a struct whose last word has an odd number of bytes, one that
 * begins in x7 and ends on the stack, copies of a large alignment, an argument of type void,
 * a great many arguments) is called through the area.
 */
#include "abi.h"
#include "steps.h"

extern RX_HIDDEN const uint16_t rx_step_codes[];

struct writer {
    struct rx_step *next;
    bool failed; /* there is something that no step says */
};

static void emit(struct writer *w, unsigned piece, unsigned arg, uint32_t dst)
{
    *w->next++ = (struct rx_step){.code = rx_step_codes[piece], .arg = arg, .dst = dst};
}

struct rx_step rx_last_step(const struct rx_plan *plan)
{
    return (struct rx_step){.code = rx_step_codes[RX_STEP_CALL(plan->ret)]};
}

/* ---- Where a place in the area is ---- */

static bool is_general(uint32_t dst)
{
    return dst < RX_AREA_SRET;
}

static bool is_stack(uint32_t dst)
{
    return dst >= RX_AREA_STACK;
}

static unsigned general_of(uint32_t dst)
{
    return (dst - RX_AREA_GENERAL) / 8;
}

static unsigned vector_of(uint32_t dst)
{
    return (dst - RX_AREA_VECTOR) / 16;
}

/* ---- One argument ---- */

/* RX_READS for what is not read in one go. */
static unsigned read_of(const struct rx_arg *arg)
{
    static const uint8_t reads[] = {
        [RX_OP_U8] = RX_READ_U8,   [RX_OP_S8] = RX_READ_S8,   [RX_OP_U16] = RX_READ_U16,
        [RX_OP_S16] = RX_READ_S16, [RX_OP_U32] = RX_READ_U32, [RX_OP_S32] = RX_READ_S32,
        [RX_OP_U64] = RX_READ_U64, [RX_OP_PART] = RX_READS,
    };
    return reads[arg->op];
}

/* Likewise RX_HIGHS. */
static unsigned high_of(const struct rx_arg *arg)
{
    switch (arg->tail) {
    case 1:
        return RX_HIGH_U8;
    case 2:
        return RX_HIGH_U16;
    case 4:
        return RX_HIGH_U32;
    case 8:
        return RX_HIGH_U64;
    default:
        return RX_HIGHS;
    }
}

static unsigned vector_of_bytes(unsigned bytes)
{
    return bytes == 4 ? RX_FLOAT : bytes == 8 ? RX_DOUBLE : RX_QUAD;
}

static void emit_general(struct writer *w, const struct rx_arg *arg)
{
    unsigned n = general_of(arg->dst);
    switch (arg->op) {
    case RX_OP_REF:
        emit(w, RX_STEP_COPY, arg->size, arg->dst2 - RX_AREA_STACK);
        emit(w, RX_STEP_REF(n), 0, 0);
        break;
    case RX_OP_TWO:
    case RX_OP_PAIR:
        if (high_of(arg) == RX_HIGHS || arg->dst2 != arg->dst + 8)
            w->failed = true;
        else
            emit(w, RX_STEP_TWO(high_of(arg), n), 0, 0);
        break;
    default:
        if (read_of(arg) == RX_READS)
            w->failed = true;
        else
            emit(w, RX_STEP_GENERAL(read_of(arg), n), 0, 0);
    }
}

static void emit_vector(struct writer *w, const struct rx_arg *arg)
{
    unsigned n = vector_of(arg->dst);
    switch (arg->op) {
    case RX_OP_SPREAD4:
        emit(w, RX_STEP_SPREAD(RX_FLOAT, arg->size / 4, n), 0, 0);
        break;
    case RX_OP_SPREAD8:
        emit(w, RX_STEP_SPREAD(RX_DOUBLE, arg->size / 8, n), 0, 0);
        break;
    case RX_OP_COPY:
        emit(w, RX_STEP_SPREAD(RX_QUAD, arg->size / 16, n), 0, 0);
        break;
    default:
        emit(w, RX_STEP_VECTOR(vector_of_bytes(arg->size), n), 0, 0);
    }
}

static void emit_stack(struct writer *w, const struct rx_arg *arg)
{
    uint32_t dst = arg->dst - RX_AREA_STACK;
    switch (arg->op) {
    case RX_OP_COPY:
    case RX_OP_MOVE:
        if (arg->size == 0)
            w->failed = true;
        else
            emit(w, RX_STEP_COPY, arg->size, dst);
        break;
    case RX_OP_REF:
        emit(w, RX_STEP_COPY, arg->size, arg->dst2 - RX_AREA_STACK);
        emit(w, RX_STEP_STACK_REF, 0, dst);
        break;
    case RX_OP_TWO:
    case RX_OP_PAIR:
        if (high_of(arg) == RX_HIGHS)
            w->failed = true;
        else
            emit(w, RX_STEP_STACK_TWO(high_of(arg)), 0, dst);
        break;
    default:
        if (read_of(arg) == RX_READS)
            w->failed = true;
        else
            emit(w, RX_STEP_STACK(read_of(arg)), 0, dst);
    }
}

/* ---- Several at once ---- */

/* How many arguments from here on are of one kind and at places one after the other? */
static unsigned run_of(const struct rx_arg *args, unsigned nargs, unsigned op, uint32_t first,
                       uint32_t distance, unsigned most)
{
    unsigned n = 0;
    while (n < nargs && n < most && args[n].op == op && args[n].dst == first + n * distance)
        n++;
    return n;
}

/* Writes a run of two arguments or more, if there is one here. Returns how many it has. */
static unsigned emit_run(struct writer *w, const struct rx_arg *args, unsigned nargs)
{
    unsigned n;
    if ((n = run_of(args, nargs, RX_OP_U64, RX_GENERAL(0), 8, RX_RUN)) > 1)
        emit(w, RX_STEP_RUN_U64(n), 0, 0);
    else if ((n = run_of(args, nargs, RX_OP_S32, RX_GENERAL(0), 8, RX_RUN)) > 1)
        emit(w, RX_STEP_RUN_S32(n), 0, 0);
    else if ((n = run_of(args, nargs, RX_OP_U64, RX_VECTOR(0), 16, RX_RUN)) > 1)
        emit(w, RX_STEP_RUN_DOUBLE(n), 0, 0);
    else if ((n = run_of(args, nargs, RX_OP_U32, RX_VECTOR(0), 16, RX_RUN)) > 1)
        emit(w, RX_STEP_RUN_FLOAT(n), 0, 0);
    else if (is_stack(args->dst) &&
             (n = run_of(args, nargs, RX_OP_U64, args->dst, 8, UINT16_MAX) & ~1u) > 0)
        emit(w, RX_STEP_STACK_PAIRS, n / 2, args->dst - RX_AREA_STACK);
    else
        n = 0;
    return n;
}

bool rx_write_steps(const struct rx_plan *plan, const struct rx_arg *args, struct rx_step *steps)
{
    if (plan->room > RX_STEPS_ROOM_MAX || plan->align > 16)
        return false;
    struct writer w = {.next = steps};
    if (plan->ret_in_memory)
        emit(&w, RX_STEP_SRET, 0, 0);
    for (unsigned i = 0; i < plan->nargs;) {
        unsigned n = emit_run(&w, &args[i], plan->nargs - i);
        if (n == 0) {
            n = 1;
            if (is_stack(args[i].dst))
                emit_stack(&w, &args[i]);
            else if (is_general(args[i].dst))
                emit_general(&w, &args[i]);
            else
                emit_vector(&w, &args[i]);
        }
        i += n;
    }
    *w.next = plan->last;
    return !w.failed;
}
