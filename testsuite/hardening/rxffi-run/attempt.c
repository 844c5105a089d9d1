/* SPDX-License-Identifier: MIT
 *
 * attempt: tries everything that a W^X policy may refuse, and what every policy must leave
 * alone. Each thing is tried in a child, which inherits the policy; one line tells how it ended:
 *
 *     NAME ok | EPERM | EACCES | ENOSYS | another error's number | SIGNAL n | cannot be tried
 *
 * With an argument, tells by its exit status what can be expected of this kernel at all:
 *
 *     attempt --has-mdwe       PR_SET_MDWE works
 *     attempt --has-seccomp    seccomp filters work
 *
 * It shares nothing with rxffi-run, on purpose: not its constants, and not its list.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

#define R PROT_READ
#define W PROT_WRITE
#define X PROT_EXEC

#define CANNOT_TRY 255

static const char *own_file;  /* a regular file that this program may execute and not write */
static const char *work_file; /* one that it may do all with */
static size_t page;

/* ---- Tools: each returns 0 or the errno ---- */

static int outcome(long result)
{
    return result == -1 ? errno : 0;
}

static int map(int prot, int flags)
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
static void *anonymous(int prot)
{
    void *at = mmap(NULL, page, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        exit(CANNOT_TRY);
    return at;
}

static void *of_file(int prot)
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
    return personality(READ_IMPLIES_EXEC) == -1 ? errno : anon_rw();
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

/* ---- What must go on working ---- */

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

static const struct {
    const char *name;
    int (*try)(void);
} attempts[] = {
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
    {"mremap-move-rx", moved_rx},
    {"mremap-double-rx", doubled_rx},
    {"thread", thread},
    {"execute", execute},
#ifndef STATIC
    {"dlopen", load},
#endif
};

static void report(const char *name, int status)
{
    int error = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

    if (WIFSIGNALED(status))
        printf("%s SIGNAL %d\n", name, WTERMSIG(status));
    else if (error == CANNOT_TRY)
        printf("%s cannot be tried\n", name);
    else if (error == 0)
        printf("%s ok\n", name);
    else if (error == EPERM || error == EACCES || error == ENOSYS)
        printf("%s %s\n", name, error == EPERM ? "EPERM" : error == EACCES ? "EACCES" : "ENOSYS");
    else
        printf("%s %d\n", name, error);
}

static int has_seccomp(void)
{
    struct sock_filter allow[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    struct sock_fprog program = {1, allow};
    return prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0L, 0L) == 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--has-mdwe") == 0)
        return prctl(65 /* PR_SET_MDWE */, 1L, 0L, 0L, 0L) != 0;
    if (argc == 2 && strcmp(argv[1], "--has-seccomp") == 0)
        return !has_seccomp();
    if (argc != 2)
        return 2;

    own_file = argv[0];
    work_file = argv[1];
    page = (size_t)sysconf(_SC_PAGESIZE);
    int fd = open(work_file, O_RDWR | O_CREAT | O_CLOEXEC, 0700);
    if (fd < 0 || ftruncate(fd, (off_t)page) != 0)
        return 2;
    close(fd);

    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        int status = 0;
        fflush(stdout);
        pid_t pid = fork();
        if (pid < 0)
            return 2;
        if (pid == 0)
            _exit(attempts[i].try());
        if (waitpid(pid, &status, 0) != pid)
            return 2;
        report(attempts[i].name, status);
    }
    return fflush(stdout) ? 2 : 0;
}
