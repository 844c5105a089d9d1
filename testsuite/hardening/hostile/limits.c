/* SPDX-License-Identifier: MIT
 *
 * limits: conditions in which little is left of something. The soft limits are what passes (scene
 * `recover`).
 */
#include "hostile.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static void limit(int resource, rlim_t to)
{
    struct rlimit now;
    if (getrlimit(resource, &now) != 0)
        wrong("getrlimit");
    now.rlim_cur = to;
    if (setrlimit(resource, &now) != 0)
        wrong("setrlimit");
}

static unsigned long number_in(const char *file)
{
    unsigned long number = 0;
    FILE *f = fopen(file, "re");
    if (!f || fscanf(f, "%lu", &number) != 1)
        wrong("%s", file);
    fclose(f);
    return number;
}

/* ---- Address space: what there is, and a little more so that a program can start ---- */

#define A_LITTLE (4UL << 20)

static void enter_address_space(void)
{
    limit(RLIMIT_AS, number_in("/proc/self/statm") * (rlim_t)sysconf(_SC_PAGESIZE) + A_LITTLE);
}

static bool no_address_space(void)
{
    return mmap(NULL, 2 * A_LITTLE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

/* ---- Mappings: all but a few that the kernel allows ---- */

#define MAPPINGS_LEFT 4

static void enter_mappings(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), most = number_in("/proc/sys/vm/max_map_count");
    if (most > 300000)
        skip("vm.max_map_count is %zu: too many to use up", most);
    char *at = mmap(NULL, (most + 2) * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);
    size_t i = 0;
    if (at == MAP_FAILED)
        wrong("mmap");
    /* Each makes two mappings more out of one. */
    while (i < most && mprotect(at + i * page, page, PROT_READ) == 0)
        i += 2;
    if (i >= most || errno != ENOMEM)
        wrong("the mappings cannot be used up");
    for (int n = 0; n < MAPPINGS_LEFT / 2; n++) {
        i -= 2;
        mprotect(at + i * page, page, PROT_NONE);
    }
}

static bool no_mappings(void)
{
    enum { TRIED = 2 * MAPPINGS_LEFT };
    void *at[TRIED];
    bool is_refused = false;
    for (int i = 0; i < TRIED; i++) {
        int flags = MAP_ANONYMOUS | (i % 2 ? MAP_PRIVATE : MAP_SHARED);
        at[i] = mmap(NULL, 1, i % 2 ? PROT_READ : PROT_WRITE, flags, -1, 0);
        is_refused |= at[i] == MAP_FAILED;
    }
    for (int i = 0; i < TRIED; i++)
        if (at[i] != MAP_FAILED)
            munmap(at[i], 1);
    return is_refused;
}

/* ---- Descriptors, for a while ---- */

static void enter_few_descriptors(void)
{
    for (int fd = 3; fd < 63; fd++)
        close(fd);
    limit(RLIMIT_NOFILE, 3);
}

static bool few_descriptors(void)
{
    return dup(1) == -1;
}

const struct condition limit_conditions[] = {
    {"address-space", enter_address_space, no_address_space, NULL},
    {"mappings", enter_mappings, no_mappings, NULL},
    {"few-descriptors", enter_few_descriptors, few_descriptors, NULL},
    {0},
};
