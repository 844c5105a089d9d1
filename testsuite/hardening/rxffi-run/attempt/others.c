/* SPDX-License-Identifier: MIT
 *
 * others: what every policy must leave alone.
 */
#include "attempt.h"

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static int moved_rx(void)
{
    void *to = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return outcome((long)mremap(of_file(R | X), page, page, MREMAP_MAYMOVE | MREMAP_FIXED, to));
}

/* A second view of a library's code: how the pool grows (Linux 5.13). */
static int doubled_rx(void)
{
    void *to = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return outcome((long)mremap(of_file(R | X), page, page,
                                MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to));
}

static void *thread_main(void *argument)
{
    return argument;
}

static int thread(void)
{
    pthread_t id;
    int error = pthread_create(&id, NULL, thread_main, NULL);
    return error ? error : pthread_join(id, NULL);
}

static int execute(void)
{
    char *const argv[] = {"true", NULL};
    execv("/bin/true", argv);
    return errno;
}

#ifndef STATIC
static int load(void)
{
    return dlopen("libm.so.6", RTLD_NOW) ? 0 : errno ? errno : CANNOT_TRY;
}
#endif

const struct attempt other_attempts[] = {
    {"mremap-move-rx", moved_rx},
    {"mremap-double-rx", doubled_rx},
    {"thread", thread},
    {"execute", execute},
#ifndef STATIC
    {"dlopen", load},
#endif
    {NULL, NULL},
};
