/* SPDX-License-Identifier: MIT
 *
 * attributes: what a closure has that ffi_rx.h added.
 *
 * A closure with attributes takes a second trampoline of the pool, which nobody is given: its cell
 * holds them. So they are had and given back as closures are, in signal handlers too and without
 * malloc. The record of the closure's trampoline has the link, which is free while the closure is
 * live, and a state that sends ffi_closure_free and ffi_prep_closure_loc the slow way. Closures
 * without attributes pay nothing.
 */
#ifndef RX_ATTRIBUTES_H
#define RX_ATTRIBUTES_H

#include "closure.h"
#include "pool.h"
#include "retarget.h"

struct rx_attributes {
    uint64_t life;  /* references, and from RX_INSIDE on the calls that are inside */
    uint32_t flags; /* FFI_RX_*, and those below */
    uint32_t owner; /* the trampoline whose these are */
    ffi_closure *closure;
    ffi_rx_queue *queue;       /* NULL, or whose owner makes the calls; referenced */
    uint32_t hooks;            /* hooks.h */
    struct rx_targets targets; /* if it is FFI_RX_RETARGETABLE */
    struct rx_attributes *next_in_scope;
    uint32_t ties; /* to a scope: RX_LISTED and so on; 0 if it was never in one */
};
_Static_assert(sizeof(struct rx_attributes) <= RX_CELL_SIZE, "they lie in a cell");

/* rx_attributes.flags: calls go through the attributes and are counted; */
#define RX_COUNTED 0x80000000u
/* the only call of a one-shot closure has begun. */
#define RX_SPENT 0x40000000u

/* rx_attributes.ties: */
enum {
    RX_LISTED = 1, /* these attributes are in a scope's list, */
    RX_HELD = 2,   /* the closure's first reference is the scope's, */
    RX_ENDED = 4   /* the closure is no more */
};

/* ---- From a closure to its attributes ---- */

/* Of a closure that has some. */
static inline struct rx_attributes *rx_attributes_of(const struct rx_record *record)
{
    return (struct rx_attributes *)rx_cell_of(rx_second_of(record));
}

/* retain may add RX_COUNTED while there are calls. */
static inline uint32_t rx_attributes_flags(const struct rx_attributes *a)
{
    return __atomic_load_n(&a->flags, __ATOMIC_RELAXED);
}

/* Calls are made by the owner of queue, by whoever calls if that is NULL. In attributes.c. */
void rx_attributes_set_queue(struct rx_attributes *a, ffi_rx_queue *queue);

/* ---- Life (life.c): who brings references and calls to 0 gives both trampolines back ---- */

#define RX_INSIDE ((uint64_t)1 << 32)

static inline uint32_t rx_references(uint64_t life)
{
    return (uint32_t)life;
}

/* A trampoline that nobody is given; -1 if there is none. It is given back. */
int64_t rx_second_take(void);
void rx_second_give(uint32_t i);

static inline bool rx_has_references(const struct rx_attributes *a)
{
    return rx_references(__atomic_load_n(&a->life, __ATOMIC_RELAXED)) != 0;
}

/* The attributes of trampoline i, which is a live closure's: those that it has, or new ones, with
 * one reference and nothing else. NULL if no second trampoline is to be had. */
struct rx_attributes *rx_attributes_have(uint32_t i);

/* A reference is given up. Ends the process if there is none: it is a double free. */
void rx_attributes_release(struct rx_attributes *a);

/* The first reference is given up. If it was a scope's, it no longer is. */
void rx_attributes_free(struct rx_attributes *a);

/* A call comes in, and leaves. Ends the process if there is no reference: it is a call after free.
 */
void rx_attributes_enter(struct rx_attributes *a);
void rx_attributes_leave(struct rx_attributes *a);

/* The only call comes in, and takes over the first reference. */
void rx_attributes_enter_once(struct rx_attributes *a);

/* ---- Preparation (attributes.c) ---- */

/* For ffi_prep_closure_loc of trampoline i, which has attributes: takes them away, but for what the
 * closure's life needs. Do calls still go through them? */
bool rx_attributes_prepare_plainly(uint32_t i, ffi_closure *closure);

#endif
