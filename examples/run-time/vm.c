/* SPDX-License-Identifier: MIT
 *
 * vm: a run-time in small.
 *
 * What other run-times need a table for is in the closure: which value a C function is (user_data,
 * which the collector changes when it moves the value), what has to happen before the language runs
 * in a thread and after it (the hooks), and who still needs it (the references).
 */
#include "vm.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- The lock, and the threads ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local bool has_lock;
static struct vm_figures figures;

void vm_lock(void)
{
    pthread_mutex_lock(&lock);
    has_lock = true;
}

void vm_unlock(void)
{
    has_lock = false;
    pthread_mutex_unlock(&lock);
}

static void enter(void *vm, int first)
{
    (void)vm;
    vm_lock();
    figures.threads += first;
    figures.threads_ever += first;
}

static void leave(void *vm)
{
    (void)vm;
    vm_unlock();
}

static void thread_exit(void *vm)
{
    (void)vm;
    vm_lock();
    figures.threads--;
    vm_unlock();
}

struct vm_figures vm_figures(void)
{
    return figures;
}

/* ---- The heap: two halves, of which one is in use ---- */

#define MOST 64

static struct value half[2][MOST];
static struct handle *root[MOST];
static int used, in_use;

static void call_value(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    struct value *value = user_data;
    const char *a = **(const char ***)args[0], *b = **(const char ***)args[1];
    if (!has_lock)
        figures.unlocked++;
    value->calls++;
    long order = value->by_length ? (long)strlen(a) - (long)strlen(b) : strcmp(a, b);
    if (order == 0)
        order = strcmp(a, b);
    order = order < 0 ? -1 : order > 0;
    *(ffi_sarg *)result = value->backwards ? -order : order;
}

void vm_collect(void)
{
    int to = 1 - in_use, moved = 0;
    for (int i = 0; i < used; i++) {
        if (root[i] == NULL)
            continue;
        half[to][moved] = *root[i]->value;
        root[i]->value = &half[to][moved];
        root[moved++] = root[i];
        ffi_rx_closure_retarget(root[moved - 1]->closure, call_value, root[moved - 1]->value);
    }
    memset(half[in_use], 0xdd, sizeof half[in_use]);
    in_use = to;
    used = moved;
    figures.collections++;
}

/* ---- Functions for C ---- */

static ffi_type *types[] = {&ffi_type_pointer, &ffi_type_pointer};
static ffi_cif compare_cif;

void vm_start(void)
{
    ffi_prep_cif(&compare_cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types);
}

bool vm_function(struct handle *handle, struct value value)
{
    ffi_rx_closure_attr attr = {
        .size = sizeof attr,
        .flags = FFI_RX_RETARGETABLE | FFI_RX_KEEP_ERRNO,
        .enter = enter,
        .leave = leave,
        .thread_exit = thread_exit,
    };
    if (used == MOST)
        vm_collect();
    if (used == MOST)
        return false;
    handle->value = &half[in_use][used];
    *handle->value = value;
    handle->closure = ffi_closure_alloc(sizeof(ffi_closure), &handle->code);
    if (handle->closure == NULL)
        return false;
    root[used++] = handle;
    return ffi_rx_prep_closure(handle->closure, &compare_cif, call_value, handle->value,
                               handle->code, &attr) == FFI_OK;
}

void vm_drop(struct handle *handle)
{
    for (int i = 0; i < used; i++)
        if (root[i] == handle)
            root[i] = NULL;
    ffi_rx_closure_release(handle->closure);
}
