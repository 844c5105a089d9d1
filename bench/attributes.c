/* SPDX-License-Identifier: MIT
 *
 * Attributes: what each attribute of a closure costs a call, and what all of them cost a closure;
 * and a call with an errno of its own. A row's count says which attributes it has.
 */
#include "bench.h"

static void enter(void *hook_data, int first)
{
    (void)hook_data, (void)first;
}

static void leave(void *hook_data)
{
    (void)hook_data;
}

/* In the order of enum bench_attributes. */
static const ffi_rx_closure_attr attributes[] = {
    [ATTR_COUNTED] = {.size = sizeof *attributes},
    [ATTR_UNCOUNTED] = {.size = sizeof *attributes, .flags = FFI_RX_UNCOUNTED},
    [ATTR_ERRNO] = {.size = sizeof *attributes, .flags = FFI_RX_UNCOUNTED | FFI_RX_KEEP_ERRNO},
    [ATTR_RETARGETABLE] = {.size = sizeof *attributes,
                           .flags = FFI_RX_UNCOUNTED | FFI_RX_RETARGETABLE},
    [ATTR_HOOKS] = {.size = sizeof *attributes,
                    .flags = FFI_RX_UNCOUNTED,
                    .enter = enter,
                    .leave = leave},
    [ATTR_LONGJMP] = {.size = sizeof *attributes, .flags = FFI_RX_UNCOUNTED | FFI_RX_LONGJMP},
    [ATTR_ONE_SHOT] = {.size = sizeof *attributes, .flags = FFI_RX_ONE_SHOT},
};

/* ---- A call ---- */

static ffi_closure *make(struct job *job, void **code)
{
    const struct library *lib = job->library;
    ffi_closure *closure = lib->closure_alloc(sizeof *closure, code);
    if (closure != NULL && lib->rx_prep_closure(closure, &job->cif, job->row->sig->handler, NULL,
                                                *code, &attributes[job->row->count]) == FFI_OK)
        return closure;
    job_fail(job, "no closure with attributes");
    return NULL;
}

static void run_code(struct job *job, size_t n)
{
    job->row->sig->loop[job->side]((void (*)(void))job->code, n);
}

static enum outcome setup_attributed(struct job *job)
{
    job->run = job_run_direct;
    if (job->library) {
        if (!job->library->rx_prep_closure)
            return ABSENT;
        if (job_prep_cif(job) != OK || (job->closure = make(job, &job->code)) == NULL)
            return FAILED;
        job->run = run_code;
    }
    return job_verify(job);
}

static void teardown_attributed(struct job *job)
{
    if (job->closure)
        job->library->closure_free(job->closure);
}

const struct work work_attributed = {
    .setup = setup_attributed, .teardown = teardown_attributed, .has_direct = true};

/* ---- Making one and giving it back ---- */

static void run_alloc(struct job *job, size_t n)
{
    while (n--) {
        void *code;
        ffi_closure *closure = make(job, &code);
        if (!closure)
            return;
        job->library->closure_free(closure);
    }
}

static enum outcome setup_alloc(struct job *job)
{
    enum outcome outcome = setup_attributed(job);
    job->run = run_alloc;
    return outcome;
}

const struct work work_alloc_attributed = {.setup = setup_alloc, .teardown = teardown_attributed};

/* One that frees itself is called in place of that. */
static void run_one_shot(struct job *job, size_t n)
{
    while (n--) {
        void *code;
        if (!make(job, &code))
            return;
        job->row->sig->loop[job->side]((void (*)(void))code, 1);
    }
}

static enum outcome setup_one_shot(struct job *job)
{
    if (!job->library->rx_prep_closure)
        return ABSENT;
    if (job_prep_cif(job) != OK)
        return FAILED;
    job->run = run_one_shot;
    return job_verify(job);
}

const struct work work_one_shot = {.setup = setup_one_shot};

/* ---- One without attributes, in a scope that is made for it and frees it ---- */

static void run_scope(struct job *job, size_t n)
{
    const struct library *lib = job->library;
    while (n--) {
        void *code;
        ffi_rx_scope *scope = lib->rx_scope_new(NULL);
        ffi_closure *closure =
            scope != NULL ? lib->rx_scope_closure_alloc(scope, sizeof *closure, &code) : NULL;
        if (closure == NULL || lib->prep_closure_loc(closure, &job->cif, job->row->sig->handler,
                                                     NULL, code) != FFI_OK) {
            job_fail(job, "no closure in a scope");
            return;
        }
        lib->rx_scope_free(scope);
    }
}

static enum outcome setup_scope(struct job *job)
{
    enum outcome outcome = setup_attributed(job);
    job->run = run_scope;
    return outcome;
}

const struct work work_scope = {.setup = setup_scope, .teardown = teardown_attributed};

/* ---- A call with errno ---- */

static void run_call_errno(struct job *job, size_t n)
{
    int error = 0;
    while (n--)
        job->library->rx_call_errno(&job->cif, job->row->sig->target, &result, avalue, &error);
}

static enum outcome setup_call_errno(struct job *job)
{
    job->run = job_run_direct;
    if (job->library) {
        if (!job->library->rx_call_errno)
            return ABSENT;
        if (job_prep_cif(job) != OK)
            return FAILED;
        job->run = run_call_errno;
    }
    return job_verify(job);
}

const struct work work_call_errno = {.setup = setup_call_errno, .has_direct = true};
