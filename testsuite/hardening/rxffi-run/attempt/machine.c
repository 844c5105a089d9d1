/* SPDX-License-Identifier: MIT
 *
 * machine: attempts by personality, and by the other tables of system calls that the machine has.
 */
#include "attempt.h"

#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Most attempts are one line: they are read as tables. */
/* clang-format off */

/* ---- personality ---- */

static int persona_query(void) { return outcome(personality(0xffffffff)); }
static int persona_again(void) { return outcome(personality((unsigned)personality(0xffffffff))); }
static int persona_other(void) { return outcome(personality(ADDR_NO_RANDOMIZE)); }
static int persona_rie(void) { return outcome(personality(READ_IMPLIES_EXEC)); }

static int persona_rie_and_other(void)
{
    return outcome(personality(READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE));
}

/* What it is for: memory that nobody asked to be executable. */
static int persona_rie_map_rw(void)
{
    return personality(READ_IMPLIES_EXEC) == -1 ? errno : map(R | W, MAP_PRIVATE);
}

/* ---- Other tables of system calls ---- */

#if defined __x86_64__
#define X32 0x40000000L

static int x32_getpid(void) { return outcome(syscall(X32 | SYS_getpid)); }

static int x32_rwx(void)
{
    return outcome(syscall(X32 | SYS_mmap, 0L, page, (long)(R | W | X),
                           (long)(MAP_PRIVATE | MAP_ANONYMOUS), -1L, 0L));
}

/* Numbers of the i386 table. */
#define I386_GETPID 20
#define I386_MPROTECT 125
#define I386_MMAP2 192

static int i386(long call, long a, long b, long c, long d)
{
    long result;
    /* ebx, ecx, edx and esi are the arguments; int 0x80 clears r8 to r11 on some kernels. */
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "0"(call), "b"(a), "c"(b), "d"(c), "S"(d), "D"(-1L)
                     : "r8", "r9", "r10", "r11", "memory");
    int narrow = (int)result;
    return narrow < 0 && narrow > -4096 ? -narrow : 0;
}

static int i386_getpid(void) { return i386(I386_GETPID, 0, 0, 0, 0); }

static int i386_rwx(void)
{
    return i386(I386_MMAP2, 0, (long)page, R | W | X, MAP_PRIVATE | MAP_ANONYMOUS);
}

static int i386_protect(void)
{
    void *low = mmap(NULL, page, R | W, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    return low == MAP_FAILED ? CANNOT_TRY
                             : i386(I386_MPROTECT, (long)low, (long)page, R | X, 0);
}
#endif

/* clang-format on */

const struct attempt machine_attempts[] = {
    {"personality-query", persona_query},
    {"personality-again", persona_again},
    {"personality-other", persona_other},
    {"personality-read-implies-exec", persona_rie},
    {"personality-read-implies-exec-and-other", persona_rie_and_other},
    {"personality-then-mmap-rw", persona_rie_map_rw},
#if defined __x86_64__
    {"x32-getpid", x32_getpid},
    {"x32-mmap-rwx", x32_rwx},
    {"i386-getpid", i386_getpid},
    {"i386-mmap-rwx", i386_rwx},
    {"i386-mprotect-rx", i386_protect},
#endif
    {NULL, NULL},
};
