/* SPDX-License-Identifier: MIT
 *
 * The C functions that the consumers' scripts call, and whose callbacks they give: what libraries
 * ask of a binding. Each script does with them what its language can.
 */
#ifndef NATIVE_H
#define NATIVE_H

#include <stddef.h>

/* Structs of each way to travel: two vector registers, a general and a vector register, memory. */
struct point {
    double x, y;
};
struct item {
    int id;
    char tag;
    double weight;
};
struct big {
    long a, b, c, d;
};

struct point scaled(struct point p, double by); /* by times p */
struct item heavier(struct item i, double by);  /* id + 1, weight + by, the tag after it */
struct big big_of(long first);                  /* first, first + 1, ... */
long big_sum(struct big b);

/* Each argument of another kind; the sum. */
double mixed(signed char a, unsigned short b, int c, float d, double e, long long f,
             const char *digits);
double twelve(double a, int b, double c, int d, double e, int f, double g, int h, double i, int j,
              double k, int l); /* a + 2b + 3c + ... */
float half(float x);
const char *greet(const char *name); /* "hello, NAME" in a buffer of the thread's own */

/* Callbacks. */
int apply(int (*f)(int), int x);
double integrate(double (*f)(double), double from, double to, int steps);
int each_word(const char *text,
              void (*word)(const char *)); /* the number of words between blanks */
struct point walk(struct point (*step)(struct point), struct point from, int steps);
void sort_doubles(double *values, size_t count, int (*compare)(const double *, const double *));

/* Callbacks that C keeps, and calls later. */
enum { KEPT = 20000 };
void keep(int slot, int (*f)(int));
long call_kept(int count, int x); /* the sum of the results of slots 0 to count - 1 */

/* Calls f(i) for i from 0 to count - 1, each on a thread of its own, at the same time; the sum. */
long in_threads(int (*f)(int), int count);

#endif
