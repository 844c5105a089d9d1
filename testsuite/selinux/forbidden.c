/* SPDX-License-Identifier: MIT
 *
 * forbidden: tries to get memory executed that is or was writable, or to get rid of what forbids
 * it.
 *
 *     forbidden ATTEMPT NAME
 *
 * does one of the attempts below and prints "succeeded" or "failed: ERROR". NAME (up to 15
 * characters) becomes the process's name, by which the kernel's log tells whom it denied something.
 * /code/data is a file that can be executed but not written.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define PAGE 4096
#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)

static const char *self;

/* ---- Anonymous memory ---- */

static int is_mapped(const void *p)
{
    return p != MAP_FAILED;
}

static int anonymous_wx(void)
{
    return is_mapped(mmap(NULL, PAGE, RW | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static int shared_wx(void)
{
    return is_mapped(mmap(NULL, PAGE, RW | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static int anonymous_later(void)
{
    char *p = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!is_mapped(p))
        return 0;
    *p = 1;
    return mprotect(p, PAGE, RX) == 0;
}

static int heap(void)
{
    char *end = sbrk(4 * PAGE);
    char *page = (char *)(((unsigned long)end + PAGE - 1) / PAGE * PAGE);
    *page = 1;
    return mprotect(page, PAGE, RX) == 0;
}

static int stack(void)
{
    char local[3 * PAGE];
    char *page = (char *)(((unsigned long)local + PAGE - 1) / PAGE * PAGE);
    *(volatile char *)page = 1;
    return mprotect(page, PAGE, RW | PROT_EXEC) == 0;
}

static int system_v(void)
{
    int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0700);
    if (id < 0)
        return 0;
    void *p = shmat(id, NULL, SHM_EXEC);
    int saved = errno;
    shmctl(id, IPC_RMID, NULL);
    errno = saved;
    return is_mapped(p);
}

/* ---- Files ---- */

/* The private copy of a page of code, changed. */
static int text(void)
{
    int fd = open("/code/data", O_RDONLY);
    char *p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
    if (!is_mapped(p))
        return 0;
    *p = 1;
    return mprotect(p, PAGE, RX) == 0;
}

static int executable_page_of(int fd)
{
    return fd >= 0 && ftruncate(fd, PAGE) == 0 &&
           is_mapped(mmap(NULL, PAGE, RX, MAP_SHARED, fd, 0));
}

static int written_file(void)
{
    return executable_page_of(open("/tmp/written", O_RDWR | O_CREAT, 0700));
}

static int memory_file(void)
{
    return executable_page_of(memfd_create("written", 0));
}

static int zero(void)
{
    return is_mapped(mmap(NULL, PAGE, RX, MAP_PRIVATE, open("/dev/zero", O_RDWR), 0));
}

/* A copy of this program: run by execve, it says that it succeeded. */
static int program(void)
{
    char buffer[PAGE];
    ssize_t length;
    int from = open(self, O_RDONLY), to = open("/tmp/program", O_WRONLY | O_CREAT | O_TRUNC, 0700);
    if (from < 0 || to < 0)
        return 0;
    while ((length = read(from, buffer, sizeof buffer)) > 0)
        if (write(to, buffer, length) != length)
            return 0;
    close(from);
    close(to);
    char *arguments[] = {"program", "copy", NULL};
    execv("/tmp/program", arguments);
    return 0;
}

/* ---- The rules themselves ---- */

static int write_code(void)
{
    return open("/code/data", O_RDWR) >= 0;
}

static int relabel(void)
{
    static const char label[] = "u:object_r:code_t";
    unlink("/tmp/relabelled");
    close(open("/tmp/relabelled", O_RDWR | O_CREAT, 0700));
    return setxattr("/tmp/relabelled", "security.selinux", label, sizeof label, 0) == 0;
}

static int write_to(const char *path, const char *word)
{
    int fd = open(path, O_WRONLY);
    int written = fd >= 0 && write(fd, word, strlen(word)) == (ssize_t)strlen(word);
    if (fd >= 0) {
        int saved = errno;
        close(fd);
        errno = saved;
    }
    return written;
}

static int change_domain(void)
{
    return write_to("/proc/self/attr/current", "u:r:free_t");
}

static int permissive(void)
{
    return write_to("/sys/fs/selinux/enforce", "0") && write_to("/sys/fs/selinux/enforce", "1");
}

static int copy(void)
{
    return 1;
}

static const struct {
    const char *name;
    int (*attempt)(void);
} attempts[] = {
    {"anonymous_wx", anonymous_wx},
    {"shared_wx", shared_wx},
    {"anonymous_later", anonymous_later},
    {"heap", heap},
    {"stack", stack},
    {"system_v", system_v},
    {"text", text},
    {"written_file", written_file},
    {"memory_file", memory_file},
    {"zero", zero},
    {"program", program},
    {"write_code", write_code},
    {"relabel", relabel},
    {"change_domain", change_domain},
    {"permissive", permissive},
    {"copy", copy},
};

int main(int argc, char **argv)
{
    self = argv[0];
    for (size_t i = 0; argc > 1 && i < sizeof attempts / sizeof *attempts; i++) {
        if (strcmp(argv[1], attempts[i].name) != 0)
            continue;
        if (argc > 2)
            prctl(PR_SET_NAME, argv[2]);
        errno = 0;
        if (attempts[i].attempt())
            puts("succeeded");
        else
            printf("failed: %s\n", strerrorname_np(errno));
        return 0;
    }
    return 2;
}
