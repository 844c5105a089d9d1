/* SPDX-License-Identifier: MIT
 *
 * check: rxffi-run --check, a table of what this machine enforces and whether closures work
 * under it. Every cell is found out by trying (ask.c).
 */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "rxffi-run.h"

#define SYSTEM_LIBRARY "libffi.so.8"

/* ---- The table ---- */

enum { COLUMN_POLICY, COLUMN_KERNEL, COLUMN_LIBRARY, COLUMN_SYSTEM, COLUMN_COUNT };

/* A row: what the kernel does under a policy, then what each library does. */
struct row {
    struct findings kernel, library, system;
    char kernel_words[sizeof((struct findings *)0)->words + 32];
};

static void fill_row(enum policy policy, const char *library, struct row *row)
{
    ask(policy, kernel_bites, &policy, &row->kernel);
    const char *answer, *words = row->kernel.words;
    if (!row->kernel.done)
        answer = "cannot: ";
    else if (row->kernel.good)
        answer = policy == POLICY_NONE ? "refuses nothing unasked" : "enforces";
    else
        answer = policy == POLICY_NONE ? "refuses unasked: " : "does not refuse: ";
    snprintf(row->kernel_words, sizeof row->kernel_words, "%s%s", answer, words);

    if (!row->kernel.done) {
        strcpy(row->library.words, "not tried");
        strcpy(row->system.words, "not tried");
        return;
    }
    if (library)
        ask(policy, library_trial, library, &row->library);
    ask(policy, library_trial, SYSTEM_LIBRARY, &row->system);
}

static const char *cell(const struct row *row, enum policy policy, int column)
{
    switch (column) {
    case COLUMN_POLICY:
        return policy_name(policy);
    case COLUMN_KERNEL:
        return row->kernel_words;
    case COLUMN_LIBRARY:
        return row->library.words;
    default:
        return row->system.words;
    }
}

static void print_line(const char *const cells[COLUMN_COUNT], const size_t widths[COLUMN_COUNT],
                       bool with_library)
{
    for (int c = 0; c < COLUMN_SYSTEM; c++) {
        if (c != COLUMN_LIBRARY || with_library)
            printf("%-*s  ", (int)widths[c], cells[c]);
    }
    puts(cells[COLUMN_SYSTEM]);
}

static void print_table(const struct row rows[POLICY_COUNT], bool with_library)
{
    static const char *const titles[COLUMN_COUNT] = {"policy", "kernel", "library", "system"};
    size_t widths[COLUMN_COUNT];

    for (int c = 0; c < COLUMN_COUNT; c++) {
        widths[c] = strlen(titles[c]);
        for (int p = 0; p < POLICY_COUNT; p++) {
            size_t width = strlen(cell(&rows[p], (enum policy)p, c));
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    print_line(titles, widths, with_library);
    for (int p = 0; p < POLICY_COUNT; p++) {
        const char *cells[COLUMN_COUNT];
        for (int c = 0; c < COLUMN_COUNT; c++)
            cells[c] = cell(&rows[p], (enum policy)p, c);
        print_line(cells, widths, with_library);
    }
}

/* ---- What else the machine enforces ---- */

/* The first line of a file, without its end; NULL if it cannot be read. */
static const char *first_line(const char *path)
{
    static char line[64];
    FILE *file = fopen(path, "re");
    const char *got = file ? fgets(line, sizeof line, file) : NULL;
    int error = errno;
    if (file)
        fclose(file);
    errno = error;
    if (got)
        line[strcspn(line, "\n")] = '\0';
    return got;
}

/* Whether a line of the file has this word in it. */
static bool file_mentions(const char *path, const char *word)
{
    char line[256];
    bool found = false;
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file))
        found = strstr(line, word) != NULL;
    if (file)
        fclose(file);
    return found;
}

static void print_selinux(void)
{
    const char *enforce = first_line("/sys/fs/selinux/enforce");
    if (enforce)
        printf("SELinux: %s\n", strcmp(enforce, "1") == 0
                                    ? "enforcing; what it refuses to this process is in row none"
                                    : "permissive");
    else if (errno != ENOENT && errno != ENOTDIR)
        printf("SELinux: its state is not readable: %s\n", strerror(errno));
    else if (file_mentions("/proc/filesystems", "selinuxfs"))
        puts("SELinux: in this kernel, its state is not readable: selinuxfs is not mounted");
    else if (access("/proc/filesystems", R_OK) != 0)
        puts("SELinux: its state is not readable: no /proc and no selinuxfs");
    else
        puts("SELinux: not active");
}

static void print_inherited(void)
{
    const char *filter = "no seccomp filter";
    if (access("/proc/self/status", R_OK) != 0)
        filter = "seccomp not known: /proc is not readable";
    else if (file_mentions("/proc/self/status", "Seccomp:\t2"))
        filter = "a seccomp filter";
    printf("inherited: %s, %s\n", policy_has_mdwe() ? "PR_SET_MDWE" : "no PR_SET_MDWE", filter);
}

static void print_memfd(void)
{
    const char *value = first_line("/proc/sys/vm/memfd_noexec");
    printf("vm.memfd_noexec: %s\n", value ? value : "not readable, or not in this kernel");
}

/* ---- The report ---- */

static bool same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
}

/* Says under which policies the judged library fails, of those that the kernel enforces. */
static int print_verdict(const struct row rows[POLICY_COUNT], bool with_library)
{
    const char *judged = with_library ? "the library" : "the system's libffi.so.8";
    char failures[128] = "";

    for (int p = 0; p < POLICY_COUNT; p++) {
        const struct row *row = &rows[p];
        bool enforced = row->kernel.done && (p == POLICY_NONE || row->kernel.good);
        bool good = with_library ? row->library.good : row->system.good;
        if (!enforced || good)
            continue;
        strcat(failures, failures[0] ? ", " : "");
        strcat(failures, policy_name((enum policy)p));
    }
    if (!failures[0]) {
        printf("verdict: %s works under every policy that this kernel can enforce\n", judged);
        return 0;
    }
    printf("verdict: %s does not work without W+X memory under: %s\n", judged, failures);
    return STATUS_CHECK_FAILED;
}

int check(const char *library)
{
    static struct row rows[POLICY_COUNT];
    const char *system_file = "none that can be loaded";
    struct utsname machine;

    for (int p = 0; p < POLICY_COUNT; p++) {
        fill_row((enum policy)p, library, &rows[p]);
        if (rows[p].system.loaded[0])
            system_file = rows[p].system.loaded;
    }

    if (uname(&machine) == 0)
        printf("kernel:  %s %s %s\n", machine.sysname, machine.release, machine.machine);
    if (library)
        printf("library: %s\n", library);
    printf("system:  %s%s\n\n", system_file,
           library && same_file(library, system_file) ? " (the same file)" : "");
    print_table(rows, library != NULL);
    puts("");
    print_selinux();
    print_memfd();
    print_inherited();
    int status = print_verdict(rows, library != NULL);
    if (fflush(stdout) != 0 || ferror(stdout))
        return complain(STATUS_FAILED, "standard output: %s", strerror(errno));
    return status;
}
