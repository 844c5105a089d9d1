/* SPDX-License-Identifier: MIT
 *
 * memory: attempts to map memory and to change its protection.
 */
#include "attempt.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3
#endif

/* ---- Tools ---- */

int map(int prot, int flags)
{
    return outcome((long)mmap(NULL, page, prot, flags | MAP_ANONYMOUS, -1, 0));
}

static int map_file(const char *name, int open_for, int prot, int flags)
{
    int fd = open(name, open_for | O_CLOEXEC);
    if (fd < 0)
        exit(CANNOT_TRY);
    return outcome((long)mmap(NULL, page, prot, flags, fd, 0));
}

/* A page to try something with. If not even that can be had, that is no answer. */
void *anonymous(int prot)
{
    void *at = mmap(NULL, page, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        exit(CANNOT_TRY);
    return at;
}

void *of_file(int prot)
{
    int fd = open(own_file, O_RDONLY | O_CLOEXEC);
    void *at = mmap(NULL, page, prot, MAP_PRIVATE, fd, 0);
    if (fd < 0 || at == MAP_FAILED)
        exit(CANNOT_TRY);
    return at;
}

static int attach(int flags)
{
    /* SHM_EXEC asks for the right to execute, as of a file. */
    int id = shmget(IPC_PRIVATE, page, IPC_CREAT | 0700);
    if (id < 0)
        exit(CANNOT_TRY);
    int error = outcome((long)shmat(id, NULL, flags));
    shmctl(id, IPC_RMID, NULL);
    return error;
}

/* Most attempts are one line: they are read as tables. */
/* clang-format off */

/* ---- mmap ---- */

static int anon_rw(void) { return map(R | W, MAP_PRIVATE); }
static int anon_rwx(void) { return map(R | W | X, MAP_PRIVATE); }
static int anon_wx(void) { return map(W | X, MAP_PRIVATE); }
static int anon_rx(void) { return map(R | X, MAP_PRIVATE); }
static int anon_x(void) { return map(X, MAP_PRIVATE); }
static int anon_shared_rw(void) { return map(R | W, MAP_SHARED); }
static int anon_shared_rx(void) { return map(R | X, MAP_SHARED); }
static int anon_shared_rwx(void) { return map(R | W | X, MAP_SHARED); }
static int file_r(void) { return map_file(own_file, O_RDONLY, R, MAP_PRIVATE); }
static int file_rx(void) { return map_file(own_file, O_RDONLY, R | X, MAP_PRIVATE); }
static int file_rw(void) { return map_file(own_file, O_RDONLY, R | W, MAP_PRIVATE); }
static int file_rwx(void) { return map_file(own_file, O_RDONLY, R | W | X, MAP_PRIVATE); }
static int shared_r(void) { return map_file(work_file, O_RDWR, R, MAP_SHARED); }
static int shared_rw(void) { return map_file(work_file, O_RDWR, R | W, MAP_SHARED); }
static int shared_rx(void) { return map_file(work_file, O_RDWR, R | X, MAP_SHARED); }
static int shared_rwx(void) { return map_file(work_file, O_RDWR, R | W | X, MAP_SHARED); }

static int validate_rx(void)
{
    return map_file(work_file, O_RDWR, R | X, MAP_SHARED_VALIDATE);
}

static int validate_rw(void)
{
    return map_file(work_file, O_RDWR, R | W, MAP_SHARED_VALIDATE);
}

/* The kernel takes prot as 64 bits and looks at the low ones: so must a filter. */
static int anon_rwx_high_bits(void)
{
    unsigned long prot = (unsigned long)(R | W | X) | 1UL << 40;
    return outcome(syscall(SYS_mmap, 0L, page, prot, (long)(MAP_PRIVATE | MAP_ANONYMOUS), -1L, 0L));
}

/* ---- mprotect, pkey_mprotect ---- */

static int protect(void *at, int prot)
{
    return outcome(mprotect(at, page, prot));
}

static int protect_with_key(void *at, int prot)
{
    return outcome(syscall(SYS_pkey_mprotect, at, page, (long)prot, -1L));
}

static int rw_to_r(void) { return protect(anonymous(R | W), R); }
static int rw_to_rx(void) { return protect(anonymous(R | W), R | X); }
static int rw_to_rwx(void) { return protect(anonymous(R | W), R | W | X); }
static int r_to_x(void) { return protect(anonymous(R), X); }
static int none_to_rx(void) { return protect(anonymous(PROT_NONE), R | X); }
static int file_r_to_rx(void) { return protect(of_file(R), R | X); }
static int file_rx_to_rx(void) { return protect(of_file(R | X), R | X); }
static int file_rx_to_r(void) { return protect(of_file(R | X), R); }
static int file_rx_to_rw(void) { return protect(of_file(R | X), R | W); }
static int file_rx_to_rwx(void) { return protect(of_file(R | X), R | W | X); }
static int key_rw_to_r(void) { return protect_with_key(anonymous(R | W), R); }
static int key_rw_to_rx(void) { return protect_with_key(anonymous(R | W), R | X); }
static int key_rw_to_rwx(void) { return protect_with_key(anonymous(R | W), R | W | X); }

/* There and back again: code that is written in between. */
static int file_rx_to_rw_to_rx(void)
{
    void *at = of_file(R | X);
    return protect(at, R | W) ? CANNOT_TRY : protect(at, R | X);
}

/* ---- shmat, memfd_create ---- */

static int shm_rw(void) { return attach(0); }
static int shm_r(void) { return attach(SHM_RDONLY); }
static int shm_rwx(void) { return attach(SHM_EXEC); }
static int shm_rx(void) { return attach(SHM_RDONLY | SHM_EXEC); }

static int memfd(void)
{
    return outcome(syscall(SYS_memfd_create, "attempt", 0L));
}

static int memfd_alias(void)
{
    int fd = (int)syscall(SYS_memfd_create, "attempt", 0L);
    if (fd < 0 || ftruncate(fd, (off_t)page) != 0)
        return errno;
    if (mmap(NULL, page, R | W, MAP_SHARED, fd, 0) == MAP_FAILED)
        return errno;
    return outcome((long)mmap(NULL, page, R | X, MAP_SHARED, fd, 0));
}

/* clang-format on */

const struct attempt memory_attempts[] = {
    {"mmap-anon-rw", anon_rw},
    {"mmap-anon-rwx", anon_rwx},
    {"mmap-anon-rwx-high-bits", anon_rwx_high_bits},
    {"mmap-anon-wx", anon_wx},
    {"mmap-anon-rx", anon_rx},
    {"mmap-anon-x", anon_x},
    {"mmap-anon-shared-rw", anon_shared_rw},
    {"mmap-anon-shared-rx", anon_shared_rx},
    {"mmap-anon-shared-rwx", anon_shared_rwx},
    {"mmap-file-r", file_r},
    {"mmap-file-rx", file_rx},
    {"mmap-file-rw", file_rw},
    {"mmap-file-rwx", file_rwx},
    {"mmap-shared-r", shared_r},
    {"mmap-shared-rw", shared_rw},
    {"mmap-shared-rx", shared_rx},
    {"mmap-shared-rwx", shared_rwx},
    {"mmap-validate-rw", validate_rw},
    {"mmap-validate-rx", validate_rx},
    {"mprotect-rw-r", rw_to_r},
    {"mprotect-rw-rx", rw_to_rx},
    {"mprotect-rw-rwx", rw_to_rwx},
    {"mprotect-r-x", r_to_x},
    {"mprotect-none-rx", none_to_rx},
    {"mprotect-file-r-rx", file_r_to_rx},
    {"mprotect-file-rx-rx", file_rx_to_rx},
    {"mprotect-file-rx-r", file_rx_to_r},
    {"mprotect-file-rx-rw", file_rx_to_rw},
    {"mprotect-file-rx-rwx", file_rx_to_rwx},
    {"mprotect-file-rx-rw-rx", file_rx_to_rw_to_rx},
    {"pkey_mprotect-rw-r", key_rw_to_r},
    {"pkey_mprotect-rw-rx", key_rw_to_rx},
    {"pkey_mprotect-rw-rwx", key_rw_to_rwx},
    {"shmat-rw", shm_rw},
    {"shmat-r", shm_r},
    {"shmat-rwx", shm_rwx},
    {"shmat-rx", shm_rx},
    {"memfd_create", memfd},
    {"memfd-alias", memfd_alias},
    {NULL, NULL},
};
