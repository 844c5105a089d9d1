/* SPDX-License-Identifier: MIT
 *
 * harness: the main program around a table of signatures.
 *
 *     program FIRST ROUNDS
 *
 * checks the signatures from number FIRST on. Says `library PATH` first, `FAIL NUMBER WHAT` for
 * each that fails, and `end` when it is through; one that crashes or hangs is said too, and ends
 * the program.
 */
#include "check.h"
#include "scene.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The scalar types ---- */

#define SCALAR(name, c, ffi_name, bytes, sign)                                                     \
    static const struct leaf leaves_##name[] = {{0, bytes}};                                       \
    const struct type type_##name = {.ffi = &ffi_type_##ffi_name,                                  \
                                     .size = sizeof(c),                                            \
                                     .align = _Alignof(c),                                         \
                                     .leaves = leaves_##name,                                      \
                                     .leaf_count = 1,                                              \
                                     .integer = sign}

#define COMPLEX(name, c, ffi_name, bytes)                                                          \
    static const struct leaf leaves_##name[] = {{0, bytes}, {sizeof(c), bytes}};                   \
    const struct type type_##name = {.ffi = &ffi_type_complex_##ffi_name,                          \
                                     .size = sizeof(_Complex c),                                   \
                                     .align = _Alignof(_Complex c),                                \
                                     .leaves = leaves_##name,                                      \
                                     .leaf_count = 2}

/* What of a long double is no padding: all but of an x87's. */
#define LDOUBLE_BYTES (__LDBL_MANT_DIG__ == 64 ? 10 : sizeof(long double))

SCALAR(u8, uint8_t, uint8, 1, 1);
SCALAR(s8, int8_t, sint8, 1, -1);
SCALAR(u16, uint16_t, uint16, 2, 1);
SCALAR(s16, int16_t, sint16, 2, -1);
SCALAR(u32, uint32_t, uint32, 4, 1);
SCALAR(s32, int32_t, sint32, 4, -1);
SCALAR(u64, uint64_t, uint64, 8, 1);
SCALAR(s64, int64_t, sint64, 8, -1);
SCALAR(ptr, void *, pointer, 8, 0);
SCALAR(f, float, float, 4, 0);
SCALAR(d, double, double, 8, 0);
SCALAR(ld, long double, longdouble, LDOUBLE_BYTES, 0);
COMPLEX(cf, float, float, 4);
COMPLEX(cd, double, double, 8);
COMPLEX(cld, long double, longdouble, LDOUBLE_BYTES);

/* ---- Crashes ---- */

static volatile unsigned current;

static void crashed(int number)
{
    char line[80];
    int n = snprintf(line, sizeof line, "FAIL %u %s: %s\n", current, now.stage,
                     number == SIGALRM ? "it hangs" : strsignal(number));
    _exit(write(STDOUT_FILENO, line, n) == n ? 3 : 2);
}

static void watch_for_crashes(void)
{
    static char stack[1 << 16];
    stack_t ss = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&ss, NULL);
    struct sigaction sa = {.sa_handler = crashed, .sa_flags = SA_ONSTACK};
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGALRM};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &sa, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s FIRST ROUNDS\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    Dl_info info;
    if (dladdr(dlsym(RTLD_DEFAULT, "ffi_call"), &info) == 0)
        return 2;
    printf("library %s\n", info.dli_fname);
    objects_begin();
    watch_for_crashes();
    now.stage = "making types";
    describe_types();

    for (current = strtoul(argv[1], NULL, 10); current < signature_count; current++) {
        alarm(20);
        const char *failure = check_signature(&signatures[current], strtoul(argv[2], NULL, 10));
        if (failure != NULL)
            printf("FAIL %u %s\n", current, failure);
    }
    printf("end\n");
    return 0;
}
