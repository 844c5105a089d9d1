/* SPDX-License-Identifier: MIT
 *
 * unwind_entries, aarch64: from every instruction between a caller and a handler that is written in
 * assembly, or around a handler, a backtrace reaches the caller (the CFI of entry.S and guard.S).
 *
 * There is nothing here to step by, but each instruction in turn can be replaced by brk: the
 * handler of its signal looks, and puts back what was there.
 */
#include "arch.h"
#include "attributed.h"
#include "guard.h"

#include <execinfo.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define TRACED(name) __attribute__((noinline, section("unit_" #name)))
extern const char __start_unit_beneath[], __stop_unit_beneath[];

#define BRK 0xd4200000u
#define RET 0xd65f03c0u
#define NOP 0xd503201fu

/* ---- An instruction that is looked at when it is executed ---- */

static uint32_t *watched, instruction;
static bool is_seen, is_lost;

static void set_instruction(uint32_t *at, uint32_t to)
{
    *at = to;
    __builtin___clear_cache((char *)at, (char *)(at + 1));
}

static void look(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    if ((uintptr_t)watched != ((ucontext_t *)context)->uc_mcontext.pc)
        _exit(1);
    void *trace[40];
    int depth = backtrace(trace, LENGTH(trace));
    is_seen = is_lost = true;
    for (int i = 0; i < depth; i++)
        if ((char *)trace[i] > __start_unit_beneath && (char *)trace[i] <= __stop_unit_beneath)
            is_lost = false;
    set_instruction(watched, instruction);
}

static void begin_to_look(void)
{
    void *warm_up[10];
    backtrace(warm_up, LENGTH(warm_up)); /* loads a library when it is first called */
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = look;
    sigaction(SIGTRAP, &action, NULL);
}

static void make_writable(const void *from, const void *to)
{
    uintptr_t page = sysconf(_SC_PAGESIZE), start = (uintptr_t)from & -page;
    size_t size = ((uintptr_t)to - start + page) & -page;
    cr_assert(eq(int, mprotect((void *)start, size, PROT_READ | PROT_WRITE | PROT_EXEC), 0));
}

/* ---- Calls in which every one is executed ---- */

struct closure {
    ffi_cif cif;
    void *code, *chain;
};

TRACED(beneath) static void call(struct closure *closure)
{
    static _Alignas(16) char zeros[64], result[64];
    void *values[] = {zeros, zeros, zeros};
    ffi_call_go(&closure->cif, FN(closure->code), result, values, closure->chain);
    __asm__ volatile(""); /* no tail call */
}

static void do_nothing(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)result;
    (void)args;
    (void)user_data;
}

typedef void maker(struct closure *);

static void make_plain(struct closure *closure)
{
    closure->code = callback(&closure->cif, do_nothing, NULL);
}

static void make_elsewhere(struct closure *closure)
{
    ffi_closure *mine = malloc(sizeof *mine);
    ffi_closure_alloc(sizeof *mine, &closure->code);
    ffi_status status = ffi_prep_closure_loc(mine, &closure->cif, do_nothing, NULL, closure->code);
    cr_assert(eq(int, status, FFI_OK));
}

static void make_attributed(struct closure *closure)
{
    attributed(&closure->cif, do_nothing, NULL, &closure->code, &ATTR(FFI_RX_KEEP_ERRNO));
}

static void make_go(struct closure *closure)
{
    ffi_go_closure *go = malloc(sizeof *go);
    ffi_status status = ffi_prep_go_closure(go, &closure->cif, do_nothing);
    cr_assert(eq(int, status, FFI_OK));
    closure->code = go->tramp;
    closure->chain = go;
}

/* Is the instruction at this place executed in a call of one of the closures, and the caller seen
 * from it? */
static void expect_no_frame_lost_at(uint32_t *at, const char *routine, struct closure *closures,
                                    size_t n)
{
    watched = at;
    instruction = *at;
    is_seen = is_lost = false;
    set_instruction(at, BRK);
    for (size_t i = 0; i < n && !is_seen; i++)
        call(&closures[i]);
    set_instruction(at, instruction);
    cr_expect(is_seen, "byte %td of the routine is never executed", (char *)at - routine);
    cr_expect(not(is_lost), "a frame is lost at byte %td of the routine", (char *)at - routine);
}

/* The routine is passed in calls of such closures, and ends at its only return. */
static void expect_no_frame_lost_in(const char *routine, maker *make, ffi_type **arguments)
{
    ffi_type *c = &ffi_type_uint8, *f = &ffi_type_float, *d = &ffi_type_double,
             *q = &ffi_type_longdouble, *l = &ffi_type_slong;
    ffi_type *results[] = {
        /* One of each way in which a result comes back. */
        &ffi_type_void,
        c,
        &ffi_type_sint8,
        &ffi_type_uint16,
        &ffi_type_sint16,
        &ffi_type_uint32,
        &ffi_type_sint32,
        l,
        STRUCT(c, c, c),
        STRUCT(l, l),
        f,
        STRUCT(f, f),
        STRUCT(f, f, f),
        STRUCT(f, f, f, f),
        d,
        STRUCT(d, d),
        STRUCT(d, d, d),
        STRUCT(d, d, d, d),
        q,
        STRUCT(q, q),
        STRUCT(q, q, q),
        STRUCT(q, q, q, q),
        STRUCT(l, l, l),
    };
    struct closure closures[LENGTH(results)];
    for (size_t i = 0; i < LENGTH(results); i++) {
        closures[i] = (struct closure){.cif = signature(results[i], arguments)};
        make(&closures[i]);
    }
    uint32_t *last = (uint32_t *)routine;
    while (*last != RET)
        last++;
    make_writable(routine, last);
    begin_to_look();
    for (uint32_t *at = (uint32_t *)routine; at <= last; at++)
        if (*at != 0 && *at != NOP) /* what fills up the code of a result, and aligns that */
            expect_no_frame_lost_at(at, routine, closures, LENGTH(results));
}

RX_HIDDEN extern const char rx_entry_general[], rx_entry_all[], rx_entry_elsewhere[],
    rx_entry_attributed[], rx_entry_go[];

Test(unwind_entries, no_frame_is_lost_in_those_of_closures)
{
    ffi_type *l = &ffi_type_slong, *d = &ffi_type_double;
    expect_no_frame_lost_in(rx_entry_general, make_plain, TYPES(STRUCT(l, l, l)));
    expect_no_frame_lost_in(rx_entry_all, make_plain, TYPES(l, d));
}

Test(unwind_entries, no_frame_is_lost_in_that_of_closures_that_lie_elsewhere)
{
    expect_no_frame_lost_in(rx_entry_elsewhere, make_elsewhere, NO_TYPES);
}

Test(unwind_entries, no_frame_is_lost_in_that_of_closures_with_attributes)
{
    expect_no_frame_lost_in(rx_entry_attributed, make_attributed, NO_TYPES);
}

Test(unwind_entries, no_frame_is_lost_around_what_is_guarded)
{
    expect_no_frame_lost_in((const char *)rx_guarded, make_attributed, NO_TYPES);
}

Test(unwind_entries, no_frame_is_lost_in_that_of_go_closures)
{
    expect_no_frame_lost_in(rx_entry_go, make_go, NO_TYPES);
}
