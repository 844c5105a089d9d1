/* SPDX-License-Identifier: MIT
 *
 * places: conditions of namespaces, roots and mounts. They need root, or a user namespace.
 */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* sys/mount.h and linux/mount.h do not go together. */
int mount(const char *, const char *, const char *, unsigned long, const void *);
int umount2(const char *, int);
#define MNT_DETACH 2

static void new_namespace(int kind)
{
    if (unshare(kind) != 0 && unshare(CLONE_NEWUSER | kind) != 0)
        skip("this process can have no namespaces: %s", strerror(errno));
    if (kind == CLONE_NEWNS && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        skip("this process cannot mount: %s", strerror(errno));
}

/* ---- No /proc ---- */

static void enter_no_proc(void)
{
    new_namespace(CLONE_NEWNS);
    if (umount2("/proc", MNT_DETACH) != 0)
        skip("/proc cannot be unmounted: %s", strerror(errno));
}

static bool no_proc(void)
{
    return access("/proc/self", F_OK) != 0;
}

/* ---- An empty root ---- */

static void enter_chroot(void)
{
    if (mkdir("empty", 0700) != 0 && errno != EEXIST)
        wrong("mkdir");
    if (chroot("empty") != 0)
        skip("this process cannot change its root: %s", strerror(errno));
    if (chdir("/") != 0)
        wrong("chdir");
}

static bool is_empty_root(void)
{
    return access("/proc", F_OK) != 0 && access("/tmp", F_OK) != 0 && access("/usr", F_OK) != 0;
}

/* ---- The first process of a PID namespace, with the /proc of another ---- */

static void enter_pid_namespace(void)
{
    int status;
    new_namespace(CLONE_NEWPID);
    pid_t child = fork();
    if (child == 0)
        return;
    if (child < 0 || waitpid(child, &status, 0) != child)
        wrong("fork");
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 98);
}

static bool is_first_process(void)
{
    return getpid() == 1;
}

/* ---- Nothing can be executed that is not already, nothing written ---- */

static void protect(const char *place, unsigned long set, unsigned long clear)
{
    struct mount_attr attr = {.attr_set = set, .attr_clr = clear};
    if (syscall(SYS_mount_setattr, AT_FDCWD, place, AT_RECURSIVE, &attr, sizeof attr) != 0)
        skip("mounts cannot be made noexec and read-only: %s", strerror(errno));
}

/* A program that starts is to be executable, and its libraries are. */
static void enter_read_only(void)
{
    char self[PATH_MAX] = "";
    const char *places[] = {self, getenv("LD_LIBRARY_PATH"), "/usr", "/lib64"};
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        wrong("/proc/self/exe");
    *strrchr(self, '/') = '\0';
    new_namespace(CLONE_NEWNS);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i] && mount(places[i], places[i], NULL, MS_BIND | MS_REC, NULL) != 0)
            places[i] = NULL; /* not every architecture has a /lib64 */
    protect("/", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC, 0);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i])
            protect(places[i], 0, MOUNT_ATTR_NOEXEC);
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_FSIZE, &none) != 0)
        wrong("setrlimit");
}

static bool is_read_only(void)
{
    int in_tmp = open("/tmp/hostile", O_RDWR | O_CREAT, 0700);
    int in_memory = open("/dev/shm/hostile", O_RDWR | O_CREAT, 0700);
    int here = open("hostile", O_RDWR | O_CREAT, 0700);
    return in_tmp < 0 && in_memory < 0 && here < 0;
}

const struct condition place_conditions[] = {
    {"no-proc", enter_no_proc, no_proc, NULL},
    {"chroot", enter_chroot, is_empty_root, NULL},
    {"pid-namespace", enter_pid_namespace, is_first_process, NULL},
    {"read-only", enter_read_only, is_read_only, NULL},
    {0},
};
