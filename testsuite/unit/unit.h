/* SPDX-License-Identifier: MIT
 *
 * unit: what the tests of all rooms share. A test is a sentence about the library; it runs in a
 * process of its own, so whatever it uses up or spoils is its own too.
 */
#ifndef UNIT_H
#define UNIT_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "plan.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* The thread sanitizer has stacks, signals and forks of its own, which some tests cannot live with.
 */
#if defined(__SANITIZE_THREAD__)
#define SKIP_UNDER_THREAD_SANITIZER() cr_skip("not under the thread sanitizer")
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SKIP_UNDER_THREAD_SANITIZER() cr_skip("not under the thread sanitizer")
#endif
#endif
#ifndef SKIP_UNDER_THREAD_SANITIZER
#define SKIP_UNDER_THREAD_SANITIZER() ((void)0)
#endif

/* Where what a test needs of the kernel is the emulator's to do, which does it otherwise (host-env
 * and README.md in testsuite say what an emulator is). */
#define SKIP_UNDER_EMULATOR(why)                                                                   \
    do {                                                                                           \
        const char *emulator_ = getenv("RX_EMULATOR");                                             \
        if (emulator_ != NULL && *emulator_ != '\0')                                               \
            cr_skip(why);                                                                          \
    } while (0)

/* ---- Saying things in place: each lives as long as the block that it stands in ---- */

/* Lists of types, which end in NULL, and of addresses of arguments. */
#define TYPES(...) ((ffi_type *[]){__VA_ARGS__, NULL})
#define NO_TYPES ((ffi_type *[]){NULL})
#define VALUES(...) ((void *[]){__VA_ARGS__})

/* A struct of these members, not laid out yet, and one whose owner says its size and alignment. */
#define STRUCT(...) (&(ffi_type){.type = FFI_TYPE_STRUCT, .elements = TYPES(__VA_ARGS__)})
#define STRUCT_AS(bytes, align, ...)                                                               \
    (&(ffi_type){bytes, align, FFI_TYPE_STRUCT, TYPES(__VA_ARGS__)})

/* Any function as libffi wants it. The way by void * is one that no compiler warns of. */
#define FN(function) ((void (*)(void))(void *)(function))

/* ---- Signatures and closures, made or the test fails ---- */

ffi_cif signature(ffi_type *result, ffi_type **arguments);
ffi_cif signature_in(ffi_abi abi, ffi_type *result, ffi_type **arguments);
ffi_cif variadic_signature(ffi_abi abi, unsigned nfixed, ffi_type *result, ffi_type **arguments);

typedef void handler(ffi_cif *cif, void *result, void **args, void *user_data);

/* A prepared closure of the usual size. Its code is set if code is not NULL. */
ffi_closure *closure_of(ffi_cif *cif, handler *fun, void *user_data, void **code);

/* Its code alone, for a closure that lives until the test ends. */
void *callback(ffi_cif *cif, handler *fun, void *user_data);

/* The type of struct { unsigned char bytes[n]; }, of n up to 256. */
ffi_type *bytes_type(size_t n);

/* ---- Memory that notices ---- */

/* size bytes, all 0, behind which nothing can be read or written. */
void *at_page_end(size_t size);

/* ---- Processes that end ---- */

/* How a child that does act (arg) ended. */
struct ending {
    int signal;      /* that killed it; 0 if none did */
    int status;      /* that it exited with; 0 if act returned */
    char text[2048]; /* what it wrote on stderr, as a string */
};

struct ending ending_of(void (*act)(void *arg), void *arg);

#endif
