/* SPDX-License-Identifier: MIT
 *
 * plan: a signature, compiled into data.
 *
 * A plan says for each argument where it travels, how wide it is and how it is extended, and for
 * the result how it comes back. One description serves both directions, because both work on the
 * same image of a call, the *area*:
 *
 *     area + 0                 argument registers, as the architecture orders them
 *     area + RX_AREA_RESULT    a result that comes back in registers (closures only)
 *     area + RX_AREA_STACK     the stacked arguments, as the callee will find them
 *
 * ffi_call fills an area from avalue, loads the registers from it and calls with the stack pointer
 * at RX_AREA_STACK. A closure's entry code spills the registers so that the caller's stacked
 * arguments lie at RX_AREA_STACK, and hands out pointers into the area. A place is one offset in
 * either case.
 *
 * Plans are immutable once made. They are interned: equal signatures share one, which lives in a
 * static arena for as long as the library does. ffi_cif.flags says which it is.
 */
#ifndef RX_PLAN_H
#define RX_PLAN_H

#include "class.h"
#include "area.h"

/* How an argument of `size` bytes at `value` corresponds to the area. A word is eight bytes. */
enum rx_op {
    RX_OP_U8, /* one word at dst, zero- or sign-extended */
    RX_OP_S8,
    RX_OP_U16,
    RX_OP_S16,
    RX_OP_U32, /* also a float in its register */
    RX_OP_S32,
    RX_OP_U64,    /* also a double */
    RX_OP_PART,   /* a struct of up to one word at dst */
    RX_OP_TWO,    /* a struct of up to two words, next to each other at dst */
    RX_OP_BOTH,   /* U64 at dst and again at dst2 */
    RX_OP_BOTH32, /* U32 likewise */
    RX_OP_COPY,   /* size bytes at dst */
    RX_OP_REF,    /* a pointer at dst, to a copy that ffi_call makes at dst2 */
    /* In pieces, which a closure gathers: */
    RX_OP_PAIR,    /* a struct of up to two words, at dst and at dst2 */
    RX_OP_SPREAD4, /* up to four pieces of 4 bytes, at dst and every 16 bytes from there on */
    RX_OP_SPREAD8, /* the same of 8 bytes */
    RX_OP_MOVE     /* 32 bytes at dst, less aligned there than their type */
};

struct rx_arg {
    uint32_t dst;
    uint32_t dst2;
    uint32_t size;
    uint8_t op;
    uint8_t tail; /* PART, TWO and PAIR: bytes in the last word, 1 to 8 */
    uint16_t unused;
};

/* Bytes in which a closure gathers an argument: all that the op may say. */
static inline size_t rx_gather_size(enum rx_op op)
{
    return op < RX_OP_PAIR ? 0 : op < RX_OP_SPREAD8 ? 16 : 32;
}

/* What an architecture makes of a plan for its call routines: see there. */
struct rx_step {
    uint16_t code;
    uint16_t arg;
    uint32_t dst;
};

struct rx_plan {
    uint32_t frame; /* bytes that ffi_call needs for the area and the copies behind it */
    uint32_t align; /* alignment of area + RX_AREA_STACK, at least 16 */
    uint32_t bytes; /* stacked arguments */
    uint32_t nargs;
    uint32_t ret_size; /* bytes of the result's type */
    uint32_t gather;   /* bytes in which a closure gathers arguments */
    uint32_t sret;     /* where in the area the result's address travels, if ret_in_memory */
    bool ret_in_memory;
    uint8_t ret;         /* the architecture's code for how the result comes back */
    uint8_t ret_bytes;   /* bytes to store of a struct that comes back in registers */
    uint8_t nvector;     /* vector registers used by arguments */
    uint8_t call;        /* which of the architecture's call routines ffi_call uses */
    uint8_t call_go;     /* and which one ffi_call_go */
    uint8_t entry;       /* which of its closure entries runs this plan */
    uint8_t ret_align;   /* log2 of the alignment of the result's type */
    uint32_t room;       /* bytes of the stacked arguments and the copies behind them */
    uint32_t steps;      /* where the steps are, from the start of the plan */
    struct rx_step last; /* the last of them */
    uint32_t unused2;
    struct rx_arg args[];
};

/* A plan of nargs arguments is followed by room for its steps: no more than two for each argument,
 * the address of the result and the last. */
static inline size_t rx_plan_steps(size_t nargs)
{
    return sizeof(struct rx_plan) + nargs * sizeof(struct rx_arg);
}

static inline size_t rx_plan_size(size_t nargs)
{
    return rx_plan_steps(nargs) + (2 * nargs + 2) * sizeof(struct rx_step);
}

/* Compiles *cif into *head, and into args, cif->nargs of them, if that is not NULL: the number of
 * arguments has no bound, and a signature can be checked without room for its plan. Returns FFI_OK
 * or FFI_BAD_TYPEDEF. nfixed as below. */
ffi_status rx_plan_compile_into(struct rx_plan *head, struct rx_arg *args, const ffi_cif *cif,
                                unsigned nfixed);

/* Finds or makes the plan of *cif, whose other fields are set, and sets cif->bytes and cif->flags.
 * The first nfixed arguments are in front of a "..."; RX_NOT_VARIADIC if there is none. Returns
 * FFI_OK or FFI_BAD_TYPEDEF. Lock-free; callable in signal handlers. */
#define RX_NOT_VARIADIC 0xffff
ffi_status rx_plan_intern(ffi_cif *cif, unsigned nfixed);

/* Compiles the plan of *cif into plan, rx_plan_size (cif->nargs) bytes aligned to 8, and returns
 * plan. For a cif that ffi_prep_cif has accepted but whose plan is not in the arena. */
const struct rx_plan *rx_plan_compile(void *plan, const ffi_cif *cif);

/* ---- cif->flags: the plan's place in the arena, and nfixed for a plan that has no place there.
 * ---- */

#define RX_PLAN_UNIT 16
#define RX_PLAN_ARENA (1 << 20)
#define RX_PLAN_PLACES (RX_PLAN_ARENA / RX_PLAN_UNIT)
_Static_assert(RX_PLAN_PLACES == 1 << 16, "a place takes the lower half of cif->flags");

extern RX_HIDDEN char rx_plan_arena[RX_PLAN_ARENA];

/* The plan of a prepared cif, or NULL when it is not in the arena. No plan is at place 0. */
static inline const struct rx_plan *rx_plan_of(const ffi_cif *cif)
{
    size_t place = cif->flags & (RX_PLAN_PLACES - 1);
    if (rx_unlikely(place == 0))
        return NULL;
    return (const struct rx_plan *)(rx_plan_arena + place * RX_PLAN_UNIT);
}

/* An ffi_call_plan is the address of a plan. */
static inline const struct rx_plan *rx_plan_of_handle(const ffi_call_plan *handle)
{
    return (const struct rx_plan *)handle;
}

/* The words of the plan at a place, for messages: abi and counts, result, arguments. NULL for place
 * 0. */
const rx_class *rx_plan_words(unsigned place, unsigned *nargs);

#endif
