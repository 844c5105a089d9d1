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
    const unsigned char *mask; /* the bits of bit-fields; NULL: none */
    const size_t *places;      /* of the members in bits, if ffi_rx.h has made it */
    unsigned place_count;
};

#define UNKNOWN_PLACE ((size_t)-1)

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

/* Makes the types that ffi_rx.h makes, and looks where their bits are. By it the program says
 * `made` to be type->ffi, of which others see a copy, and finds the first bit that is set. */
void describe_types(void);
void described(struct type *type, ffi_type *copy, ffi_type *made);
size_t first_bit(const void *object, size_t size);

/* What a callee calls. at: where its arguments are; wide: its integers narrower than eight bytes,
 * in order, as C widens them. Returns where the value is that it has to return. */
void *arrive(void *const *at, const long long *wide);

#endif
