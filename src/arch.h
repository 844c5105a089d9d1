/* SPDX-License-Identifier: MIT
 *
 * arch: what an architecture gives to the shared code. Everything that differs between
 * architectures is behind this header; each folder src/ARCH/ implements all of it, and adds
 *
 *     ffitarget.h   the architecture's part of the public interface
 *     area.h        the offsets in the area of a call, for C and assembly alike
 */
#ifndef RX_ARCH_H
#define RX_ARCH_H

#include "plan.h"

/* ---- From types to classes ---- */

/* Does an unnamed bit-field align the struct that it is in, as a named one does? */
extern RX_HIDDEN const bool rx_arch_unnamed_bits_align;

/* Finds what abi needs to know of an aggregate: type is complete, has elements, is no array and no
 * larger than RX_MAX_SIZE. Writes 12 bits to *found. Returns FFI_OK, or FFI_BAD_TYPEDEF when the
 * members make no sense. */
ffi_status rx_arch_classify(ffi_abi abi, const ffi_type *type, unsigned *found);

/* ---- From classes to plans ---- */

/* A plan in the making, and what has been used up so far. Shared code sets everything to 0 at
 * first, but for align and the fields below that say so. */
struct rx_builder {
    ffi_abi abi;      /* set by shared code */
    bool variadic;    /* likewise: the function's parameters end in "..." */
    size_t stack;     /* bytes of stacked arguments, at most RX_MAX_SIZE more than that */
    size_t copies;    /* bytes of the copies of arguments that travel by reference */
    unsigned general; /* argument registers used */
    unsigned vector;
    struct rx_plan plan; /* without args */
};

/* Decides how the result comes back: sets plan.ret, ret_bytes and, for a result in memory,
 * ret_in_memory and sret. */
void rx_arch_place_result(struct rx_builder *b, rx_class result);

/* Decides where the next argument travels. */
struct rx_arg rx_arch_place_argument(struct rx_builder *b, rx_class argument);

/* The op for a value of up to eight bytes that travels in one word, extended as its kind says. In
 * plan.c. */
unsigned rx_op_of_word(rx_class argument);

/* Chooses the routines: sets plan.call, plan.entry and plan.last. args are the plan's arguments,
 * behind which lies the room for its steps; NULL for a plan that nobody will run. */
void rx_arch_finish(struct rx_builder *b, const struct rx_arg *args);

/* Reserves size bytes of stack for an argument, and returns their offset in the area. */
static inline uint32_t rx_builder_stack(struct rx_builder *b, size_t size, size_t align)
{
    size_t offset = rx_align_up(b->stack, align);
    b->stack = offset + rx_align_up(size, 8);
    if (align > b->plan.align)
        b->plan.align = align;
    return RX_AREA_STACK + offset;
}

/* ---- Calls ---- */

/* Calls fn by plan, with chain in the static chain register, and stores the result at rvalue, which
 * is not NULL. */
typedef void rx_call_routine(const struct rx_plan *plan, void (*fn)(void), void *rvalue,
                             void **avalue, void *chain);

extern RX_HIDDEN rx_call_routine *const rx_arch_calls[];

/* What call routines do before they load the registers: fills the area from avalue. In call.c. */
void rx_fill(char *area, const struct rx_plan *plan, void **avalue, void *rvalue);

/* ---- Closures ---- */

/* Entry code. It is reached by a jump with the address of the cell, or of a closure in memory of
 * the client's, in a scratch register of the architecture, and with the caller's arguments in
 * place. */
typedef void rx_entry(void);

/* Entry n, with which plans whose `entry` is n are entered: its distance from the place in this
 * table. */
extern RX_HIDDEN const int32_t rx_arch_entries[];

/* The entries for a plan: ... */
static inline rx_entry *rx_arch_entry(const struct rx_plan *plan) /* the register says a closure */
{
    const int32_t *distance = &rx_arch_entries[plan->entry];
    return (rx_entry *)((uintptr_t)distance + *distance);
}

rx_entry *
rx_arch_entry_elsewhere(const struct rx_plan *plan); /* a cell whose closure is elsewhere */
rx_entry *
rx_arch_entry_attributed(const struct rx_plan *plan);   /* that of a closure with attributes */
rx_entry *rx_arch_entry_go(const struct rx_plan *plan); /* a Go closure */

/* Is it one of those that rx_arch_entry_elsewhere returns? */
bool rx_arch_is_elsewhere(rx_entry *entry);

/* The entries of cells that must not be called: they end in rx_called_unprepared and
 * rx_called_freed. */
RX_HIDDEN rx_entry rx_arch_entry_unprepared;
RX_HIDDEN rx_entry rx_arch_entry_freed;

/* What entry code calls, in closure.c and attributed.c: runs the client's function on the arguments
 * in area, leaves a result that comes back in registers (or the address of one that does not) at
 * area + RX_AREA_RESULT, and returns the plan's ret, by which entry code loads it. Nothing is read
 * from the closure after the client's function has been called, so it may have freed itself. */
unsigned rx_run_closure(ffi_closure *closure, char *area);
unsigned rx_run_elsewhere(void *cell, char *area);
unsigned rx_run_attributed(void *cell, char *area);
unsigned rx_run_go(ffi_go_closure *closure, char *area);

/* What those of cells that must not be called do. In fault.c; they do not return. */
void rx_called_unprepared(void *cell) __attribute__((noreturn));
void rx_called_freed(void *cell) __attribute__((noreturn));

/* Writes machine code to tramp, FFI_TRAMPOLINE_SIZE bytes that the client will execute at code,
 * which enters `entry` as a trampoline of the pool would. */
void rx_arch_write_trampoline(char *tramp, const void *code, rx_entry *entry);

/* ---- The pool, assembled in trampolines.S: RX_POOL_SIZE of each ---- */

struct rx_cell {
    char bytes[RX_CELL_SIZE];
};

extern RX_HIDDEN const char rx_trampolines[]; /* RX_TRAMPOLINE_SIZE bytes each */
extern RX_HIDDEN const char rx_spare_page[];  /* RX_PAGE_SIZE bytes of code that nobody enters, */
extern RX_HIDDEN const char rx_spare_byte;    /* all of them this one */
extern RX_HIDDEN struct rx_cell rx_cells[];

#endif
