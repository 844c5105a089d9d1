/* SPDX-License-Identifier: MIT
 *
 * files: conditions of descriptors and of opening files.
 */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- No free descriptor ---- */

static void enter_no_descriptor(void)
{
    for (int fd = 3; fd < 63; fd++)
        close(fd);
    struct rlimit none = {3, 3};
    if (setrlimit(RLIMIT_NOFILE, &none) != 0)
        wrong("setrlimit");
}

static bool no_descriptor(void)
{
    return dup(1) == -1 && errno == EMFILE;
}

/* ---- No file may be opened ---- */

static void enter_no_open(void)
{
    static const unsigned calls[] = {
#ifdef SYS_open
        SYS_open,
        SYS_creat,
#endif
        SYS_openat,
        SYS_openat2,
    };
    enum { N = sizeof calls / sizeof *calls };
    struct sock_filter code[N + 3] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)}};
    for (unsigned i = 0; i < N; i++)
        code[i + 1] =
            (struct sock_filter){BPF_JMP | BPF_JEQ | BPF_K, (unsigned char)(N - i), 0, calls[i]};
    code[N + 1] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    code[N + 2] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EACCES};
    struct sock_fprog program = {N + 3, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0L, 0L) != 0)
        skip("this kernel has no seccomp filters");
}

static bool no_open(void)
{
    return open("/", O_RDONLY) == -1 && open("/proc/self/maps", O_RDONLY) == -1 &&
           open(".", O_RDWR | O_TMPFILE, 0600) == -1;
}

/* ---- Landlock: no file may be read, written, made or executed but this program, so that it can
 * start ---- */

static void enter_landlock(void)
{
    struct landlock_ruleset_attr all = {.handled_access_fs =
                                            (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
    int self = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules < 0)
        skip("this kernel has no Landlock");
    struct landlock_path_beneath_attr program = {
        LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE, self};
    if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &program, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0 ||
        syscall(SYS_landlock_restrict_self, rules, 0) != 0)
        wrong("Landlock: %s", strerror(errno));
    close(rules);
    close(self);
}

/* ---- A daemon: it has closed all descriptors, and opened files of its own ---- */

#define FILES 16
#define SIZE 65536

static char content(int file, int at)
{
    return (char)(file * 31 + at / 7 + at);
}

static void enter_daemon(void)
{
    static char bytes[SIZE];
    for (int fd = 0; fd < 63; fd++)
        close(fd);
    for (int file = 0; file < FILES; file++) {
        char name[32];
        snprintf(name, sizeof name, "own-%d", file);
        for (int i = 0; i < SIZE; i++)
            bytes[i] = content(file, i);
        int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0700);
        if (fd != file || write(fd, bytes, SIZE) != SIZE)
            wrong("the daemon cannot write its files");
    }
}

static void expect_own_files_untouched(void)
{
    static char bytes[SIZE + 1];
    for (int file = 0; file < FILES; file++) {
        if (pread(file, bytes, SIZE + 1, 0) != SIZE)
            wrong("the program's own file has another size");
        for (int i = 0; i < SIZE; i++)
            if (bytes[i] != content(file, i))
                wrong("the program's own file was overwritten");
    }
}

const struct condition file_conditions[] = {
    {"no-descriptor", enter_no_descriptor, no_descriptor, NULL},
    {"no-open", enter_no_open, no_open, NULL},
    {"landlock", enter_landlock, no_open, NULL},
    {"daemon", enter_daemon, NULL, expect_own_files_untouched},
    {0},
};
