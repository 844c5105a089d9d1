/* SPDX-License-Identifier: MIT
 *
 * shapes: a program that gdb steps through: it calls closures of many signatures by ffi_call, so
 * that a step passes everything between a caller and its target and between a caller and a handler.
 *
 *     shapes        all of them
 *     shapes N      a few of them, when N closures live: past the built-in pool
 *
 * gdb stops at the function `step_from_here` and steps until `step_to_here`. Prints `library PATH`, where ffi_call is, and `done` at the end.
 */
#include <dlfcn.h>
#include <ffi_rx.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define NOINLINE __attribute__((noinline))

NOINLINE void step_from_here(void)
{
    __asm__ volatile("" ::: "memory");
}

NOINLINE void step_to_here(void)
{
    __asm__ volatile("" ::: "memory");
}

static long long zeros[64];
static char result[512] __attribute__((aligned(64)));
static void *values[64];

static void handler(ffi_cif *cif, void *to, void **args, void *unused)
{
    (void)args;
    (void)unused;
    if (cif->rtype->type == FFI_TYPE_LONGDOUBLE)
        *(long double *)to = 1;
}

/* ---- What is called, and how ---- */

NOINLINE static void call(ffi_cif *cif, void *code)
{
    step_from_here();
    ffi_call(cif, (void (*)(void))code, result, values);
    step_to_here();
}

NOINLINE static void call_and_drop(ffi_cif *cif, void *code)
{
    step_from_here();
    ffi_call(cif, (void (*)(void))code, NULL, values);
    step_to_here();
}

#ifdef FFI_GO_CLOSURES
NOINLINE static void call_go(ffi_cif *cif, ffi_go_closure *go)
{
    step_from_here();
    ffi_call_go(cif, (void (*)(void))go->tramp, result, values, go);
    step_to_here();
}
#endif

static void fail(const char *what, const char *name)
{
    printf("failed %s: %s\n", what, name);
    exit(1);
}

static ffi_closure *make(ffi_cif *cif, ffi_closure *elsewhere, void **code, const char *name)
{
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, code);
    if (!closure ||
        ffi_prep_closure_loc(elsewhere ? elsewhere : closure, cif, handler, NULL, *code) != FFI_OK)
        fail("ffi_closure_alloc or ffi_prep_closure_loc", name);
    return closure;
}

/* Another libffi has no attributes. */
#pragma weak ffi_rx_prep_closure

static void enter(void *unused, int first)
{
    (void)unused;
    (void)first;
}

static void leave(void *unused)
{
    (void)unused;
}

/* With all that may be around the handler. */
static void call_attributed(ffi_cif *cif, const char *name)
{
    ffi_rx_closure_attr attr = {
        .size = sizeof attr,
        .flags = FFI_RX_KEEP_ERRNO | FFI_RX_RETARGETABLE | FFI_RX_LONGJMP,
        .enter = enter,
        .leave = leave,
    };
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    if (!closure || ffi_rx_prep_closure(closure, cif, handler, NULL, code, &attr) != FFI_OK)
        fail("ffi_rx_prep_closure", name);
    call(cif, code);
}

/* ---- Signatures ---- */

static ffi_type *members_ld[] = {&ffi_type_slong, &ffi_type_double, NULL};
static ffi_type *members_l3[] = {&ffi_type_slong, &ffi_type_slong, &ffi_type_slong, NULL};
static ffi_type *members_f3[] = {&ffi_type_float, &ffi_type_float, &ffi_type_float, NULL};
static ffi_type *members_l2[] = {&ffi_type_slong, &ffi_type_slong, NULL};
static ffi_type struct_ld = {0, 0, FFI_TYPE_STRUCT, members_ld};
static ffi_type struct_l3 = {0, 0, FFI_TYPE_STRUCT, members_l3};
static ffi_type struct_f3 = {0, 0, FFI_TYPE_STRUCT, members_f3};
static ffi_type struct_l2 = {0, 0, FFI_TYPE_STRUCT, members_l2};

#define V &ffi_type_void
#define I &ffi_type_sint
#define L &ffi_type_slong
#define D &ffi_type_double
#define F &ffi_type_float
#define C &ffi_type_schar
#define S &ffi_type_sshort
#define X &ffi_type_longdouble
#define LD &struct_ld
#define L3 &struct_l3
#define F3 &struct_f3
#define L2 &struct_l2

/* clang-format off */
static const struct {
    const char *name;
    ffi_type *types[16]; /* the result, then the arguments */
} shapes[] = {
    {"void ()",                           {V}},
    {"int (int)",                         {I, I}},
    {"void (long, long)",                 {V, L, L}},
    {"long (6 long)",                     {L, L, L, L, L, L, L}},
    {"long (9 long)",                     {L, L, L, L, L, L, L, L, L, L}},
    {"double (double)",                   {D, D}},
    {"float (8 float)",                   {F, F, F, F, F, F, F, F, F}},
    {"float (10 float)",                  {F, F, F, F, F, F, F, F, F, F, F}},
    {"double (int, double, long, float)", {D, I, D, L, F}},
    {"char (char, short)",                {C, C, S}},
    {"long double (long double)",         {X, X}},
    {"{long, double} (int)",              {LD, I}},
    {"{2 long} (long)",                   {L2, L}},
    {"{3 long} ({3 long}, char)",         {L3, L3, C}},
    {"{3 float} ({3 float}, int)",        {F3, F3, I}},
    {"int ({long, double}, {2 long})",    {I, LD, L2}},
};
/* clang-format on */

static const ffi_abi abis[] = {
    FFI_DEFAULT_ABI,
#if defined __x86_64__
    FFI_WIN64,
#endif
};

/* A client may keep its closure elsewhere than where it was allocated: a way of rxffi's. */
static void step_through(size_t shape, ffi_abi abi, bool elsewhere)
{
    const char *name = shapes[shape].name;
    ffi_type **types = (ffi_type **)shapes[shape].types;
    ffi_closure mine;
    void *code;
    unsigned nargs = 0;
    ffi_cif *cif = malloc(sizeof *cif);
    while (nargs + 1 < LENGTH(shapes[0].types) && types[nargs + 1])
        nargs++;
    if (ffi_prep_cif(cif, abi, nargs, types[0], types + 1) != FFI_OK)
        fail("ffi_prep_cif", name);

    make(cif, elsewhere ? &mine : NULL, &code, name);
    call(cif, code);
    if (elsewhere)
        return;
    call_and_drop(cif, code);
    if (ffi_rx_prep_closure)
        call_attributed(cif, name);
#ifdef FFI_GO_CLOSURES
    ffi_go_closure go;
    if (ffi_prep_go_closure(&go, cif, handler) == FFI_OK)
        call_go(cif, &go);
#endif
}

int main(int argc, char **argv)
{
    ffi_cif cif;
    void *code;
    Dl_info in;
    if (dladdr((void *)ffi_call, &in))
        printf("library %s\n", in.dli_fname);
    for (size_t i = 0; i < LENGTH(values); i++)
        values[i] = zeros;
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_void, NULL) != FFI_OK)
        return 2;
    size_t some = argc > 1 ? 3 : LENGTH(shapes);
    for (int i = 0; argc > 1 && i < atoi(argv[1]); i++)
        make(&cif, NULL, &code, "for the pool");
    for (int elsewhere = 0; elsewhere < 2; elsewhere++)
        for (size_t abi = 0; abi < LENGTH(abis); abi++)
            for (size_t shape = 0; shape < some; shape++)
                step_through(shape, abis[abi], elsewhere);
    puts("done");
    return 0;
}
