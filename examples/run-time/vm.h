/* SPDX-License-Identifier: MIT
 *
 * vm: a run-time in small: one lock, objects that its collector moves, and threads that it must
 * know.
 */
#include <stdbool.h>
#include <ffi_rx.h>

/* A function value of the language: how two strings are compared. */
struct value {
    bool by_length;
    bool backwards;
    long calls;
};

/* What C is given of a value: a function int (const void *, const void *), and a share in it. */
struct handle {
    struct value *value; /* where it is at present */
    ffi_closure *closure;
    void *code;
};

void vm_start(void);

/* A value in the heap, and a C function that is it. Under the lock. False without memory. */
bool vm_function(struct handle *handle, struct value value);
void vm_drop(struct handle *handle);

/* Moves all objects, and spoils the place where they were. Under the lock. */
void vm_collect(void);

void vm_lock(void);
void vm_unlock(void);

/* Threads that came in from C: known now, and ever. Values that were used without the lock. */
struct vm_figures {
    int threads, threads_ever, collections, unlocked;
} vm_figures(void);
