/* SPDX-License-Identifier: MIT
 *
 * scope: closures that end together.
 *
 * A scope lies in the cell of a trampoline that nobody calls, as attributes do. It has a list of
 * the attributes of its closures, and its inner scopes. Both are changed by one thread at a time,
 * which is the client's to see to; but a closure may end in any thread. It does not touch the list:
 * it only says of its attributes that it has ended (life.c), and they are taken off the list later,
 * when the scope allocates or is freed.
 *
 * With each closure that a scope allocates, two of its list are looked at. So while a list is gone
 * through once, it grows by half of what it was: what has ended is soon no more than what lives.
 */
#include "attributes.h"
#include "fault.h"

struct ffi_rx_scope {
    ffi_rx_scope *parent, *inner, *next; /* next: of the inner ones of the same parent */
    ffi_rx_scope **link;                 /* what points to this one: `inner`, or `next` */
    struct rx_attributes *list;          /* the latest first */
    struct rx_attributes **cursor;       /* what points to the one to be looked at next */
};
_Static_assert(sizeof(struct ffi_rx_scope) <= RX_CELL_SIZE, "it lies in a cell");

/* The trampoline in whose cell it lies. */
static uint32_t index_of(const ffi_rx_scope *scope)
{
    int64_t i = rx_index_of_cell(scope);
    if (i < 0 || (const void *)scope != rx_cell_of(i) || rx_state(rx_record_of(i)) != RX_SCOPE)
        rx_fault_scope(scope);
    return i;
}

/* ---- The list ---- */

static void enlist(ffi_rx_scope *scope, struct rx_attributes *a)
{
    __atomic_store_n(&a->ties, RX_LISTED | RX_HELD, __ATOMIC_RELAXED);
    a->next_in_scope = scope->list;
    if (scope->cursor == &scope->list)
        scope->cursor = &a->next_in_scope;
    scope->list = a;
}

static void give(struct rx_attributes *a)
{
    rx_second_give(rx_index_of_cell(a));
}

/* Looks at one of the list, and takes it off if its closure has ended. */
static void look(ffi_rx_scope *scope)
{
    if (*scope->cursor == NULL)
        scope->cursor = &scope->list;
    struct rx_attributes *a = *scope->cursor;
    if (a == NULL)
        return;
    if ((__atomic_load_n(&a->ties, __ATOMIC_ACQUIRE) & RX_ENDED) == 0) {
        scope->cursor = &a->next_in_scope;
        return;
    }
    *scope->cursor = a->next_in_scope;
    give(a);
}

/* What has not ended is freed, unless somebody has done so, and a call or a reference keeps it.
 * Then it is for the closure to give its attributes back. */
static void let_go(struct rx_attributes *a)
{
    uint32_t ties = __atomic_fetch_and(&a->ties, ~(RX_LISTED | RX_HELD), __ATOMIC_ACQ_REL);
    if (ties & RX_HELD)
        rx_attributes_release(a);
    else if (ties & RX_ENDED)
        give(a);
}

/* ---- Scopes in scopes ---- */

static void put_into(ffi_rx_scope *parent, ffi_rx_scope *scope)
{
    scope->next = parent->inner;
    scope->link = &parent->inner;
    if (scope->next != NULL)
        scope->next->link = &scope->next;
    parent->inner = scope;
}

static void take_out(ffi_rx_scope *scope)
{
    if (scope->parent == NULL)
        return;
    *scope->link = scope->next;
    if (scope->next != NULL)
        scope->next->link = scope->link;
}

static ffi_rx_scope *innermost(ffi_rx_scope *scope)
{
    while (scope->inner != NULL)
        scope = scope->inner;
    return scope;
}

/* One that has no inner scopes any more. */
static void end(ffi_rx_scope *scope)
{
    take_out(scope);
    for (struct rx_attributes *a = scope->list, *next; a != NULL; a = next) {
        next = a->next_in_scope;
        let_go(a);
    }
    rx_second_give(index_of(scope));
}

/* ---- The interface ---- */

ffi_rx_scope *ffi_rx_scope_new(ffi_rx_scope *parent)
{
    if (parent != NULL)
        index_of(parent);
    int64_t i = rx_second_take();
    if (i < 0)
        return NULL;
    rx_set_state(rx_record_of(i), RX_SCOPE);
    ffi_rx_scope *scope = (ffi_rx_scope *)rx_cell_of(i);
    *scope = (ffi_rx_scope){.parent = parent, .cursor = &scope->list};
    if (parent != NULL)
        put_into(parent, scope);
    return scope;
}

void *ffi_rx_scope_closure_alloc(ffi_rx_scope *scope, size_t size, void **code)
{
    index_of(scope);
    look(scope);
    look(scope);
    void *closure, *address;
    if ((closure = ffi_closure_alloc(size, code != NULL ? &address : NULL)) == NULL)
        return NULL;
    struct rx_attributes *a = rx_attributes_have(rx_index_of_code(address));
    if (a == NULL) {
        ffi_closure_free(closure);
        return NULL;
    }
    enlist(scope, a);
    *code = address;
    return closure;
}

void ffi_rx_scope_free(ffi_rx_scope *scope)
{
    if (scope == NULL)
        return;
    index_of(scope);
    ffi_rx_scope *last = innermost(scope);
    while (last != scope) {
        ffi_rx_scope *parent = last->parent;
        end(last);
        last = innermost(parent);
    }
    end(scope);
}
