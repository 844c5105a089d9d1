/* SPDX-License-Identifier: MIT
 *
 * call_stack: ffi_call with arguments that do not all fit into registers: many, variadic, large and
 * over-aligned ones, in frames of more than a page (src/call.c and the call routines of the
 * architecture).
 */
#include "unit.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- Many arguments ---- */

static double mixture(char a, float b, short c, double d, int e, float f, long g, double h, char i,
                      float j, short k, double l, int m, float n, long o, double p, long double q,
                      char r, float s, double t)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k +
           12 * l + 13 * m + 14 * n + 15 * o + 16 * p + 17 * (double)q + 18 * r + 19 * s + 20 * t;
}

Test(call_stack, a_mixture_of_twenty_arguments_keeps_its_order)
{
    ffi_type *c = &ffi_type_schar, *s = &ffi_type_sshort, *i = &ffi_type_sint, *l = &ffi_type_slong;
    ffi_type *f = &ffi_type_float, *d = &ffi_type_double, *x = &ffi_type_longdouble;
    ffi_cif cif = signature(d, TYPES(c, f, s, d, i, f, l, d, c, f, s, d, i, f, l, d, x, c, f, d));
    char vc[] = {-1, 2, -3};
    short vs[] = {300, -301};
    int vi[] = {-70000, 70001};
    long vl[] = {1L << 40, -(1L << 41)};
    float vf[] = {0.5f, 1.5f, -2.5f, 3.5f, -4.5f};
    double vd[] = {0.25, -1.25, 2.25, 3.25, 4.25};
    long double vx = 0.125L;
    double result = 0;
    ffi_call(&cif, FN(mixture), &result,
             VALUES(&vc[0], &vf[0], &vs[0], &vd[0], &vi[0], &vf[1], &vl[0], &vd[1], &vc[1], &vf[2],
                    &vs[1], &vd[2], &vi[1], &vf[3], &vl[1], &vd[3], &vx, &vc[2], &vf[4], &vd[4]));
    cr_expect(eq(dbl, result,
                 mixture(vc[0], vf[0], vs[0], vd[0], vi[0], vf[1], vl[0], vd[1], vc[1], vf[2],
                         vs[1], vd[2], vi[1], vf[3], vl[1], vd[3], vx, vc[2], vf[4], vd[4])));
}

static long double sum_of_pairs(int pairs, ...)
{
    long double sum = 0;
    va_list list;
    va_start(list, pairs);
    for (int i = 0; i < pairs; i++) {
        sum += (i + 1) * va_arg(list, int);
        sum += (i + 1) * va_arg(list, double);
        sum += (i + 1) * va_arg(list, long double);
    }
    va_end(list);
    return sum;
}

Test(call_stack, variadic_arguments_arrive)
{
    ffi_type *i = &ffi_type_sint, *d = &ffi_type_double, *x = &ffi_type_longdouble;
    ffi_cif cif = variadic_signature(FFI_DEFAULT_ABI, 1, x, TYPES(i, i, d, x, i, d, x, i, d, x));
    int n = 3, vi[] = {-1, 2, 30};
    double vd[] = {0.5, -1.5, 2.5};
    long double vx[] = {0.25L, 10.25L, -20.25L}, result = 0;
    ffi_call(&cif, FN(sum_of_pairs), &result,
             VALUES(&n, &vi[0], &vd[0], &vx[0], &vi[1], &vd[1], &vx[1], &vi[2], &vd[2], &vx[2]));
    cr_expect(eq(ldbl, result,
                 sum_of_pairs(n, vi[0], vd[0], vx[0], vi[1], vd[1], vx[1], vi[2], vd[2], vx[2])));
}

/* ---- Very many, and large ones: frames of several pages ---- */

static long weighted_sum(int n, ...)
{
    unsigned long sum = 0; /* wraps around */
    va_list list;
    va_start(list, n);
    for (int i = 0; i < n; i++)
        sum += (i + 1) * va_arg(list, unsigned long);
    va_end(list);
    return sum;
}

/* Calls weighted_sum with n longs, and returns whether the sum is right. */
static bool sums_up(int n)
{
    ffi_type **types = calloc(n + 2, sizeof *types);
    void **list = calloc(n + 1, sizeof *list);
    unsigned long *values = calloc(n, sizeof *values), result = 0, expected = 0;
    types[0] = &ffi_type_sint;
    list[0] = &n;
    for (int i = 0; i < n; i++) {
        types[i + 1] = &ffi_type_slong;
        list[i + 1] = &values[i];
        values[i] = 1003UL * i - 7;
        expected += (i + 1) * values[i];
    }
    ffi_cif cif = variadic_signature(FFI_DEFAULT_ABI, 1, &ffi_type_slong, types);
    ffi_call(&cif, FN(weighted_sum), &result, list);
    free(types);
    free(list);
    free(values);
    return result == expected;
}

Test(call_stack, any_number_of_arguments_arrives)
{
    for (int n = 0; n <= 40; n++)
        cr_expect(sums_up(n), "%d arguments", n);
    /* Around a page of them, around the number that is interned, and more than any counter of 16
     * bits. */
    static const int many[] = {254, 255, 256, 257, 500, 510, 511, 512, 513, 1000, 5000, 70000};
    for (size_t i = 0; i < LENGTH(many); i++)
        cr_expect(sums_up(many[i]), "%d arguments", many[i]);
}

struct page {
    char at[4096];
};

struct megabyte {
    char at[1 << 20];
};

static int check_sizes(struct page a, char b, struct megabyte c, char d)
{
    return a.at[0] == 1 && a.at[sizeof a - 1] == 2 && b == 3 && c.at[0] == 4 &&
           c.at[sizeof c - 1] == 5 && d == 6;
}

