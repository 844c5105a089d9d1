/* SPDX-License-Identifier: MIT
 *
 * What is counted: every kind of work on every signature of the mix, each between two markers.
 *
 *     count LIBRARY OPERATIONS
 *
 * A program for `run`, which starts it under callgrind. The works are those of the benchmark
 * (../calls.c, ../closures.c): each is set up, proved right and warmed up before its marker, so
 * that between the markers there is nothing but OPERATIONS repetitions of what a long-running
 * program does. callgrind clears its counts at row_begin and writes them at row_end, a part for
 * each row, in the order in which this program prints the names. The last row is empty, and proves
 * it.
 */
#include "../bench.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void row_begin(void);
void row_end(void);

__attribute__((noinline)) void row_begin(void)
{
    __asm__ volatile("" : : : "memory");
}

__attribute__((noinline)) void row_end(void)
{
    __asm__ volatile("" : : : "memory");
}

void die(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fputs("count: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    exit(2);
}

/* Side 1, as the first library has it in the benchmark. */
static void count(const struct library *lib, const char *name, const struct work *work,
                  const struct signature *sig, size_t operations)
{
    struct row row = {.group = name, .work = work, .sig = sig, .count = 1};
    struct job job = {.library = lib, .side = 1, .row = &row};

    signature_load(sig);
    if (work->setup(&job) != OK)
        die("%s: %s", name, job.reason);
    job.run(&job, 1);
    row_begin();
    job.run(&job, operations);
    row_end();
    if (*job.reason)
        die("%s: %s", name, job.reason);
    if (work->teardown)
        work->teardown(&job);
    puts(name);
}

static void count_mix(const struct library *lib, const char *group, const struct work *work,
                      size_t operations)
{
    for (size_t i = 0; i < mix_size; i++) {
        char name[160];
        snprintf(name, sizeof name, "%s: %s", group, mix[i].name);
        count(lib, name, work, &mix[i], operations);
    }
}

/* ---- Closures by the hundred: what a ring of freed ones does not hold ---- */

enum { BATCH = 500 };

static void run_batch(struct job *job, size_t n)
{
    static ffi_closure *closure[BATCH];
    const struct library *lib = job->library;
    while (n) {
        size_t size = n < BATCH ? n : BATCH;
        for (size_t i = 0; i < size; i++) {
            void *code;
            closure[i] = lib->closure_alloc(sizeof *closure[i], &code);
            if (!closure[i] || lib->prep_closure_loc(closure[i], &job->cif, job->row->sig->handler,
                                                     NULL, code) != FFI_OK)
                die("no closure %zu of %zu", i, size);
        }
        for (size_t i = 0; i < size; i++)
            lib->closure_free(closure[i]);
        n -= size;
    }
}

static enum outcome setup_batch(struct job *job)
{
    if (job_prep_cif(job) != OK)
        return FAILED;
    job->run = run_batch;
    run_batch(job, 4 * BATCH);
    return OK;
}

static void run_nothing(struct job *job, size_t n)
{
    (void)job, (void)n;
}

static enum outcome setup_nothing(struct job *job)
{
    job->run = run_nothing;
    return OK;
}

int main(int argc, char **argv)
{
    static const struct work work_batch = {.setup = setup_batch};
    static const struct work work_nothing = {.setup = setup_nothing};
    static struct library lib;

    if (argc != 3)
        die("usage: count LIBRARY OPERATIONS");
    size_t operations = strtoul(argv[2], NULL, 10);
    if (operations == 0 || operations % BATCH != 0)
        die("%s: a multiple of %d is wanted", argv[2], BATCH);
    library_open(&lib, argv[1]);

    count_mix(&lib, "ffi_call", &work_call, operations);
    count_mix(&lib, "ffi_prep_cif + ffi_call", &work_prep_call, operations);
    count_mix(&lib, "ffi_prep_cif", &work_prep, operations);
    count_mix(&lib, "closure call", &work_closure, operations);
    const struct signature *one_int = signature_find("int(int)");
    count(&lib, "closure alloc + prep + free: one at a time", &work_alloc, one_int, operations);
    count(&lib, "closure alloc + prep + free: 500 at a time", &work_batch, one_int, operations);
    count(&lib, "nothing", &work_nothing, one_int, operations);
    return fflush(stdout) != 0;
}
