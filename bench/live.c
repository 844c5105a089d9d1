/* SPDX-License-Identifier: MIT
 *
 * Many closures alive, in a process that has nothing else: how many there can be, what one more
 * costs beside them, what all of them cost, and how much memory and how many mappings they take.
 *
 * Each is called once, and has to be itself: so every page that a closure in use needs is there
 * when the memory is read, the pages of its code too. The list of closures, which is this
 * program's, is there before.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 9 };
static const double round_ns = 1e6, patience_ns = 20e9;

struct one {
    ffi_closure *closure;
    void *code;
};

/* Makes up to `count` and says how many there are. Fewer: the library refused, or, when
 * *stopped says so, it took too long. */
static size_t make(struct job *job, struct one *list, size_t count, bool *stopped)
{
    double start = now();
    for (size_t n = 0; n < count; n++) {
        if (n % 1024 == 1023 && now() - start > patience_ns) {
            *stopped = true;
            return n;
        }
        list[n].closure = job_new_closure(job, handler_number, (void *)(intptr_t)n, &list[n].code);
        if (!list[n].closure)
            return n;
    }
    return count;
}

/* One comes and goes beside those that stay: ns, the best of a few rounds. */
static double one_more(struct job *job)
{
    size_t n = 16;
    double ns, best = 0;
    for (;; n *= 2) {
        double start = now();
        job_run_alloc(job, n);
        ns = now() - start;
        if (ns >= round_ns)
            break;
    }
    for (int r = 0; r < ROUNDS; r++) {
        double start = now();
        job_run_alloc(job, n);
        ns = (now() - start) / (double)n;
        if (r == 0 || ns < best)
            best = ns;
    }
    return best;
}

/* The last closure leaves room for the one that comes and goes, so never more than `count` are
 * alive, and a library is measured up to the very last that it has. */
void alone_live(struct job *job, size_t count)
{
    struct one *list = malloc(count * sizeof *list);
    if (!list)
        die("no memory");
    memset(list, 1, count * sizeof *list);
    struct memory before, after;
    memory_read(&before);

    bool stopped = false;
    double start = now();
    size_t made = make(job, list, count, &stopped);
    double making = now() - start;
    printf("made %zu\nstopped %d\n", made, stopped);
    if (made < count)
        return;
    *job->reason = '\0';

    for (size_t i = 0; i < made; i++)
        if (((int (*)(int))list[i].code)(1000) != 1000 + (int)i)
            die("%s: closure %zu of %zu is not itself", job->library->name, i, made);
    memory_read(&after);
    printf("bytes %.2f\n", (after.pss - before.pss) / (double)made);
    printf("mappings %zu\n", memory_mappings());

    start = now();
    job->library->closure_free(list[made - 1].closure);
    double freeing = now() - start;
    printf("one %.4f\n", one_more(job));
    start = now();
    for (size_t i = 0; i < made - 1; i++)
        job->library->closure_free(list[i].closure);
    freeing += now() - start;
    printf("all %.4f\n", (making + freeing) / (double)made);
    if (*job->reason)
        die("%s: %s", job->library->name, job->reason);
    free(list);
}
