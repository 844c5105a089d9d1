/* SPDX-License-Identifier: MIT
 *
 * call: ffi_call and its kin, and the executor of plans in the direction out.
 *
 * ffi_call finds the plan (who calls by an ffi_call_plan brings it) and jumps to the architecture's
 * call routine. That routine reserves the area on the stack, has rx_fill put the arguments there,
 * loads the registers, calls and stores the result. Nobody classifies an argument here.
 */
#include "arch.h"

#include <string.h>

/* Reads and writes of any alignment and type. */
#define LOAD(c_type, from)                                                                         \
    __extension__({                                                                                \
        c_type rx_value;                                                                           \
        memcpy(&rx_value, from, sizeof rx_value);                                                  \
        rx_value;                                                                                  \
    })

static inline void store_word(char *to, uint64_t word)
{
    memcpy(to, &word, sizeof word);
}

/* The first n bytes of a word, 1 to 8 of them, and none behind: the object may end at the end of a
 * page. */
static inline uint64_t load_part(const char *from, unsigned n)
{
    if (n == 8)
        return LOAD(uint64_t, from);
    uint64_t word = 0;
    unsigned done = 0;
    if (n & 4) {
        word = LOAD(uint32_t, from);
        done = 4;
    }
    if (n & 2) {
        word |= (uint64_t)LOAD(uint16_t, from + done) << 8 * done;
        done += 2;
    }
    if (n & 1)
        word |= (uint64_t)LOAD(uint8_t, from + done) << 8 * done;
    return word;
}

void rx_fill(char *area, const struct rx_plan *plan, void **avalue, void *rvalue)
{
    if (plan->ret_in_memory)
        store_word(area + plan->sret, (uintptr_t)rvalue);

    const struct rx_arg *arg = plan->args;
    for (const struct rx_arg *end = arg + plan->nargs; arg != end; arg++) {
        const char *value = *avalue++;
        char *dst = area + arg->dst;
        switch ((enum rx_op)arg->op) {
        case RX_OP_U8:
            store_word(dst, LOAD(uint8_t, value));
            break;
        case RX_OP_S8:
            store_word(dst, (int64_t)LOAD(int8_t, value));
            break;
        case RX_OP_U16:
            store_word(dst, LOAD(uint16_t, value));
            break;
        case RX_OP_S16:
            store_word(dst, (int64_t)LOAD(int16_t, value));
            break;
        case RX_OP_U32:
            store_word(dst, LOAD(uint32_t, value));
            break;
        case RX_OP_S32:
            store_word(dst, (int64_t)LOAD(int32_t, value));
            break;
        case RX_OP_U64:
            store_word(dst, LOAD(uint64_t, value));
            break;
        case RX_OP_PART:
            store_word(dst, load_part(value, arg->tail));
            break;
        case RX_OP_TWO:
            store_word(dst, LOAD(uint64_t, value));
            store_word(dst + 8, load_part(value + 8, arg->tail));
            break;
        case RX_OP_PAIR:
            store_word(dst, LOAD(uint64_t, value));
            store_word(area + arg->dst2, load_part(value + 8, arg->tail));
            break;
        case RX_OP_BOTH:
            store_word(dst, LOAD(uint64_t, value));
            store_word(area + arg->dst2, LOAD(uint64_t, value));
            break;
        case RX_OP_BOTH32:
            store_word(dst, LOAD(uint32_t, value));
            store_word(area + arg->dst2, LOAD(uint32_t, value));
            break;
        case RX_OP_COPY:
        case RX_OP_MOVE:
            memcpy(dst, value, arg->size);
            break;
        case RX_OP_REF:
            memcpy(area + arg->dst2, value, arg->size);
            store_word(dst, (uintptr_t)(area + arg->dst2));
            break;
        case RX_OP_SPREAD4:
            for (unsigned done = 0; done < arg->size; done += 4, dst += 16)
                store_word(dst, LOAD(uint32_t, value + done));
            break;
        case RX_OP_SPREAD8:
            for (unsigned done = 0; done < arg->size; done += 8, dst += 16)
                store_word(dst, LOAD(uint64_t, value + done));
            break;
        }
    }
}

static inline void run(const struct rx_plan *plan, void (*fn)(void), void *rvalue, void **avalue,
                       void *chain, bool go)
{
    rx_arch_calls[go ? plan->call_go : plan->call](plan, fn, rvalue, avalue, chain);
}

static inline bool is_dropped(const struct rx_plan *plan, const void *rvalue)
{
    return rvalue == NULL && plan->ret_size != 0;
}

/* A result that nobody wants is stored in this frame: room for a whole ffi_arg or vector register,
 * and for any alignment. */
static __attribute__((noinline)) void run_and_drop(const struct rx_plan *plan, void (*fn)(void),
                                                   void **avalue, void *chain, bool go)
{
    size_t align = (size_t)1 << plan->ret_align;
    size_t room = rx_align_up(plan->ret_size, 16) + 16 + align;
    void *rvalue = (void *)rx_align_up((uintptr_t)__builtin_alloca(room), align);
    run(plan, fn, rvalue, avalue, chain, go);
}

/* The uncommon calls; a plan that is not in the arena is compiled into this frame. */
static __attribute__((noinline)) void call_slowly(const ffi_cif *cif, void (*fn)(void),
                                                  void *rvalue, void **avalue, void *chain, bool go)
{
    const struct rx_plan *plan = rx_plan_of(cif);
    if (plan == NULL)
        plan = rx_plan_compile(__builtin_alloca(rx_plan_size(cif->nargs)), cif);
    if (is_dropped(plan, rvalue))
        run_and_drop(plan, fn, avalue, chain, go);
    else
        run(plan, fn, rvalue, avalue, chain, go);
}

static inline void call(const ffi_cif *cif, void (*fn)(void), void *rvalue, void **avalue,
                        void *chain, bool go)
{
    const struct rx_plan *plan = rx_plan_of(cif);
    if (rx_unlikely(plan == NULL || is_dropped(plan, rvalue)))
        call_slowly(cif, fn, rvalue, avalue, chain, go);
    else
        run(plan, fn, rvalue, avalue, chain, go);
}

void ffi_call(ffi_cif *cif, void (*fn)(void), void *rvalue, void **avalue)
{
    call(cif, fn, rvalue, avalue, NULL, false);
}

void ffi_call_go(ffi_cif *cif, void (*fn)(void), void *rvalue, void **avalue, void *closure)
{
    call(cif, fn, rvalue, avalue, closure, true);
}

void ffi_call_plan_invoke(ffi_call_plan *handle, void (*fn)(void), void *rvalue, void **avalue)
{
    const struct rx_plan *plan = rx_plan_of_handle(handle);
    if (rx_unlikely(is_dropped(plan, rvalue)))
        run_and_drop(plan, fn, avalue, NULL, false);
    else
        run(plan, fn, rvalue, avalue, NULL, false);
}
