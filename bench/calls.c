/* SPDX-License-Identifier: MIT
 *
 * Calls: ffi_call, ffi_call_plan_invoke, and ffi_prep_cif alone and before each ffi_call, as
 * CPython's ctypes does.
 *
 * Every operation reads `argument`, calls the signature's target and leaves `result`, just as
 * the direct call does; job_verify() therefore needs no knowledge of the work.
 */
#include "bench.h"

#include <stdarg.h>
#include <string.h>

enum outcome job_fail(struct job *job, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(job->reason, sizeof job->reason, format, list);
    va_end(list);
    return FAILED;
}

void job_run_direct(struct job *job, size_t n)
{
    job->row->sig->loop[0](job->row->sig->target, n);
}

enum outcome job_verify(struct job *job)
{
    const struct signature *sig = job->row->sig;

    memset(&result, 0x5a, sizeof result);
    sig->loop[0](sig->target, 1);
    union value expected = result;

    memset(&result, 0xa5, sizeof result);
    job->run(job, 1);
    if (*job->reason)
        return FAILED;
    if (memcmp(&result, &expected, sig->result_size) != 0)
        return job_fail(job, "the result is not that of a direct call");
    return OK;
}

static ffi_status prep(struct job *job, ffi_cif *cif)
{
    const struct signature *sig = job->row->sig;
    return job->library->prep_cif(cif, FFI_DEFAULT_ABI, sig->nargs, job->library->type[sig->result],
                                  job->types);
}

enum outcome job_prep_cif(struct job *job)
{
    const struct signature *sig = job->row->sig;
    for (unsigned i = 0; i < sig->nargs; i++)
        job->types[i] = job->library->type[sig->arg[i]];
    ffi_status status = prep(job, &job->cif);
    if (status != FFI_OK)
        return job_fail(job, "ffi_prep_cif gives status %d", (int)status);
    return OK;
}

/* ---- ffi_call ---- */

/* libffi 3.4's ffi_call copies a struct that is passed in memory, and leaves the address of its
 * copy, which is gone, in the caller's avalue. Where a signature has such a struct, avalue is
 * made new for each call, on all sides: a client has to do so too. */
static inline void renew_avalue(const struct signature *sig)
{
    if (sig->arg[0] == T_4_LONG)
        avalue[0] = &argument[0];
}

static void run_call(struct job *job, size_t n)
{
    const struct signature *sig = job->row->sig;
    __typeof__(ffi_call) *call = job->library->call;
    void (*target)(void) = sig->target;
    ffi_cif *cif = &job->cif;
    while (n--) {
        renew_avalue(sig);
        call(cif, target, &result, avalue);
    }
}

static enum outcome setup_call(struct job *job)
{
    job->run = job->library ? run_call : job_run_direct;
    if (job->library && job_prep_cif(job) != OK)
        return FAILED;
    return job_verify(job);
}

/* ---- ffi_call_plan_invoke ---- */

static void run_plan(struct job *job, size_t n)
{
    call_plan_invoke_fn *invoke = job->library->plan_invoke;
    const struct signature *sig = job->row->sig;
    void (*target)(void) = sig->target;
    void *plan = job->plan;
    while (n--) {
        renew_avalue(sig);
        invoke(plan, target, &result, avalue);
    }
}

static enum outcome setup_plan(struct job *job)
{
    if (!job->library)
        return setup_call(job);
    if (!job->library->plan_alloc)
        return ABSENT;
    if (job_prep_cif(job) != OK)
        return FAILED;
    job->plan = job->library->plan_alloc(&job->cif);
    if (!job->plan)
        return job_fail(job, "ffi_call_plan_alloc gives NULL");
    job->run = run_plan;
    return job_verify(job);
}

static void teardown_plan(struct job *job)
{
    if (job->plan)
        job->library->plan_free(job->plan);
}

/* The first library's plain ffi_call beside what the others can do with a plan. */
static enum outcome setup_call_or_plan(struct job *job)
{
    return job->side == 1 ? setup_call(job) : setup_plan(job);
}

/* ---- ffi_prep_cif, then ffi_call ---- */

static void run_prep_call(struct job *job, size_t n)
{
    const struct signature *sig = job->row->sig;
    const struct library *lib = job->library;
    while (n--) {
        if (prep(job, &job->cif) != FFI_OK) {
            job_fail(job, "ffi_prep_cif fails");
            return;
        }
        renew_avalue(sig);
        lib->call(&job->cif, sig->target, &result, avalue);
    }
}

static enum outcome setup_prep_call(struct job *job)
{
    enum outcome outcome = setup_call(job);
    if (outcome != OK || !job->library)
        return outcome;
    job->run = run_prep_call;
    return job_verify(job);
}

/* ---- ffi_prep_cif ---- */

static void run_prep(struct job *job, size_t n)
{
    while (n--)
        if (prep(job, &job->cif) != FFI_OK)
            job_fail(job, "ffi_prep_cif fails");
}

/* Proved right by calling through a cif that this very loop has prepared. */
static enum outcome setup_prep(struct job *job)
{
    if (job_prep_cif(job) != OK)
        return FAILED;
    memset(&job->cif, 0, sizeof job->cif);
    run_prep(job, 2);
    if (*job->reason)
        return FAILED;
    job->run = run_call;
    enum outcome outcome = job_verify(job);
    job->run = run_prep;
    return outcome;
}

const struct work work_call = {.setup = setup_call, .has_direct = true};
const struct work work_plan = {.setup = setup_plan, .teardown = teardown_plan, .has_direct = true};
const struct work work_call_or_plan = {
    .setup = setup_call_or_plan, .teardown = teardown_plan, .has_direct = true};
const struct work work_prep_call = {.setup = setup_prep_call, .has_direct = true};
const struct work work_prep = {.setup = setup_prep};
