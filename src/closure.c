/* SPDX-License-Identifier: MIT
 *
 * closure: callbacks: how they are had, prepared and given back, and what happens when C calls one.
 *
 * Preparing a closure is choosing the entry code for its signature and storing that in the entry
 * word of its trampoline. Common signatures have entries that call the client by themselves; all
 * others spill the registers and come here, where the plan turns the area into the client's array
 * of arguments.
 */
#include "fault.h"
#include "pool.h"

#include <stdlib.h>
#include <string.h>

/* ---- Allocation ---- */

/* More than a cell holds: the closure is malloc'd, and the cell forwards to it. */
static __attribute__((noinline)) void *alloc_block(size_t size, void **code)
{
    void *block = malloc(size);
    if (block == NULL)
        return NULL;
    int64_t i = rx_pool_take();
    if (i < 0) {
        free(block);
        return NULL;
    }
    rx_notes[i].place = 0;
    rx_notes[i].block = block;
    *code = rx_pool_code(i);
    return block;
}

void *ffi_closure_alloc(size_t size, void **code)
{
    if (rx_unlikely(code == NULL))
        return NULL;
    if (rx_unlikely(size > RX_CELL_SIZE))
        return alloc_block(size, code);
    int64_t i = rx_pool_take();
    if (rx_unlikely(i < 0))
        return NULL;
    rx_notes[i].place = 0;
    rx_notes[i].block = NULL;
    *code = rx_pool_code(i);
    return &rx_cells[i];
}

/* Which live trampoline came with this block? Rare enough to look at all: no known client asks for
 * more than a cell. */
static int64_t index_of_block(const void *block)
{
    uint32_t touched = rx_pool_touched();
    for (uint32_t i = 0; i < touched; i++)
        if (rx_notes[i].block == block && rx_pool_is_live(i))
            return i;
    return -1;
}

void ffi_closure_free(void *closure)
{
    if (closure == NULL)
        return;
    int64_t i = rx_pool_index_of_cell(closure);
    if (rx_likely(i >= 0)) {
        if (rx_unlikely(!rx_pool_is_live(i)))
            rx_fault_free(RX_FREED_TWICE, closure);
        if (rx_unlikely(closure != &rx_cells[i] || rx_notes[i].block != NULL))
            rx_fault_free(RX_FREED_INSIDE, closure);
    } else {
        i = index_of_block(closure);
        if (i < 0)
            rx_fault_free(RX_FREED_FOREIGN, closure);
        rx_notes[i].block = NULL;
        free(closure);
    }
    rx_pool_give(i);
}

/* ---- Preparation ---- */

typedef rx_entry *entry_chooser(const struct rx_plan *);

/* The entry for a cif's plan, wherever that is. */
static __attribute__((noinline)) rx_entry *entry_of_left_out(const ffi_cif *cif,
                                                             entry_chooser *choose)
{
    return choose(rx_plan_compile(__builtin_alloca(rx_plan_size(cif->nargs)), cif));
}

static inline rx_entry *entry_of(const ffi_cif *cif, entry_chooser *choose)
{
    const struct rx_plan *plan = rx_plan_of(cif);
    return rx_likely(plan != NULL) ? choose(plan) : entry_of_left_out(cif, choose);
}

ffi_status ffi_prep_closure_loc(ffi_closure *closure, ffi_cif *cif,
                                void (*fun)(ffi_cif *, void *, void **, void *), void *user_data,
                                void *codeloc)
{
    if (closure == NULL || cif == NULL || fun == NULL || codeloc == NULL)
        return FFI_BAD_TYPEDEF;
    if (!rx_is_abi(cif->abi))
        return FFI_BAD_ABI;
    int64_t i = rx_pool_index_of_code(codeloc);
    if (rx_likely(i >= 0) && rx_unlikely(!rx_pool_is_live(i)))
        rx_fault_prepared_after_free(codeloc);

    closure->cif = cif;
    closure->fun = fun;
    closure->user_data = user_data;
    if (rx_unlikely(i < 0)) {
        rx_arch_write_trampoline(closure->tramp, entry_of(cif, rx_arch_entry));
        return FFI_OK;
    }

    rx_entry *entry;
    if (rx_likely((void *)closure == &rx_cells[i])) {
        entry = entry_of(cif, rx_arch_entry);
    } else {
        rx_notes[i].elsewhere = closure;
        entry = entry_of(cif, rx_arch_entry_elsewhere);
    }
    rx_notes[i].place = cif->flags & (RX_PLAN_PLACES - 1);
    __atomic_store_n(&rx_entry_words[i], entry, __ATOMIC_RELEASE);
    return FFI_OK;
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
    closure->tramp = (void *)entry_of(cif, rx_arch_entry_go);
    closure->cif = cif;
    closure->fun = fun;
    return FFI_OK;
}

/* ---- Being called ---- */

typedef void handler(ffi_cif *, void *, void **, void *);

static inline void *load_pointer(const char *from)
{
    void *p;
    memcpy(&p, from, sizeof p);
    return p;
}

/* Where the client finds an argument. `gathered` is where the next one to be gathered goes. */
static inline void *argument(char *area, const struct rx_arg *arg, char **gathered)
{
    char *place = area + arg->dst;
    if (arg->op == RX_OP_REF)
        return load_pointer(place);
    if (arg->op != RX_OP_PAIR)
        return place;
    char *whole = *gathered;
    *gathered += 16;
    memcpy(whole, place, 8);
    memcpy(whole + 8, area + arg->dst2, 8);
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

static inline unsigned find_and_run(ffi_cif *cif, handler *fun, void *user_data, char *area)
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

unsigned rx_run_elsewhere(void *cell, char *area)
{
    return rx_run_closure(rx_notes[rx_pool_index_of_cell(cell)].elsewhere, area);
}

unsigned rx_run_go(ffi_go_closure *closure, char *area)
{
    return find_and_run(closure->cif, closure->fun, closure, area);
}
