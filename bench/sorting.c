/* SPDX-License-Identifier: MIT
 *
 * The C library's qsort with a closure as its comparison, beside the same with a C function:
 * what a callback costs in the middle of other work.
 *
 * One run sorts row->count random ints; the row's figure is ns for each int. The numbers are
 * the same in every run and for every side, and each sorted array is compared with the
 * static callback's.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *left, const void *right)
{
    int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}

static void handler_compare(ffi_cif *cif, void *ret, void **args, void *user_data)
{
    (void)cif, (void)user_data;
    int a = **(int **)args[0], b = **(int **)args[1];
    *(ffi_sarg *)ret = (a > b) - (a < b);
}

/* Shared by all sides of the row: they run one after another. */
static int *unsorted, *work_array, *sorted;

static bool make_numbers(size_t count)
{
    if (unsorted)
        return true;
    unsorted = malloc(count * sizeof(int));
    work_array = malloc(count * sizeof(int));
    sorted = malloc(count * sizeof(int));
    if (!unsorted || !work_array || !sorted)
        return false;
    uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < count; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17; /* xorshift64 */
        unsorted[i] = (int)(state >> 32);
    }
    memcpy(sorted, unsorted, count * sizeof(int));
    qsort(sorted, count, sizeof(int), compare);
    return true;
}

static void reset_sort(struct job *job)
{
    memcpy(work_array, unsorted, job->row->count * sizeof(int));
}

static void run_sort(struct job *job, size_t n)
{
    (void)n;
    qsort(work_array, job->row->count, sizeof(int), (int (*)(const void *, const void *))job->code);
}

static enum outcome setup_sort(struct job *job)
{
    if (!make_numbers(job->row->count))
        return job_fail(job, "no memory");
    job->run = run_sort;
    job->code = (void *)compare;
    if (job->library) {
        if (job_prep_cif(job) != OK)
            return FAILED;
        job->closure = job->library->closure_alloc(sizeof *job->closure, &job->code);
        if (!job->closure)
            return job_fail(job, "ffi_closure_alloc gives NULL");
        if (job->library->prep_closure_loc(job->closure, &job->cif, handler_compare, NULL,
                                           job->code) != FFI_OK)
            return job_fail(job, "ffi_prep_closure_loc fails");
    }
    reset_sort(job);
    run_sort(job, 1);
    if (memcmp(work_array, sorted, job->row->count * sizeof(int)) != 0)
        return job_fail(job, "the array is not sorted");
    return OK;
}

static void teardown_sort(struct job *job)
{
    if (job->closure)
        job->library->closure_free(job->closure);
    free(unsorted), free(work_array), free(sorted);
    unsorted = work_array = sorted = NULL;
}

const struct work work_qsort = {.setup = setup_sort,
                                .reset = reset_sort,
                                .teardown = teardown_sort,
                                .has_direct = true,
                                .one_at_a_time = true};