Test(call_stack, a_frame_may_be_larger_than_pages)
{
    ffi_type *type_a = STRUCT_AS(sizeof(struct page), 1, &ffi_type_schar);
    ffi_type *type_c = STRUCT_AS(sizeof(struct megabyte), 1, &ffi_type_schar);
    ffi_cif cif =
        signature(&ffi_type_sint, TYPES(type_a, &ffi_type_schar, type_c, &ffi_type_schar));
    static struct page a;
    static struct megabyte c;
    char b = 3, d = 6;
    a.at[0] = 1;
    a.at[sizeof a - 1] = 2;
    c.at[0] = 4;
    c.at[sizeof c - 1] = 5;
    ffi_arg result = 0;
    ffi_call(&cif, FN(check_sizes), &result, VALUES(&a, &b, &c, &d));
    cr_expect(eq(int, (int)result, 1));
}

/* Two arguments of the greatest alignment there is lie that far from each other, and nothing is
 * written between them. A guard page there must be noticed all the same: what is reserved is
 * touched page by page, so that no frame can reach over the end of a thread's stack into other
 * memory. */
#define GREATEST ((size_t)1 << 15)
#define STACK_SIZE (16 * GREATEST)

static char *guards[2];
static ffi_cif *two_far_apart;

static void end_by_where_it_faults(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    size_t page = sysconf(_SC_PAGESIZE);
    char *fault = info->si_addr;
    bool is_guard = (size_t)(fault - guards[0]) < page || (size_t)(fault - guards[1]) < page;
    _exit(is_guard ? 7 : 8);
}

static void take_two(void)
{
}

static void *call_over_a_guard(void *unused)
{
    sigaltstack(&(stack_t){.ss_sp = calloc(1, 1 << 16), .ss_size = 1 << 16}, NULL);
    char *here = __builtin_frame_address(0);
    size_t page = sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < LENGTH(guards); i++) {
        guards[i] = here - (uintptr_t)here % GREATEST - i * GREATEST - GREATEST / 2;
        mprotect(guards[i], page, PROT_NONE);
    }
    long value[3] = {0};
    ffi_call(two_far_apart, FN(take_two), NULL, VALUES(value, value));
    return unused;
}

static void call_on_a_stack_of_its_own(void *stack)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    action.sa_sigaction = end_by_where_it_faults;
    sigaction(SIGSEGV, &action, NULL);
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setstack(&attr, stack, STACK_SIZE);
    if (pthread_create(&thread, &attr, call_over_a_guard, NULL) == 0)
        pthread_join(thread, NULL);
}

Test(call_stack, a_frame_cannot_reach_over_a_guard_page)
{
    SKIP_UNDER_THREAD_SANITIZER();
    void *stack =
        mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert(ne(ptr, stack, MAP_FAILED));
    /* In memory, because of the size that is said; no more is read than that. */
    ffi_type *type = STRUCT_AS(24, GREATEST, &ffi_type_slong);
    ffi_cif cif = signature(&ffi_type_void, TYPES(type, type));
    two_far_apart = &cif;
    struct ending ending = ending_of(call_on_a_stack_of_its_own, stack);
    cr_expect(eq(int, ending.status, 7), "signal %d", ending.signal);
}

/* ---- Alignment ---- */

#define ALIGNED(n)                                                                                 \
    struct aligned##n {                                                                            \
        _Alignas(n) char at[n];                                                                    \
    };                                                                                             \
    static int check_aligned_##n(long a, long b, long c, long d, long e, long f, long g, long h,   \
                                 long i, struct aligned##n s, long j, struct aligned##n t)         \
    {                                                                                              \
        return is_aligned(&s, n) && is_aligned(&t, n) &&                                           \
               a + b + c + d + e + f + g + h + i + j == 55 && s.at[0] == 1 && s.at[n - 1] == 2 &&  \
               t.at[0] == 3 && t.at[n - 1] == 4;                                                   \
    }

/* The compiler knows what it has aligned itself, and would not look. */
static __attribute__((noinline)) bool is_aligned(const volatile void *p, uintptr_t align)
{
    __asm__("" : "+r"(p));
    return (uintptr_t)p % align == 0;
}

ALIGNED(16)
ALIGNED(32)
ALIGNED(64)

Test(call_stack, over_aligned_arguments_are_aligned)
{
    ffi_type *l = &ffi_type_slong;
    void *functions[] = {(void *)check_aligned_16, (void *)check_aligned_32,
                         (void *)check_aligned_64};
    long v[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    for (size_t i = 0; i < LENGTH(functions); i++) {
        size_t size = 16 << i;
        ffi_type *type = STRUCT(STRUCT_AS(size, size, &ffi_type_schar));
        ffi_cif cif = signature(&ffi_type_sint, TYPES(l, l, l, l, l, l, l, l, l, type, l, type));
        char s[64] = {1}, t[64] = {3};
        s[size - 1] = 2;
        t[size - 1] = 4;
        ffi_arg result = 0;
        ffi_call(
            &cif, FN(functions[i]), &result,
            VALUES(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], s, &v[9], t));
        cr_expect(eq(int, (int)result, 1), "alignment %zu", size);
    }
}

static int frame_is_aligned(void)
{
    return is_aligned(__builtin_frame_address(0), 16);
}

Test(call_stack, the_stack_is_aligned_whatever_is_on_it)
{
    ffi_type *types[41] = {NULL};
    void *list[40];
    long value = 0;
    for (int n = 0; n < 40; n++) {
        ffi_cif cif = signature(&ffi_type_sint, types);
        ffi_arg result = 0;
        ffi_call(&cif, FN(frame_is_aligned), &result, list);
        cr_expect(eq(int, (int)result, 1), "%d arguments", n);
        types[n] = &ffi_type_slong;
        list[n] = &value;
    }
}
