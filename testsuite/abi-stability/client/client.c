/* SPDX-License-Identifier: MIT
 *
 * client: a program that uses what libffi 3.8.0 has, as far as configure found it. It says which
 * library it has loaded, and ends with status 0 if all came out right.
 */
#include "config.h"

#include <dlfcn.h>
#include <ffi.h>
#include <stdio.h>
#include <string.h>

#if !HAVE_FFI_CALL || !HAVE_FFI_PREP_CIF_VAR || !HAVE_FFI_PREP_CLOSURE_LOC ||                      \
    !HAVE_FFI_CLOSURE_ALLOC || !HAVE_FFI_GET_STRUCT_OFFSETS || !HAVE_FFI_GET_VERSION ||            \
    !HAVE_FFI_GET_VERSION_NUMBER || !HAVE_FFI_GET_DEFAULT_ABI || !HAVE_FFI_GET_CLOSURE_SIZE ||     \
    !HAVE_FFI_PREP_GO_CLOSURE || !HAVE_FFI_CALL_PLAN_ALLOC || !HAVE_FFI_CALL_PLAN_SIZE ||          \
    !HAVE_FFI_RAW_CALL || !HAVE_FFI_JAVA_RAW_CALL
#error "a function is missing"
#endif
#if !HAVE_DECL_FFI_TARGET_HAS_COMPLEX_TYPE || !HAVE_DECL_FFI_TARGET_HAS_INT128 ||                  \
    !HAVE_DECL_FFI_TARGET_HAS_VECTOR_TYPE || !HAVE_DECL_FFI_TYPE_SINT128 ||                        \
    !HAVE_DECL_FFI_TYPE_COMPLEX_FLOAT || !HAVE_FFI_CALL_PLAN_P || !HAVE_FFI_GO_CLOSURE
#error "a type is missing"
#endif
#if !defined FFI_TARGET_HAS_COMPLEX_TYPE || !defined FFI_TARGET_HAS_INT128 ||                      \
    !defined FFI_TARGET_HAS_VECTOR_TYPE || !FFI_CLOSURES || !FFI_GO_CLOSURES
#error "these headers say that a type is missing"
#endif
_Static_assert(SIZEOF_FFI_CLOSURE == sizeof(ffi_closure), "as configured");
_Static_assert(SIZEOF_FFI_CIF == sizeof(ffi_cif), "as configured");

static int failed;

#define CHECK(holds)                                                                               \
    ((holds) ? (void)0                                                                             \
             : (void)(failed = 1,                                                                  \
                      fprintf(stderr, "client.c:%d: does not hold: %s\n", __LINE__, #holds)))

typedef __int128 wide;
typedef float v4f __attribute__((vector_size(16)));

static wide add(wide a, signed char b, _Complex float c, v4f d)
{
    return a + b + (int)__real__ c + (int)__imag__ c + (int)(d[0] + d[3]);
}

static const wide large = (wide)1 << 100;
#define SUM (large - 7 + 2 + 3 + 10 + 40)

static void handler(ffi_cif *cif, void *result, void **args, void *data)
{
    CHECK(cif->nargs == 4 && data == &failed);
    *(wide *)result =
        add(*(wide *)args[0], *(signed char *)args[1], *(_Complex float *)args[2], *(v4f *)args[3]);
}

static void check_calls(ffi_cif *cif)
{
    wide a = large, result = 0;
    signed char b = -7;
    _Complex float c;
    __real__ c = 2;
    __imag__ c = 3;
    v4f d = {10, 20, 30, 40};
    void *values[] = {&a, &b, &c, &d};
    ffi_call(cif, FFI_FN(add), &result, values);
    CHECK(result == SUM);

    ffi_call_plan *plan = ffi_call_plan_alloc(cif);
    result = 0;
    ffi_call_plan_invoke(plan, FFI_FN(add), &result, values);
    CHECK(result == SUM && ffi_call_plan_size(plan) >= 1);
    ffi_call_plan_free(plan);
    ffi_call(cif, FFI_FN(add), NULL, values);

    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    CHECK(closure != NULL &&
          ffi_prep_closure_loc(closure, cif, handler, &failed, FFI_CL(code)) == FFI_OK);
    wide (*function)(wide, signed char, _Complex float, v4f);
    memcpy(&function, &code, sizeof code);
    CHECK(function(a, b, c, d) == SUM);
    ffi_closure_free(closure);
}

int main(void)
{
    Dl_info info;
    if (dladdr(dlsym(RTLD_DEFAULT, "ffi_call"), &info) == 0)
        return 2;
    printf("library %s\nversion %s\n", info.dli_fname, ffi_get_version());
    CHECK(strcmp(ffi_get_version(), FFI_VERSION_STRING) == 0);
    CHECK(ffi_get_version_number() == FFI_VERSION_NUMBER && FFI_VERSION_NUMBER >= 30800);
    CHECK(ffi_get_default_abi() == FFI_DEFAULT_ABI);
    CHECK(ffi_get_closure_size() == sizeof(ffi_closure));

    ffi_type *lanes[] = {&ffi_type_float, &ffi_type_float, &ffi_type_float, &ffi_type_float, NULL};
    ffi_type vector = {0, 0, FFI_TYPE_VECTOR, lanes};
    ffi_type *members[] = {&ffi_type_schar, &ffi_type_sint128, NULL};
    ffi_type pair = {0, 0, FFI_TYPE_STRUCT, members};
    size_t offsets[2];
    CHECK(ffi_get_struct_offsets(FFI_DEFAULT_ABI, &pair, offsets) == FFI_OK && offsets[1] == 16);

    ffi_type *types[] = {&ffi_type_sint128, &ffi_type_schar, &ffi_type_complex_float, &vector};
    ffi_cif cif;
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 4, &ffi_type_sint128, types) == FFI_OK)
        check_calls(&cif);
    else
        CHECK(!"prepared");
    return failed;
}
