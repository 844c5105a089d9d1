/* SPDX-License-Identifier: MIT
 *
 * One piece of work on one library, in a process that was started for it (--alone=WORK LIBRARY,
 * by sweep.c and by footprint): what a process has done before would show in its memory, its
 * mappings and its locks. Figures go to standard output, a line each: NAME VALUE.
 *
 *   live:N      N closures alive (live.c)
 *   closures:N  closures made and freed on N threads (threads.c)
 *   calls:N     ffi_prep_cif and ffi_call on N threads
 *   load        the first dlopen
 *   memory      what the library takes before the first closure, with one, with a thousand
 */
#include "bench.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A library that has not answered after so many seconds never will. */
enum { PATIENCE = 90, MANY = 1000 };

static void set_up(struct job *job, struct library *lib, const char *word, const char *signature)
{
    static struct row row;
    library_open(lib, word);
    row.sig = signature_find(signature);
    signature_load(row.sig);
    *job = (struct job){.library = lib, .side = 1, .row = &row};
    if (job_prep_cif(job) != OK)
        die("%s: %s", lib->name, job->reason);
}

static const char *path_of(const char *word)
{
    size_t name = strcspn(word, "=/");
    const char *path = word[name] == '=' && name > 0 ? word + name + 1 : word;
    const char *real = realpath(path, NULL);
    if (!real)
        die("%s: no such library", path);
    return real;
}

/* Not all libraries can be taken out of a process again, so each is loaded into one that is new. */
static void load(const char *path)
{
    double start = now();
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    double ns = now() - start;
    if (!handle)
        die("%s", dlerror());
    printf("load %.1f\n", ns);
}

static void print_memory(const char *when, const struct memory *before)
{
    struct memory after;
    memory_read(&after);
    printf("%s_private_dirty %.0f\n", when, after.private_dirty - before->private_dirty);
    printf("%s_private_clean %.0f\n", when, after.private_clean - before->private_clean);
    printf("%s_pss %.0f\n", when, after.pss - before->pss);
}

/* The library is opened here by nothing more than a dlopen; the proof of where it came from,
 * which reads files, has to wait until the end. What the C library needs for a first dlopen
 * and a first malloc is there before. */
static void memory(struct job *job, struct library *lib, const char *word)
{
    static struct memory before;
    static void *code[MANY];
    const char *path = path_of(word);
    void *volatile block = malloc(64);
    free(block);
    void *c_library = dlopen("libc.so.6", RTLD_NOW | RTLD_LOCAL);
    dlsym(c_library, "no such function");
    memory_read(&before);
    memory_mappings();
    memory_read(&before);

    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        die("%s", dlerror());
    print_memory("none", &before);

    static struct row row;
    row.sig = signature_find("int(int)");
    *job = (struct job){.library = lib, .side = 1, .row = &row};
    lib->prep_cif = (__typeof__(lib->prep_cif))dlsym(handle, "ffi_prep_cif");
    lib->closure_alloc = (__typeof__(lib->closure_alloc))dlsym(handle, "ffi_closure_alloc");
    lib->prep_closure_loc =
        (__typeof__(lib->prep_closure_loc))dlsym(handle, "ffi_prep_closure_loc");
    lib->closure_free = (__typeof__(lib->closure_free))dlsym(handle, "ffi_closure_free");
    lib->type[T_SINT32] = dlsym(handle, "ffi_type_sint32");
    if (!lib->prep_cif || !lib->closure_alloc || !lib->prep_closure_loc || !lib->type[T_SINT32])
        die("%s is not a libffi", word);
    if (job_prep_cif(job) != OK)
        die("%s: %s", word, job->reason);
    for (int i = 0; i < MANY; i++) {
        if (!job_new_closure(job, handler_number, (void *)(intptr_t)i, &code[i]))
            die("%s: %s", word, job->reason);
        if (((int (*)(int))code[i])(1) != 1 + i)
            die("%s: closure %d is not itself", word, i);
        if (i == 0)
            print_memory("one", &before);
    }
    print_memory("many", &before);
    library_open(lib, word);
}

int alone(const char *work, const char *word)
{
    static struct library lib;
    static struct job job;
    char *colon = strchr(work, ':');
    size_t count = colon ? strtoul(colon + 1, NULL, 10) : 0;
    char name[16];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(work, ":"), work);

    alarm(PATIENCE);
    if (strcmp(name, "load") == 0) {
        load(path_of(word));
        library_open(&lib, word);
    } else if (strcmp(name, "memory") == 0) {
        memory(&job, &lib, word);
    } else if (count == 0) {
        die("--alone=%s: no such work", work);
    } else if (strcmp(name, "live") == 0) {
        set_up(&job, &lib, word, "int(int)");
        alone_live(&job, count);
    } else if (strcmp(name, "closures") == 0) {
        set_up(&job, &lib, word, "int(int)");
        alone_threads(&job, false, count);
    } else if (strcmp(name, "calls") == 0) {
        set_up(&job, &lib, word, "long(6 long)");
        alone_threads(&job, true, count);
    } else {
        die("--alone=%s: no such work", work);
    }
    printf("name %s\npath %s\n", lib.name, lib.path);
    return fflush(stdout) == 0 ? 0 : 2;
}
