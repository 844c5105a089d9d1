/* SPDX-License-Identifier: MIT
 *
 * steps, x86_64: turns the places of a System V signature's arguments into steps.
 *
 * A signature that steps cannot say (a struct whose last word has an odd number of bytes, a stacked
 * struct of such a size or of a large alignment, a great many arguments) is called through the
 * area.
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
    return (struct rx_step){.code = rx_step_codes[RX_STEP_CALL(plan->ret)],
                            .arg = plan->nvector,
                            .dst = plan->ret_bytes};
}

/* ---- Where a place in the area is ---- */

static bool is_general(uint32_t dst)
{
    return dst < RX_AREA_VECTOR;
}

static bool is_vector(uint32_t dst)
{
    return dst >= RX_AREA_VECTOR && dst < RX_AREA_RESULT;
}

static bool is_stack(uint32_t dst)
{
    return dst >= RX_AREA_STACK;
}

/* ---- One argument ---- */

/* The reading of a word that has so many bytes; RX_READS if there is none. */
static unsigned read_of_bytes(unsigned bytes, bool high)
{
    switch (bytes) {
    case 1:
        return high ? RX_READ_HIGH_U8 : RX_READ_U8;
    case 2:
        return high ? RX_READ_HIGH_U16 : RX_READ_U16;
    case 4:
        return high ? RX_READ_HIGH_U32 : RX_READ_U32;
    case 8:
        return high ? RX_READ_HIGH_U64 : RX_READ_U64;
    default:
        return RX_READS;
    }
}

static unsigned read_of_op(const struct rx_arg *arg)
{
    switch (arg->op) {
    case RX_OP_S8:
        return RX_READ_S8;
    case RX_OP_S16:
        return RX_READ_S16;
    case RX_OP_S32:
        return RX_READ_S32;
    default:
        return read_of_bytes(arg->tail, false);
    }
}

static unsigned vector_read(unsigned read)
{
    switch (read) {
    case RX_READ_U32:
        return RX_READ_FLOAT;
    case RX_READ_U64:
        return RX_READ_DOUBLE;
    case RX_READ_HIGH_U32:
        return RX_READ_HIGH_FLOAT;
    case RX_READ_HIGH_U64:
        return RX_READ_HIGH_DOUBLE;
    default:
        return RX_VECTOR_READS;
    }
}

static void emit_word(struct writer *w, unsigned read, unsigned index, uint32_t dst)
{
    if (read == RX_READS) {
        w->failed = true;
    } else if (is_general(dst)) {
        emit(w, RX_STEP_GENERAL(read, (dst - RX_AREA_GENERAL) / 8), index, 0);
    } else if (is_vector(dst)) {
        read = vector_read(read);
        if (read == RX_VECTOR_READS)
            w->failed = true;
        else
            emit(w, RX_STEP_VECTOR(read, (dst - RX_AREA_VECTOR) / 16), index, 0);
    } else if (is_stack(dst)) {
        emit(w, RX_STEP_STACK(read), index, dst - RX_AREA_STACK);
    } else {
        w->failed = true; /* padding */
    }
}

static void emit_argument(struct writer *w, const struct rx_arg *arg, unsigned index)
{
    switch (arg->op) {
    case RX_OP_TWO:
    case RX_OP_PAIR:
        emit_word(w, RX_READ_U64, index, arg->dst);
        emit_word(w, read_of_bytes(arg->tail, true), index,
                  arg->op == RX_OP_TWO ? arg->dst + 8 : arg->dst2);
        break;
    case RX_OP_COPY:
        if (is_vector(arg->dst)) {
            emit(w, RX_STEP_VECTOR(RX_READ_VECTOR, (arg->dst - RX_AREA_VECTOR) / 16), index, 0);
        } else if (arg->size % 8 != 0) {
            w->failed = true;
        } else if (arg->size != 0) {
            emit(w, RX_STEP_COPY, index, arg->dst - RX_AREA_STACK);
            emit(w, 0, 0, arg->size / 8);
        }
        break;
    default:
        emit_word(w, read_of_op(arg), index, arg->dst);
    }
}

/* ---- Several at once ---- */

static bool is_stacked_word(const struct rx_arg *arg)
{
    return arg->op == RX_OP_U64 && is_stack(arg->dst);
}

/* Writes all stacked arguments. */
static void emit_stack(struct writer *w, const struct rx_arg *args, unsigned nargs)
{
    for (unsigned i = 0; i < nargs; i++) {
        if (!is_stack(args[i].dst))
            continue;
        unsigned n = 0;
        while (i + n < nargs && is_stacked_word(&args[i + n]) &&
               args[i + n].dst == args[i].dst + 8 * n)
            n++;
        if (n > 1) {
            emit(w, RX_STEP_STACK_WORDS, i, args[i].dst - RX_AREA_STACK);
            emit(w, 0, 0, n);
            i += n - 1;
        } else {
            emit_argument(w, &args[i], i);
        }
    }
}

/* How many arguments, from the first on, are of one kind and in registers one after the other? */
static unsigned run_of(const struct rx_arg *args, unsigned nargs, unsigned op, uint32_t first,
                       uint32_t distance, unsigned most)
{
    unsigned n = 0;
    while (n < nargs && n < most && args[n].op == op && args[n].dst == first + n * distance)
        n++;
    return n;
}

/* Loads a run of two or more from the first argument on. Returns how many. */
static unsigned emit_run(struct writer *w, const struct rx_arg *args, unsigned nargs)
{
    unsigned n;
    if ((n = run_of(args, nargs, RX_OP_U64, RX_GENERAL(0), 8, RX_GENERAL_REGISTERS)) > 0)
        emit(w, RX_STEP_ALL_U64(n), 0, 0);
    else if ((n = run_of(args, nargs, RX_OP_S32, RX_GENERAL(0), 8, RX_GENERAL_REGISTERS)) > 0)
        emit(w, RX_STEP_ALL_S32(n), 0, 0);
    else if ((n = run_of(args, nargs, RX_OP_U64, RX_VECTOR(0), 16, RX_VECTOR_REGISTERS)) > 0)
        emit(w, RX_STEP_ALL_DOUBLE(n), 0, 0);
    else if ((n = run_of(args, nargs, RX_OP_U32, RX_VECTOR(0), 16, RX_VECTOR_REGISTERS)) > 0)
        emit(w, RX_STEP_ALL_FLOAT(n), 0, 0);
    return n;
}

bool rx_write_steps(const struct rx_plan *plan, const struct rx_arg *args, struct rx_step *steps)
{
    if (plan->nargs > UINT16_MAX || plan->bytes > RX_STEPS_STACK_MAX || plan->align > 16)
        return false;
    struct writer w = {.next = steps};
    emit_stack(&w, args, plan->nargs);
    if (plan->ret_in_memory)
        emit(&w, RX_STEP_SRET, 0, 0);
    for (unsigned i = emit_run(&w, args, plan->nargs); i < plan->nargs; i++)
        if (!is_stack(args[i].dst))
            emit_argument(&w, &args[i], i);
    *w.next = plan->last;
    return !w.failed;
}
