/* SPDX-License-Identifier: MIT
 *
 * policy: the W^X policies, as data. A policy is PR_SET_MDWE, or a seccomp filter, or both.
 * The filters come out of one table of rules: a rule names the policies it belongs to, a system
 * call, what its arguments must look like, and the error that the call ends with.
 *
 * What the policies promise, and where the rules come from:
 *
 *   mdwe     PR_SET_MDWE(2const): the kernel refuses a mapping that would be writable and
 *            executable, and an mprotect that would make executable what is not. It judges the
 *            mapping and not the call, so it has no way round by another table of calls.
 *   systemd  systemd.exec(5), MemoryDenyWriteExecute=: mmap of W+X, mprotect and pkey_mprotect
 *            with X, shmat with SHM_EXEC; EPERM.
 *   pax      PaX's MPROTECT as far as the arguments of a call show it: also no executable
 *            anonymous memory at all. mprotect and shmat say EACCES, mmap EPERM, as in PaX.
 *   strict   mdwe, systemd and pax together, and no memfd_create and no shared executable
 *            mapping: nothing that could be written through a second view.
 *
 * Ways round that the filters close:
 *
 *   - personality(READ_IMPLIES_EXEC) makes the kernel add X where the call did not ask for it.
 *     pax and strict refuse it; systemd's filter does not (LockPersonality= is for that).
 *   - i386 calls (int 0x80) and x32 calls carry other numbers and other layouts. Each filter
 *     answers ENOSYS to all of them, as a kernel does that was built without these tables: what
 *     systemd.exec(5) advises beside MemoryDenyWriteExecute=, SystemCallArchitectures=native.
 *
 * And what needs no rule: mremap and remap_file_pages move or repeat a mapping with the
 * protection it has; io_uring has no operation that maps or protects memory.
 */
#include "policy.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "machine.h"

/* In the order of enum policy. */
static const char *const names[POLICY_COUNT] = {"none", "mdwe", "systemd", "pax", "strict"};

const char *policy_name(enum policy policy)
{
    return names[policy];
}

bool policy_by_name(const char *name, enum policy *policy)
{
    for (int i = 0; i < POLICY_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *policy = (enum policy)i;
            return true;
        }
    }
    return false;
}

/* ---- The rules ---- */

/* Holds when (argument & mask) == value, in the low 32 bits. These decide: prot, flags and
 * shmflg have no bits above them, and personality takes an int. */
struct test {
    unsigned argument;
    uint32_t mask, value;
};

/* The first rule whose call and tests all hold decides; error 0 lets the call through. A test
 * with mask 0 is no test. */
struct rule {
    unsigned policies;
    uint32_t call;
    struct test tests[2];
    int error;
};

#define SYSTEMD (1u << POLICY_SYSTEMD)
#define PAX (1u << POLICY_PAX)
#define STRICT (1u << POLICY_STRICT)

#define MAX_TESTS 2
#define W_AND_X (PROT_WRITE | PROT_EXEC)
#define PERSONALITY_QUERY 0xffffffffu

/* clang-format off */
static const struct rule rules[] = {
    /* mmap(addr, length, prot, flags, fd, offset). MAP_SHARED is a bit of both kinds of shared
     * mapping (MAP_SHARED_VALIDATE is 3) and of no private kind. */
    {SYSTEMD | PAX | STRICT, __NR_mmap, {{2, W_AND_X, W_AND_X}}, EPERM},
    {PAX | STRICT, __NR_mmap,
     {{2, PROT_EXEC, PROT_EXEC}, {3, MAP_ANONYMOUS, MAP_ANONYMOUS}}, EPERM},
    {STRICT, __NR_mmap, {{2, PROT_EXEC, PROT_EXEC}, {3, MAP_SHARED, MAP_SHARED}}, EPERM},

    /* mprotect(addr, length, prot) and pkey_mprotect(addr, length, prot, pkey). A filter cannot
     * see what the protection was, so keeping X is refused like gaining it. */
    {SYSTEMD | STRICT, __NR_mprotect, {{2, PROT_EXEC, PROT_EXEC}}, EPERM},
    {SYSTEMD | STRICT, __NR_pkey_mprotect, {{2, PROT_EXEC, PROT_EXEC}}, EPERM},
    {PAX, __NR_mprotect, {{2, PROT_EXEC, PROT_EXEC}}, EACCES},
    {PAX, __NR_pkey_mprotect, {{2, PROT_EXEC, PROT_EXEC}}, EACCES},

    /* shmat(id, addr, flags) */
    {SYSTEMD | STRICT, __NR_shmat, {{2, SHM_EXEC, SHM_EXEC}}, EPERM},
    {PAX, __NR_shmat, {{2, SHM_EXEC, SHM_EXEC}}, EACCES},

    {STRICT, __NR_memfd_create, {{0, 0, 0}}, EPERM},

    /* personality(persona). The query has every bit set and changes nothing. */
    {PAX | STRICT, __NR_personality, {{0, UINT32_MAX, PERSONALITY_QUERY}}, 0},
    {PAX | STRICT, __NR_personality, {{0, READ_IMPLIES_EXEC, READ_IMPLIES_EXEC}}, EPERM},
};
/* clang-format on */

/* ---- From rules to a filter ---- */

#define RULE_COUNT (sizeof rules / sizeof *rules)

