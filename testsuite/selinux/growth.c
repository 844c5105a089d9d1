/* SPDX-License-Identifier: MIT
 *
 * growth: more closures than are built in, all live at once and each called.
 *
 *     growth COUNT [file]
 *
 * prints, as testsuite/hardening/rxffi-run/closures.c does, "library PATH", "wx PERMS PATH" and,
 * once for each mapping that the code of closures lies in, "code PERMS PATH"; then "results N", how
 * many gave the right result. With "file", the system call mremap is answered as by a kernel that
 * has none.
 */
#include <errno.h>
#include <ffi.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static int without_mremap(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mremap, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof steps / sizeof *steps, steps};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void handler(ffi_cif *cif, void *result, void **values, void *mine)
{
    (void)cif;
    *(ffi_sarg *)result = *(int *)values[0] + (int)(intptr_t)mine;
}

static int fail(const char *what)
{
    printf("failed %s\n", what);
    return 1;
}

static int print_memory(void **code, int count)
{
    char line[512], perms[5], path[400];
    unsigned long start, end;
    FILE *maps = fopen("/proc/self/maps", "r");
    if (maps == NULL)
        return fail("/proc/self/maps");
    while (fgets(line, sizeof line, maps) != NULL) {
        path[0] = '\0';
        if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %399s", &start, &end, perms, path) < 3)
            return fail("/proc/self/maps is not understood");
        if (strstr(path, "libffi") != NULL)
            printf("library %s\n", path);
        if (perms[1] == 'w' && perms[2] == 'x')
            printf("wx %s %s\n", perms, path);
        int within = 0;
        for (int i = 0; i < count; i++)
            within += (uintptr_t)code[i] - start < end - start;
        if (within != 0)
            printf("code %s %s\n", perms, path);
    }
    fclose(maps);
    return 0;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 0, results = 0;
    void **code = calloc(count, sizeof *code);
    ffi_type *types[] = {&ffi_type_sint};
    ffi_cif cif;

    if (code == NULL || (argc > 2 && !without_mremap()))
        return fail("the start");
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types) != FFI_OK)
        return fail("ffi_prep_cif");
    for (intptr_t i = 0; i < count; i++) {
        ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code[i]);
        if (closure == NULL)
            return fail("ffi_closure_alloc");
        if (ffi_prep_closure_loc(closure, &cif, handler, (void *)i, code[i]) != FFI_OK)
            return fail("ffi_prep_closure_loc");
    }
    for (int i = 0; i < count; i++) {
        int (*call)(int);
        memcpy(&call, &code[i], sizeof call);
        results += call(-7) == i - 7;
    }
    if (print_memory(code, count) != 0)
        return 1;
    printf("results %d\n", results);
    return 0;
}
