/* SPDX-License-Identifier: MIT
 *
 * harness.h: what generated code and the harness know of each other.
 *
 * A generated program is a table of signatures. For each there are two functions in plain C, as the
 * compiler under comparison made them: the callee, which hands the addresses of its arguments to
 * `arrive` and returns what that points to, and the caller, which calls `fn` with the values that v
 * points to and leaves the result at r (and, if it is an integer, widened at wide). The harness
 * calls the callee by ffi_call, and has the caller call a closure; and, as a control of itself and
 * of the compiler, has the caller call the callee.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <ffi.h>
#include <stddef.h>
#include <stdint.h>

#define MOST_ARGUMENTS 40
#define LARGEST_TYPE 1024

/* A scalar in a type: `size` bytes at `offset` that mean something. */
struct leaf {
    unsigned short offset, size;
};

struct type {
    ffi_type *ffi;
    size_t size, align;
    const struct leaf *leaves;
    unsigned leaf_count;
    int integer;           /* of 1 to 8 bytes: 1 unsigned, -1 signed; otherwise 0 */
    const size_t *offsets; /* of ffi->elements, if the library is to find them */
    unsigned offset_count;
};

struct signature {
    uint64_t seed; /* of the values */
    ffi_abi abi;
    int windows;
    unsigned nargs;
    int nfixed;                /* -1: not variadic */
    const struct type *result; /* NULL: void */
    const struct type *const *args;
    void (*callee)(void);
    void (*caller)(void (*fn)(void), void *const *v, void *r, long long *wide);
};

extern const struct signature signatures[];
extern const unsigned signature_count;

extern const struct type type_u8, type_s8, type_u16, type_s16, type_u32, type_s32, type_u64,
    type_s64, type_ptr, type_f, type_d, type_ld, type_cf, type_cd, type_cld;

/* What a callee calls. at: where its arguments are; wide: its integers narrower than eight bytes,
 * in order, as C widens them. Returns where the value is that it has to return. */
void *arrive(void *const *at, const long long *wide);

#endif
