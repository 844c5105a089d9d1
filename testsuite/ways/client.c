/* SPDX-License-Identifier: MIT
 *
 * A client of libffi as any: what libffi 3.4 has, calls and callbacks. It prints `right` if all
 * results were, and where the code of its callbacks lies: `code FILE`, or `code nowhere` if that is
 * no file's.
 */
#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 1000, CALLBACKS = 20 };

struct pair {
    double weight;
    int id;
};

static struct pair heavier(struct pair p, double by, signed char more)
{
    return (struct pair){p.weight + by, p.id + more};
}

static int call_with_struct(void)
{
    ffi_type *members[] = {&ffi_type_double, &ffi_type_sint, NULL};
    ffi_type pair = {0, 0, FFI_TYPE_STRUCT, members};
    ffi_type *types[] = {&pair, &ffi_type_double, &ffi_type_schar};
    struct pair p = {1.5, 7}, result;
    double by = 0.25;
    signed char more = -3;
    void *values[] = {&p, &by, &more};
    ffi_cif cif;

    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 3, &pair, types) != FFI_OK)
        return 0;
    ffi_call(&cif, FFI_FN(heavier), &result, values);
    return pair.size == sizeof result && result.weight == 1.75 && result.id == 4;
}

static int call_variadic(void)
{
    ffi_type *types[] = {&ffi_type_pointer, &ffi_type_ulong, &ffi_type_pointer, &ffi_type_sint,
                         &ffi_type_double};
    char text[40], *to = text;
    const char *format = "%d %.2f";
    size_t size = sizeof text;
    int three = 3;
    double half = 4.5;
    void *values[] = {&to, &size, &format, &three, &half};
    ffi_cif cif;
    ffi_arg length;

    if (ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, 3, 5, &ffi_type_sint, types) != FFI_OK)
        return 0;
    ffi_call(&cif, FFI_FN(snprintf), &length, values);
    return strcmp(text, "3 4.50") == 0 && (int)length == 6;
}

static void compare(ffi_cif *cif, void *result, void **arguments, void *sign)
{
    const int *a = *(void **)arguments[0], *b = *(void **)arguments[1];
    (void)cif;
    *(ffi_sarg *)result = *(int *)sign * ((*a > *b) - (*a < *b));
}

/* Sorts with a callback, upwards or downwards, and tells where its code lies. */
static int sort_with_callback(int sign, const char **place)
{
    ffi_type *types[] = {&ffi_type_pointer, &ffi_type_pointer};
    static int numbers[COUNT];
    ffi_cif cif;
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    Dl_info about;
    int right = 1;

    if (!closure || ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types) != FFI_OK ||
        ffi_prep_closure_loc(closure, &cif, compare, &sign, code) != FFI_OK)
        return 0;
    for (int i = 0; i < COUNT; i++)
        numbers[i] = i * 637 % COUNT;
    qsort(numbers, COUNT, sizeof *numbers, (int (*)(const void *, const void *))code);
    for (int i = 0; i < COUNT; i++)
        right &= numbers[i] == (sign > 0 ? i : COUNT - 1 - i);
    *place = dladdr(code, &about) ? about.dli_fname : "nowhere";
    ffi_closure_free(closure);
    return right;
}

int main(void)
{
    const char *place = "nowhere";
    int right = call_with_struct() & call_variadic();
    for (int i = 0; i < CALLBACKS; i++)
        right &= sort_with_callback(i & 1 ? 1 : -1, &place);
    printf("%s\ncode %s\n", right ? "right" : "wrong", place);
    return !right;
}
