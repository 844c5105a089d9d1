/* SPDX-License-Identifier: MIT
 *
 * Measuring one row: every side is set up and proved right, then rounds are run in turn, one
 * of each side, and of each side the best round is kept.
 *
 * Best, because everything that a machine does beside the measured work (interrupts, other
 * programs, a lower clock) makes a round longer and nothing makes it shorter. In turn,
 * because these disturbances last longer than a round, so all sides meet the same ones. The
 * side that begins changes with every round, and so does the place of the stack within a
 * page: how code and data happen to lie is worth some per cent, and with the best over many
 * places no side keeps an unlucky one. For the same reason the program sleeps for a moment
 * before each round: a processor's branch predictor can settle into a slower of two states
 * (1.5 ns for the direct call in place of 1.0) and stay there until something disturbs it. The
 * first part of a round is run untimed, to make up for the sleep.
 *
 * With --not-slower, a row in which the first library seems slower is given more rounds, on
 * all sides alike, before it is believed.
 */
#include "bench.h"

#include <alloca.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Runs n operations with the stack moved down by `shift` bytes; returns the ns they took. A
 * round that was disturbed is tried again, and is worth nothing when job->disturbed stays. */
static __attribute__((noinline)) double timed(struct job *job, size_t n, size_t shift)
{
    volatile char *room = alloca(shift + 16);
    room[0] = 0;

    nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    if (job->row->work->reset)
        job->row->work->reset(job);
    else
        job->run(job, n / 16 + 1);

    double start, end;
    for (int attempt = 0; attempt < 10; attempt++) {
        job->own_ns = 0;
        job->disturbed = false;
        start = now();
        job->run(job, n);
        end = now();
        if (!job->disturbed)
            break;
    }
    return job->own_ns ? (double)job->own_ns : end - start;
}

/* How many operations make a round. The last trial is long enough to be trusted, and all of
 * them warm the caches. */
static size_t calibrate(struct job *job, double round_ns)
{
    if (job->row->work->one_at_a_time)
        return 1;
    for (size_t n = 16;; n *= 2) {
        double ns = timed(job, n, 0);
        if (ns >= round_ns / 4) {
            double fit = (double)n * round_ns / ns;
            return fit < 1 ? 1 : (size_t)fit;
        }
    }
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(const struct measure *m)
{
    double ordered[MAX_ROUNDS];
    memcpy(ordered, m->ns, m->rounds * sizeof *ordered);
    qsort(ordered, m->rounds, sizeof *ordered, by_value);
    return m->rounds ? ordered[m->rounds / 2] : 0;
}

void measure_add(struct measure *m, double ns)
{
    if (m->rounds == MAX_ROUNDS)
        return;
    m->ns[m->rounds] = ns;
    if (m->rounds == 0 || ns < m->best)
        m->best = ns;
    m->rounds++;
}

void measure_settle(struct measure *m, bool by_median)
{
    m->median = median(m);
    m->figure = by_median ? m->median : m->best;
}

static void run_rounds(struct result *res, struct job *jobs, size_t sides, unsigned rounds)
{
    static size_t turn;
    for (unsigned r = 0; r < rounds; r++) {
        size_t shift = turn++ * 208 % 4096; /* 13 * 16: all 256 places in 256 turns */
        for (size_t i = 0; i < sides; i++) {
            size_t s = (i + r) % sides;
            struct measure *m = &res->side[s];
            if (m->outcome != OK || m->rounds == MAX_ROUNDS)
                continue;
            double each = (double)m->operations;
            if (res->row->work->one_at_a_time)
                each = (double)res->row->count;
            double ns = timed(&jobs[s], m->operations, shift) / each;
            if (*jobs[s].reason)
                m->outcome = FAILED;
            else if (!jobs[s].disturbed)
                measure_add(m, ns);
        }
    }
    for (size_t s = 0; s < sides; s++)
        measure_settle(&res->side[s], res->row->work->by_median);
}

void measure_row(struct result *res, const struct row *row, const struct library *libs,
                 size_t libraries, const struct options *opt)
{
    static struct job jobs[MAX_SIDES];
    size_t sides = libraries + 1;
    const struct work *work = row->work;
    double round_ns = opt->round_ns;
    unsigned rounds = opt->rounds;

    /* A sort of a million takes as long as a hundred rounds of anything else. A median wants
     * many rounds, and short ones are more often left alone by the rest of the machine. */
    if (work->one_at_a_time)
        rounds = rounds / 3 < 3 ? 3 : rounds / 3;
    if (work->by_median) {
        rounds *= 2;
        round_ns /= 4;
    }

    memset(res, 0, sizeof *res);
    memset(jobs, 0, sizeof jobs);
    res->row = row;
    signature_load(row->sig);
    for (size_t s = 0; s < sides; s++) {
        jobs[s].row = row;
        jobs[s].side = (unsigned)s;
        jobs[s].library = s ? &libs[s - 1] : NULL;
        struct measure *m = &res->side[s];
        m->outcome = s || work->has_direct ? work->setup(&jobs[s]) : ABSENT;
        if (m->outcome == OK)
            m->operations = calibrate(&jobs[s], round_ns);
    }
    run_rounds(res, jobs, sides, rounds);
    for (int more = 0; more < 4 && opt->not_slower; more++) {
        if (!result_slower(res, libraries, opt->tolerance))
            break;
        run_rounds(res, jobs, sides, rounds);
    }

    for (size_t s = 0; s < sides; s++) {
        if (res->side[s].outcome == OK && res->side[s].rounds == 0) {
            job_fail(&jobs[s], "the machine was never quiet enough");
            res->side[s].outcome = ABSENT;
        }
        memcpy(res->side[s].reason, jobs[s].reason, sizeof jobs[s].reason);
        if (work->teardown && (s || work->has_direct))
            work->teardown(&jobs[s]);
    }
}

double result_ratio(const struct result *res, size_t library)
{
    const struct measure *first = &res->side[1], *other = &res->side[1 + library];
    if (first->outcome != OK || other->outcome != OK)
        return 0;
    return first->figure / other->figure;
}

bool result_slower(const struct result *res, size_t libraries, double tolerance)
{
    for (size_t i = 1; i < libraries; i++)
        if (result_ratio(res, i) > 1 + tolerance)
            return true;
    return false;
}
