/* SPDX-License-Identifier: MIT
 *
 * pool_users: taking from the pool and giving back, with a record of who has what.
 */
#include "pool_users.h"
#include "stock.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

struct taken taken[TAKEN_CHUNKS * RX_POOL_SIZE];
int taken_wrongly;

static int number_of(int64_t i)
{
    return i < 0 ? -1 : (int)((i >> RX_CHUNK_BITS) * RX_POOL_SIZE + rx_chunk_within(i));
}

int take(void)
{
    void *code = NULL;
    void *closure = ffi_closure_alloc(sizeof(ffi_closure), &code);
    if (closure == NULL)
        return -1;
    int n = number_of(rx_index_of_code(code));
    if (n < 0 || n >= (int)LENGTH(taken) ||
        __atomic_exchange_n(&taken[n].closure, closure, __ATOMIC_ACQ_REL) != NULL) {
        __atomic_add_fetch(&taken_wrongly, 1, __ATOMIC_RELAXED);
        return -1;
    }
    taken[n].code = code;
    return n;
}

void give(int number)
{
    void *closure = taken[number].closure;
    __atomic_store_n(&taken[number].closure, NULL, __ATOMIC_RELEASE);
    ffi_closure_free(closure);
}

int take_all(void)
{
    int n = 0;
    forbid_growth();
    while (take() >= 0)
        n++;
    allow_growth();
    cr_expect(eq(int, taken_wrongly, 0));
    return n;
}

void give_all(void)
{
    for (size_t n = 0; n < LENGTH(taken); n++)
        if (taken[n].closure != NULL)
            give(n);
}

int whole_pool(void)
{
    int chunks = 1;
    while (rx_chunk_offsets[chunks] != 0)
        chunks++;
    return chunks * RX_POOL_SIZE;
}

static bool count_used(uint32_t i, void *n)
{
    *(int *)n += !rx_is_free(rx_state(rx_record_of(i)));
    return true;
}

int in_use(void)
{
    int n = 0;
    rx_stock_each(count_used, &n);
    return n;
}

/* ---- Growth ---- */

static struct rlimit before;

/* An emulator keeps no limit of address space. There, `run` has the linker lead all calls of mmap
 * to here but the C library's own. */
static bool forbidden;
__typeof__(mmap) __real_mmap __attribute__((weak)), __wrap_mmap;

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (!forbidden)
        return __real_mmap(at, size, protection, flags, fd, offset);
    errno = ENOMEM;
    return MAP_FAILED;
}

/* The address space that is used, and a little more than malloc may ask for. */
void forbid_growth(void)
{
    forbidden = true;
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    cr_assert(ne(ptr, statm, NULL));
    cr_assert(eq(int, fscanf(statm, "%lu", &pages), 1));
    fclose(statm);
    getrlimit(RLIMIT_AS, &before);
    struct rlimit limit = {pages * sysconf(_SC_PAGESIZE) + (1 << 19), before.rlim_max};
    cr_assert(eq(int, setrlimit(RLIMIT_AS, &limit), 0));
}

void allow_growth(void)
{
    forbidden = false;
    cr_assert(eq(int, setrlimit(RLIMIT_AS, &before), 0));
}
