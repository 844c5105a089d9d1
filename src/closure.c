/* SPDX-License-Identifier: MIT
 *
 * closure: callbacks: how they are prepared, and what happens when C calls one.
 *
 * Preparing a closure is choosing the entry code for its signature and storing that in the record
 * of its trampoline. Common signatures have entries that call the client by themselves; all others
 * spill the registers and come here, where the plan turns the area into the client's array of
 * arguments.
 */
#include "attributes.h"
#include "fault.h"

#include <string.h>

/* ---- Preparation ---- */

static __attribute__((noinline)) rx_entry *entry_of_left_out(const ffi_cif *cif,
                                                             rx_entry_chooser *choose)
{
    return choose(rx_plan_compile(__builtin_alloca(rx_plan_size(cif->nargs)), cif));
}

rx_entry *rx_entry_of(const ffi_cif *cif, rx_entry_chooser *choose)
{
    const struct rx_plan *plan = rx_plan_of(cif);
    return rx_likely(plan != NULL) ? choose(plan) : entry_of_left_out(cif, choose);
}

static inline void fill_in(ffi_closure *closure, ffi_cif *cif, handler *fun, void *user_data)
{
    closure->cif = cif;
    closure->fun = fun;
    closure->user_data = user_data;
}

static inline uint32_t place_of(const ffi_cif *cif)
{
    return cif->flags & (RX_PLAN_PLACES - 1);
}

ffi_status rx_check_preparation(const ffi_closure *closure, const ffi_cif *cif, handler *fun,
                                const void *codeloc)
{
    if (closure == NULL || cif == NULL || fun == NULL || codeloc == NULL)
        return FFI_BAD_TYPEDEF;
    return rx_is_abi(cif->abi) ? FFI_OK : FFI_BAD_ABI;
}

void rx_prepare(uint32_t i, ffi_closure *closure, ffi_cif *cif, handler *fun, void *user_data,
                bool attributed)
{
    struct rx_record *record = rx_record_of(i);
    bool elsewhere = (void *)closure != rx_cell_of(i);
    fill_in(closure, cif, fun, user_data);
    if (elsewhere)
        ((struct forward *)rx_cell_of(i))->closure = closure;
    rx_set_place(record, place_of(cif));
    rx_set_entry(record, rx_entry_of(cif, attributed  ? rx_arch_entry_attributed
                                          : elsewhere ? rx_arch_entry_elsewhere
                                                      : rx_arch_entry));
}

ffi_closure *rx_prepared_closure(uint32_t i)
{
    struct rx_cell *cell = rx_cell_of(i);
    bool elsewhere = rx_arch_is_elsewhere(rx_entry_in(rx_record_of(i)));
    return elsewhere ? ((struct forward *)cell)->closure : (ffi_closure *)cell;
}

/* Whatever is not a closure in the cell of its own trampoline, with a plan in the arena. */
static __attribute__((noinline)) ffi_status
prepare_slowly(ffi_closure *closure, ffi_cif *cif, handler *fun, void *user_data, void *codeloc)
{
    ffi_status status = rx_check_preparation(closure, cif, fun, codeloc);
    if (status != FFI_OK)
        return status;
    int64_t i = rx_index_of_code(codeloc);
    if (i < 0) {
        fill_in(closure, cif, fun, user_data);
        rx_arch_write_trampoline(closure->tramp, codeloc, rx_entry_of(cif, rx_arch_entry));
        return FFI_OK;
    }
    unsigned state = rx_state(rx_record_of(i));
    if (!rx_is_closure(state))
        rx_fault_prepared_after_free(codeloc);
    bool attributed = rx_has_attributes(state) && rx_attributes_prepare_plainly(i, closure);
    rx_prepare(i, closure, cif, fun, user_data, attributed);
    return FFI_OK;
}

/* The common case: the closure is in the cell of its trampoline, in the chunk at offset, with a
 * plan in the arena. False if it is not. */
static inline bool prepare_cell(ffi_closure *closure, ffi_cif *cif, handler *fun, void *user_data,
                                const void *codeloc, uintptr_t offset)
{
    uintptr_t distance = rx_code_distance(codeloc, offset);
    if (rx_unlikely(distance >= RX_CODE_SIZE || distance % RX_TRAMPOLINE_SIZE != 0 ||
                    (void *)closure != rx_cell_by_code(distance, offset) || cif == NULL ||
                    fun == NULL || !rx_is_abi(cif->abi)))
        return false;
    const struct rx_plan *plan = rx_plan_of(cif);
    struct rx_record *record = rx_record_by_code(distance, offset);
    if (rx_unlikely(plan == NULL || rx_state(record) != RX_LIVE_CELL))
        return false;
    fill_in(closure, cif, fun, user_data);
    rx_set_place(record, place_of(cif));
    rx_set_entry(record, rx_arch_entry(plan));
    return true;
}

static __attribute__((noinline)) ffi_status
prepare_elsewhere(ffi_closure *closure, ffi_cif *cif, handler *fun, void *user_data, void *codeloc)
{
    uintptr_t offset = rx_chunk_offset_of(rx_chunk_of(codeloc));
    if (rx_likely(prepare_cell(closure, cif, fun, user_data, codeloc, offset)))
        return FFI_OK;
    return prepare_slowly(closure, cif, fun, user_data, codeloc);
}

