/* SPDX-License-Identifier: MIT
 *
 * closures: a program that uses closures, and tells what it used. It makes more of them than
 * fit on a page, calls each, also in a child process and after freeing and making some again, and
 * prints on stdout
 *
 *     library PATH       each libffi that is mapped into the process, and the one that was called
 *     code PERMS PATH    each kind of mapping that the closures' code lies in
 *     alias PERMS PATH   each shared writable mapping of the same part of the same file
 *     wx PERMS PATH      each mapping that is writable and executable
 *     opened PATH        each file descriptor that was not there at the start
 *     results N          how many calls gave the right result: 2500 if all is well
 *
 * or "failed WHAT" and exit status 1. Duplicates are left in: sort -u them.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <ffi.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT 1000
#define HALF (COUNT / 2)
#define MAX_MAPPINGS 4096
#define MAX_OPENED 64

static ffi_closure *closures[COUNT];
static void *code[COUNT];
static int numbers[COUNT];
static ffi_cif cif;

static void fail(const char *what)
{
    printf("failed %s\n", what);
    fflush(stdout);
    _exit(1);
}

/* ---- Closures ---- */

static void handler(ffi_cif *of, void *result, void **values, void *mine)
{
    (void)of;
    *(ffi_sarg *)result = *(int *)mine + *(short *)values[0] + (int)(*(float *)values[1] * 2);
}

static void make(int i)
{
    numbers[i] = i;
    closures[i] = ffi_closure_alloc(sizeof *closures[i], &code[i]);
    if (!closures[i])
        fail("ffi_closure_alloc");
    if (ffi_prep_closure_loc(closures[i], &cif, handler, &numbers[i], code[i]) != FFI_OK)
        fail("ffi_prep_closure_loc");
}

static int right(int i)
{
    int (*call)(short, float);
    memcpy(&call, &code[i], sizeof call);
    return call((short)-3, 1.5F) == i;
}

static int right_in_child(void)
{
    int pipe_fds[2], count = 0, status;
    if (pipe(pipe_fds) != 0)
        fail("pipe");
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < COUNT; i++)
            count += right(i);
        _exit(write(pipe_fds[1], &count, sizeof count) != sizeof count);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0 ||
        read(pipe_fds[0], &count, sizeof count) != sizeof count)
        fail("child");
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    return count;
}

/* ---- Mappings ---- */

static struct mapping {
    unsigned long start, end, offset, inode;
    char perms[5], device[16], path[PATH_MAX];
} mappings[MAX_MAPPINGS];
static int mapping_count;

static void read_mappings(void)
{
    char line[PATH_MAX + 128];
    FILE *maps = fopen("/proc/self/maps", "r");
    if (!maps)
        fail("/proc/self/maps");
    for (mapping_count = 0; fgets(line, sizeof line, maps); mapping_count++) {
        struct mapping *m = &mappings[mapping_count];
        int path_at = 0;
        if (mapping_count == MAX_MAPPINGS - 1 ||
            sscanf(line, "%lx-%lx %4s %lx %15s %lu %n", &m->start, &m->end, m->perms, &m->offset,
                   m->device, &m->inode, &path_at) != 6)
            fail("/proc/self/maps is not understood");
        line[strcspn(line, "\n")] = '\0';
        strcpy(m->path, line[path_at] ? line + path_at : "(anonymous)");
    }
    fclose(maps);
}

static const struct mapping *mapping_of(const void *address)
{
    for (int i = 0; i < mapping_count; i++) {
        if ((uintptr_t)address >= mappings[i].start && (uintptr_t)address < mappings[i].end)
            return &mappings[i];
    }
    fail("code is not mapped");
    return NULL;
}

static void print(const char *what, const struct mapping *m)
{
    printf("%s %s %s\n", what, m->perms, m->path);
}

static void print_memory_of(const void *address)
{
    const struct mapping *m = mapping_of(address);
    unsigned long in_file = m->offset + ((uintptr_t)address - m->start);

    print("code", m);
    for (int i = 0; i < mapping_count; i++) {
        const struct mapping *other = &mappings[i];
        if (m->inode && other->inode == m->inode && strcmp(other->device, m->device) == 0 &&
            in_file >= other->offset && in_file < other->offset + (other->end - other->start) &&
            other->perms[1] == 'w' && other->perms[3] == 's')
            print("alias", other);
    }
}

static void print_memory(void)
{
    Dl_info info;
    /* ffi_call's own address is one of the program's PLT in a program that is not PIE. */
    void *call = dlsym(RTLD_DEFAULT, "ffi_call");

    read_mappings();
    for (int i = 0; i < mapping_count; i++) {
        if (mappings[i].perms[1] == 'w' && mappings[i].perms[2] == 'x')
            print("wx", &mappings[i]);
        if (strstr(mappings[i].path, "libffi"))
            printf("library %s\n", mappings[i].path);
    }
    if (!call || !dladdr(call, &info))
        fail("dladdr");
    printf("library %s\n", mapping_of(call)->path);
    for (int i = 0; i < COUNT; i++)
        print_memory_of(code[i]);
}

/* ---- Descriptors ---- */

static int opened_before[MAX_OPENED], opened_before_count;

static void each_descriptor(void (*visit)(int))
{
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        fail("/proc/self/fd");
    for (struct dirent *entry; (entry = readdir(folder));) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd != dirfd(folder))
            visit(fd);
    }
    closedir(folder);
}

static void remember_descriptor(int fd)
{
    if (opened_before_count < MAX_OPENED)
        opened_before[opened_before_count++] = fd;
}

static void print_new_descriptor(int fd)
{
    char name[32], path[PATH_MAX];
    for (int i = 0; i < opened_before_count; i++) {
        if (opened_before[i] == fd)
            return;
    }
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = '\0';
    printf("opened %s\n", path);
}

int main(void)
{
    ffi_type *types[] = {&ffi_type_sshort, &ffi_type_float};
    int results = 0;

    each_descriptor(remember_descriptor);
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types) != FFI_OK)
        fail("ffi_prep_cif");
    for (int i = 0; i < COUNT; i++)
        make(i);
    for (int i = 0; i < COUNT; i++)
        results += right(i);
    results += right_in_child();
    for (int i = 0; i < HALF; i++)
        ffi_closure_free(closures[i]);
    for (int i = 0; i < HALF; i++)
        make(i);
    for (int i = 0; i < HALF; i++)
        results += right(i);
    print_memory();
    each_descriptor(print_new_descriptor);
    printf("results %d\n", results);
    return 0;
}
