/* SPDX-License-Identifier: MIT
 *
 * The C functions that the consumers' scripts call: see native.h.
 */
#include "native.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct point scaled(struct point p, double by)
{
    return (struct point){p.x * by, p.y * by};
}

struct item heavier(struct item i, double by)
{
    return (struct item){i.id + 1, (char)(i.tag + 1), i.weight + by};
}

struct big big_of(long first)
{
    return (struct big){first, first + 1, first + 2, first + 3};
}

long big_sum(struct big b)
{
    return b.a + b.b + b.c + b.d;
}

double mixed(signed char a, unsigned short b, int c, float d, double e, long long f,
             const char *digits)
{
    return a + b + c + (double)d + e + (double)f + atof(digits);
}

double twelve(double a, int b, double c, int d, double e, int f, double g, int h, double i, int j,
              double k, int l)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k +
           12 * l;
}

float half(float x)
{
    return x / 2;
}

const char *greet(const char *name)
{
    static _Thread_local char text[100];
    snprintf(text, sizeof text, "hello, %s", name);
    return text;
}

int apply(int (*f)(int), int x)
{
    return f(x);
}

double integrate(double (*f)(double), double from, double to, int steps)
{
    double width = (to - from) / steps, sum = 0;
    for (int i = 0; i < steps; i++)
        sum += f(from + (i + 0.5) * width);
    return sum * width;
}

int each_word(const char *text, void (*word)(const char *))
{
    char copy[1000], *rest = NULL;
    int count = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest), count++)
        word(w);
    return count;
}

struct point walk(struct point (*step)(struct point), struct point from, int steps)
{
    while (steps-- > 0)
        from = step(from);
    return from;
}

void sort_doubles(double *values, size_t count, int (*compare)(const double *, const double *))
{
    qsort(values, count, sizeof *values, (int (*)(const void *, const void *))compare);
}

static int (*kept[KEPT])(int);

void keep(int slot, int (*f)(int))
{
    kept[slot] = f;
}

long call_kept(int count, int x)
{
    long sum = 0;
    for (int i = 0; i < count; i++)
        sum += kept[i](x);
    return sum;
}

struct job {
    pthread_t thread;
    int (*f)(int);
    int argument, result;
};

static void *run_job(void *data)
{
    struct job *job = data;
    job->result = job->f(job->argument);
    return NULL;
}

long in_threads(int (*f)(int), int count)
{
    struct job *jobs = calloc((size_t)count, sizeof *jobs);
    long sum = 0;
    for (int i = 0; i < count; i++) {
        jobs[i].f = f;
        jobs[i].argument = i;
        if (pthread_create(&jobs[i].thread, NULL, run_job, &jobs[i]) != 0)
            abort();
    }
    for (int i = 0; i < count; i++) {
        pthread_join(jobs[i].thread, NULL);
        sum += jobs[i].result;
    }
    free(jobs);
    return sum;
}