/* Declared as ffi.h has it, so that debug information has it that way. */
ffi_status ffi_prep_closure_loc(ffi_closure *closure, ffi_cif *cif,
                                void (*fun)(ffi_cif *, void *, void **, void *), void *user_data,
                                void *codeloc)
{
    uintptr_t offset = rx_chunk_offset_of(rx_ring.chunk);
    if (rx_likely(prepare_cell(closure, cif, fun, user_data, codeloc, offset)))
        return FFI_OK;
    return prepare_elsewhere(closure, cif, fun, user_data, codeloc);
}

ffi_status ffi_prep_closure(ffi_closure *closure, ffi_cif *cif,
                            void (*fun)(ffi_cif *, void *, void **, void *), void *user_data)
{
    return ffi_prep_closure_loc(closure, cif, fun, user_data, closure);
}

ffi_status ffi_prep_go_closure(ffi_go_closure *closure, ffi_cif *cif,
                               void (*fun)(ffi_cif *, void *, void **, void *))
{
    if (closure == NULL || cif == NULL || fun == NULL)
        return FFI_BAD_TYPEDEF;
    if (!rx_is_abi(cif->abi))
        return FFI_BAD_ABI;
    closure->tramp = (void *)rx_entry_of(cif, rx_arch_entry_go);
    closure->cif = cif;
    closure->fun = fun;
    return FFI_OK;
}

/* ---- Being called ---- */

static inline void *load_pointer(const char *from)
{
    void *p;
    memcpy(&p, from, sizeof p);
    return p;
}

/* Four pieces of a spread argument, next to each other. It may have fewer, but the area goes on. */
static inline void gather(char *whole, const char *place, size_t bytes)
{
    for (unsigned i = 0; i < 4; i++)
        memcpy(whole + i * bytes, place + i * 16, bytes);
}

/* Where the client finds an argument. `gathered` is where the next one to be gathered goes, by
 * rx_gather_size. */
static inline void *argument(char *area, const struct rx_arg *arg, char **gathered)
{
    char *place = area + arg->dst;
    if (arg->op == RX_OP_REF)
        return load_pointer(place);
    if (rx_likely(arg->op < RX_OP_PAIR))
        return place;
    char *whole = *gathered;
    *gathered += 16;
    if (arg->op == RX_OP_PAIR) {
        memcpy(whole, place, 8);
        memcpy(whole + 8, area + arg->dst2, 8);
    } else if (arg->op == RX_OP_SPREAD4) {
        gather(whole, place, 4);
    } else if (arg->op == RX_OP_SPREAD8) {
        gather(whole, place, 8);
        *gathered += 16;
    } else {
        memcpy(whole, place, 32);
        *gathered += 16;
    }
    return whole;
}

/* Bytes that run needs for the argument list, and for the gathered arguments, which come first so
 * that they are aligned. */
static inline size_t room_of(const struct rx_plan *plan)
{
    return plan->gather + plan->nargs * sizeof(void *);
}

static inline unsigned run(const struct rx_plan *plan, ffi_cif *cif, handler *fun, void *user_data,
                           char *area, char *room)
{
    void **avalue = (void **)(room + plan->gather);
    for (unsigned i = 0; i < plan->nargs; i++)
        avalue[i] = argument(area, &plan->args[i], &room);

    void *rvalue = area + RX_AREA_RESULT;
    if (plan->ret_in_memory) {
        void *memory = load_pointer(area + plan->sret);
        memcpy(rvalue, &memory, sizeof memory);
        rvalue = memory;
    }
    unsigned ret = plan->ret;
    fun(cif, rvalue, avalue, user_data);
    return ret;
}

/* The uncommon closures: the plan is not in the arena, or the argument list is long. */
static __attribute__((noinline)) unsigned run_slowly(ffi_cif *cif, handler *fun, void *user_data,
                                                     char *area)
{
    const struct rx_plan *plan = rx_plan_of(cif);
    if (plan == NULL)
        plan = rx_plan_compile(__builtin_alloca(rx_plan_size(cif->nargs)), cif);
    return run(plan, cif, fun, user_data, area, __builtin_alloca(room_of(plan)));
}

#define COMMON_ROOM 160

static inline __attribute__((always_inline)) unsigned find_and_run(ffi_cif *cif, handler *fun,
                                                                   void *user_data, char *area)
{
    const struct rx_plan *plan = rx_plan_of(cif);
    if (rx_unlikely(plan == NULL || room_of(plan) > COMMON_ROOM))
        return run_slowly(cif, fun, user_data, area);
    char room[COMMON_ROOM] __attribute__((aligned(16)));
    return run(plan, cif, fun, user_data, area, room);
}

unsigned rx_run_closure(ffi_closure *closure, char *area)
{
    return find_and_run(closure->cif, closure->fun, closure->user_data, area);
}

unsigned rx_run_target(ffi_cif *cif, handler *fun, void *user_data, char *area)
{
    return find_and_run(cif, fun, user_data, area);
}

unsigned rx_run_elsewhere(void *cell, char *area)
{
    return rx_run_closure(((struct forward *)cell)->closure, area);
}

unsigned rx_run_go(ffi_go_closure *closure, char *area)
{
    return find_and_run(closure->cif, closure->fun, closure, area);
}