/* At most: the call, the jump past the rule, three instructions a test, the verdict. Around the
 * rules: six instructions for the table of calls and one to let through what is left. */
#define MAX_RULE (2 + 3 * MAX_TESTS + 1)
#define MAX_FILTER (6 + RULE_COUNT * MAX_RULE + 1)

_Static_assert(MAX_FILTER <= BPF_MAXINSNS, "the kernel takes no longer filter");
_Static_assert(MAX_RULE <= UINT8_MAX, "a conditional jump cannot pass a longer rule");

struct filter {
    struct sock_filter code[MAX_FILTER];
    unsigned short length;
};

static void emit(struct filter *f, uint16_t op, uint32_t k, unsigned if_true, unsigned if_false)
{
    f->code[f->length++] = (struct sock_filter){op, (uint8_t)if_true, (uint8_t)if_false, k};
}

static void emit_load(struct filter *f, size_t offset)
{
    emit(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Goes on with the next instruction if the accumulator is k, and past `rest` more if not. */
static void emit_unless_equal_skip(struct filter *f, uint32_t k, unsigned rest)
{
    emit(f, BPF_JMP | BPF_JEQ | BPF_K, k, 0, rest);
}

static void emit_verdict(struct filter *f, int error)
{
    uint32_t verdict = error ? SECCOMP_RET_ERRNO | (uint32_t)error : SECCOMP_RET_ALLOW;
    emit(f, BPF_RET | BPF_K, verdict, 0, 0);
}

/* Any call that is not of the machine's own table: there is no such call. */
static void emit_own_table_only(struct filter *f)
{
    emit_load(f, offsetof(struct seccomp_data, arch));
    emit(f, BPF_JMP | BPF_JEQ | BPF_K, MACHINE_AUDIT, 1, 0);
    emit_verdict(f, ENOSYS);
    if (MACHINE_FOREIGN_CALL) {
        emit_load(f, offsetof(struct seccomp_data, nr));
        emit(f, BPF_JMP | BPF_JGE | BPF_K, MACHINE_FOREIGN_CALL, 0, 1);
        emit_verdict(f, ENOSYS);
    }
}

/* A rule is a block of its own: whatever does not hold jumps to the block's end. */
static void emit_rule(struct filter *f, const struct rule *rule)
{
    unsigned tests = 0;
    while (tests < MAX_TESTS && rule->tests[tests].mask)
        tests++;
    unsigned rest = 3 * tests + 1;

    emit_load(f, offsetof(struct seccomp_data, nr));
    emit_unless_equal_skip(f, rule->call, rest);
    for (unsigned i = 0; i < tests; i++) {
        const struct test *test = &rule->tests[i];
        rest -= 3;
        emit_load(f, offsetof(struct seccomp_data, args) + test->argument * sizeof(uint64_t));
        emit(f, BPF_ALU | BPF_AND | BPF_K, test->mask, 0, 0);
        emit_unless_equal_skip(f, test->value, rest);
    }
    emit_verdict(f, rule->error);
}

static void build_filter(struct filter *f, enum policy policy)
{
    f->length = 0;
    emit_own_table_only(f);
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (rules[i].policies & 1u << policy)
            emit_rule(f, &rules[i]);
    }
    emit_verdict(f, 0);
}

/* ---- Entering a policy ---- */

bool policy_filters(enum policy policy)
{
    return policy == POLICY_SYSTEMD || policy == POLICY_PAX || policy == POLICY_STRICT;
}

static const char *because(const char *what, int error)
{
    static char why[160];
    snprintf(why, sizeof why, "%s: %s", what, strerror(error));
    return why;
}

static const char *enter_mdwe(void)
{
    /* The unused arguments must be zero, as longs. */
    if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0L, 0L, 0L) == 0)
        return NULL;
    if (errno == EINVAL)
        return "this kernel has no PR_SET_MDWE (Linux 6.3 and later have it)";
    return because("the kernel refuses PR_SET_MDWE", errno);
}

static const char *enter_filter(enum policy policy)
{
    /* A filter must not be a way to confuse a program with more privileges than its caller, so
     * without CAP_SYS_ADMIN the kernel takes none from a process that could still gain some.
     * It is set for everybody, for the same behaviour with and without privileges. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0)
        return because("the kernel refuses PR_SET_NO_NEW_PRIVS", errno);

    struct filter filter;
    build_filter(&filter, policy);
    struct sock_fprog program = {filter.length, filter.code};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0L, 0L) == 0)
        return NULL;
    if (errno == EINVAL)
        return "this kernel has no seccomp filters";
    return because("the kernel refuses a seccomp filter", errno);
}

const char *policy_enter(enum policy policy)
{
    const char *why = NULL;
    if (policy == POLICY_MDWE || policy == POLICY_STRICT)
        why = enter_mdwe();
    if (!why && policy_filters(policy))
        why = enter_filter(policy);
    return why;
}

/* ---- What is in force ---- */

bool policy_has_mdwe(void)
{
    return prctl(PR_GET_MDWE, 0L, 0L, 0L, 0L) > 0;
}

bool policy_has_filter(void)
{
    /* A process in mode 1 would not get this far. */
    return prctl(PR_GET_SECCOMP, 0L, 0L, 0L, 0L) == SECCOMP_MODE_FILTER;
}
