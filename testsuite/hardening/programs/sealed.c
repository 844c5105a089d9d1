/* SPDX-License-Identifier: MIT
 *
 * sealed: on a library that was built with --enable-mseal, nobody can put anything in the place of
 * its code: of what is built in, and of what the pool has grown by. And closures work.
 *
 *     sealed COUNT    takes so many closures
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../hostile/hostile.h"

/* Each of these would change the page at p. */
static void expect_sealed(void *p)
{
    size_t size = sysconf(_SC_PAGESIZE);
    char *page = (char *)((uintptr_t)p & -size);
    if (mprotect(page, size, PROT_READ) == 0 || errno != EPERM)
        wrong("mprotect changes %p", p);
    if (mmap(page, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED ||
        errno != EPERM)
        wrong("another mapping takes the place of %p", p);
    if (mremap(page, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, page - (1 << 30)) != MAP_FAILED ||
        errno != EPERM)
        wrong("%p moves away", p);
    if (munmap(page, size) == 0 || errno != EPERM)
        wrong("%p goes away", p);
}

int main(int argc, char **argv)
{
    int count = argc == 2 ? atoi(argv[1]) : 1;
    mark(MARK_BEGIN, NULL);
    if (syscall(462 /* mseal */, NULL, 0, 0) != 0)
        skip("this kernel has no mseal");
    api_use((struct api){ffi_closure_alloc, ffi_closure_free, ffi_prep_closure_loc, ffi_prep_cif,
                         &ffi_type_sint, &ffi_type_sshort, &ffi_type_float,
                         dlsym(RTLD_NEXT, "ffi_call")});
    struct callback *callbacks = calloc(count, sizeof *callbacks);
    for (int i = 0; i < count; i++) {
        callback_must_make(&callbacks[i], i);
        if (!callback_is_right(&callbacks[i]))
            wrong("callback %d gives a wrong result", i);
    }
    mark(MARK_CODE, callbacks[count - 1].code);
    expect_sealed(callbacks[0].code);
    expect_sealed(callbacks[count - 1].code);
    expect_sealed(dlsym(RTLD_NEXT, "ffi_call"));
    expect_sealed(dlsym(RTLD_NEXT, "ffi_type_sint32"));
    mark(MARK_END, NULL);
}
