/* SPDX-License-Identifier: MIT
 *
 * life: how long a closure with attributes lives: while somebody has a reference, or a call is
 * inside.
 *
 * Both are counted in one word, so exactly one thread sees it become 0, and gives both trampolines
 * back. Nothing of the closure or its attributes is touched but under a count of one's own.
 *
 * The attributes of a closure of a scope are in the scope's list besides. They stay until both have
 * let go, the closure by ending and the scope by taking them off its list: whoever is second gives
 * their trampoline back.
 */
#include "attributes.h"
#include "fault.h"

/* ---- The second trampoline ---- */

int64_t rx_second_take(void)
{
    int64_t i = rx_pool_take_second();
    if (i < 0)
        return -1;
    struct rx_record *record = rx_record_of(i);
    rx_set_entry(record, rx_arch_entry_freed);
    rx_set_place(record, 0);
    rx_pass_on(record, rx_ring.number, RX_SECOND);
    return i;
}

void rx_second_give(uint32_t i)
{
    rx_set_state(rx_record_of(i), rx_ring.number);
    rx_pool_give_second(i);
}

/* False if the closure has a second one already. */
static bool link(struct rx_record *record, uint32_t second)
{
    struct rx_record seen = {.rest = __atomic_load_n(&record->rest, __ATOMIC_ACQUIRE)}, linked;
    do {
        if (rx_has_attributes(seen.state))
            return false;
        linked.rest = seen.rest;
        linked.next = second + 1;
        linked.state |= RX_WITH_ATTRIBUTES;
    } while (!__atomic_compare_exchange_n(&record->rest, &seen.rest, linked.rest, true,
                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    return true;
}

struct rx_attributes *rx_attributes_have(uint32_t i)
{
    struct rx_record *record = rx_record_of(i);
    struct rx_record seen = {.rest = __atomic_load_n(&record->rest, __ATOMIC_ACQUIRE)};
    if (rx_has_attributes(seen.state))
        return rx_attributes_of(record);
    int64_t second = rx_second_take();
    if (second < 0)
        return NULL;
    struct rx_attributes *a = (struct rx_attributes *)rx_cell_of(second);
    *a = (struct rx_attributes){.life = 1, .owner = i, .closure = rx_prepared_closure(i)};
    if (link(record, second))
        return a;
    rx_second_give(second);
    return rx_attributes_of(record);
}

/* Most are in no scope, and not worth a locked instruction. */
static bool is_listed_when_it_ends(struct rx_attributes *a)
{
    return __atomic_load_n(&a->ties, __ATOMIC_ACQUIRE) != 0 &&
           (__atomic_fetch_or(&a->ties, RX_ENDED, __ATOMIC_ACQ_REL) & RX_LISTED) != 0;
}

static void end(struct rx_attributes *a)
{
    uint32_t i = a->owner, second = rx_second_of(rx_record_of(i));
    rx_attributes_set_queue(a, NULL);
    if (!is_listed_when_it_ends(a))
        rx_second_give(second);
    rx_give_closure(i);
}

/* ---- Counting ---- */

void rx_attributes_release(struct rx_attributes *a)
{
    uint64_t before = __atomic_fetch_sub(&a->life, 1, __ATOMIC_ACQ_REL);
    if (rx_unlikely(rx_references(before) == 0))
        rx_fault_free(RX_FREED_TWICE, rx_given(a->owner));
    if (before == 1)
        end(a);
}

/* The closure's first reference is no longer the scope's. */
static void take_out_of_scope(struct rx_attributes *a)
{
    if (__atomic_load_n(&a->ties, __ATOMIC_RELAXED) != 0)
        __atomic_fetch_and(&a->ties, ~RX_HELD, __ATOMIC_RELAXED);
}

void rx_attributes_free(struct rx_attributes *a)
{
    take_out_of_scope(a);
    rx_attributes_release(a);
}

void rx_attributes_enter(struct rx_attributes *a)
{
    uint64_t before = __atomic_fetch_add(&a->life, RX_INSIDE, __ATOMIC_ACQUIRE);
    if (rx_unlikely(rx_references(before) == 0))
        rx_called_freed(rx_cell_of(a->owner));
}

void rx_attributes_enter_once(struct rx_attributes *a)
{
    uint32_t flags = __atomic_fetch_or(&a->flags, RX_SPENT, __ATOMIC_RELAXED);
    take_out_of_scope(a);
    uint64_t before = __atomic_fetch_add(&a->life, RX_INSIDE - 1, __ATOMIC_ACQ_REL);
    if (rx_unlikely((flags & RX_SPENT) || rx_references(before) == 0))
        rx_called_freed(rx_cell_of(a->owner));
}

void rx_attributes_leave(struct rx_attributes *a)
{
    uint64_t before = __atomic_fetch_sub(&a->life, RX_INSIDE, __ATOMIC_ACQ_REL);
    if (rx_unlikely(before == RX_INSIDE))
        end(a);
}

/* ---- Sharing ---- */

static bool retain(struct rx_attributes *a)
{
    uint64_t life = __atomic_load_n(&a->life, __ATOMIC_RELAXED);
    do
        if (rx_references(life) == 0 || rx_references(life) == UINT32_MAX)
            return false;
    while (!__atomic_compare_exchange_n(&a->life, &life, life + 1, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
    return true;
}

/* Calls of a closure without call attributes are counted from now on. */
static void count_calls(struct rx_attributes *a)
{
    struct rx_record *record = rx_record_of(a->owner);
    __atomic_fetch_or(&a->flags, RX_COUNTED, __ATOMIC_RELAXED);
    if (rx_entry_in(record) != rx_arch_entry_unprepared)
        rx_set_entry(record, rx_entry_of(a->closure->cif, rx_arch_entry_attributed));
}

ffi_closure *ffi_rx_closure_retain(ffi_closure *closure)
{
    int64_t i = closure != NULL ? rx_index_of_closure(closure) : -1;
    struct rx_attributes *a = i >= 0 ? rx_attributes_have(i) : NULL;
    if (a == NULL || !retain(a))
        return NULL;
    if ((rx_attributes_flags(a) & (RX_COUNTED | FFI_RX_UNCOUNTED)) == 0)
        count_calls(a);
    return closure;
}

/* Not the first reference, if that is a scope's. */
void ffi_rx_closure_release(ffi_closure *closure)
{
    int64_t i = closure != NULL ? rx_index_of_closure(closure) : -1;
    const struct rx_record *record = i >= 0 ? rx_record_of(i) : NULL;
    if (record != NULL && rx_has_attributes(rx_state(record)))
        rx_attributes_release(rx_attributes_of(record));
    else
        ffi_closure_free(closure);
}
