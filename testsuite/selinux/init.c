/* SPDX-License-Identifier: MIT
 *
 * init: process 1 of the machine that the suite boots. Its root file system is the initramfs,
 * with
 *
 *     /policy   what it loads
 *     /code     files that become code_t; everything else is data_t
 *     /tests    a line for each test: NAME DOMAIN LIBRARIES PROGRAM ARGUMENT...
 *
 * It runs the tests one after another, each in its domain with LD_LIBRARY_PATH=LIBRARIES. It
 * writes to the kernel's log, as the kernel itself writes there what it denies:
 *
 *     suite: enforcing 1
 *     suite: NAME: a line that the test printed
 *     suite: NAME ended STATUS
 *     suite: all ended
 *
 * and restarts the machine, at which qemu ends. The last test has to be one that is denied
 * something under its NAME: then all messages before that have been written.
 */
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SECONDS 120 /* for each test */
#define WORDS 16
#define LOG_SIZE (1 << 20)

static const char code_label[] = "u:object_r:code_t";
static int kernel_log = -1;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    char line[900];
    va_list arguments;
    int at = snprintf(line, sizeof line, "<5>suite: ");
    va_start(arguments, format);
    vsnprintf(line + at, sizeof line - at, format, arguments);
    va_end(arguments);
    if (write(kernel_log, line, strlen(line)) < 0)
        perror("/dev/kmsg");
}

static _Noreturn void end(void)
{
    sync();
    reboot(RB_AUTOBOOT);
    for (;;)
        pause();
}

static void must(int status, const char *what)
{
    if (status >= 0)
        return;
    say("init: %s: %m", what);
    end();
}

static void mount_on(const char *type, const char *folder)
{
    mkdir(folder, 0755);
    must(mount(type, folder, type, 0, NULL), folder);
}

/* Reads all of a file; its size into *size. */
static char *contents(const char *path, size_t *size)
{
    struct stat file;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    must(fd, path);
    must(fstat(fd, &file), path);
    *size = file.st_size != 0 ? (size_t)file.st_size : 64;
    char *bytes = calloc(1, *size + 1);
    must(bytes != NULL && read(fd, bytes, *size) >= 0 ? 0 : -1, path);
    close(fd);
    return bytes;
}

static void load_policy(void)
{
    size_t size;
    char *policy = contents("/policy", &size);
    int fd = open("/sys/fs/selinux/load", O_WRONLY | O_CLOEXEC);
    must(fd, "/sys/fs/selinux/load");
    must(write(fd, policy, size) == (ssize_t)size ? 0 : -1, "the policy");
    close(fd);
    free(policy);
}

/* Folders cannot have one: the policy has no class for them. */
static int label(const char *path, const struct stat *file, int kind, struct FTW *place)
{
    (void)file, (void)place;
    return kind != FTW_F ? 0
                         : lsetxattr(path, "security.selinux", code_label, sizeof code_label, 0);
}

/* ---- A test ---- */

static _Noreturn void become(char **words, int out)
{
    char variable[256], context[64];
    snprintf(variable, sizeof variable, "LD_LIBRARY_PATH=%s", words[2]);
    int length = snprintf(context, sizeof context, "u:r:%s", words[1]);
    char *environment[] = {variable, NULL};

    int fd = open("/proc/self/attr/exec", O_WRONLY | O_CLOEXEC);
    must(fd >= 0 && write(fd, context, length) == length ? 0 : -1, context);
    dup2(out, 1);
    dup2(out, 2);
    alarm(SECONDS);
    execve(words[3], words + 3, environment);
    dprintf(2, "cannot be started: %m\n");
    _exit(127);
}

static void run(char *line)
{
    char *words[WORDS + 1] = {NULL}, text[800];
    int out[2], status, count = 0;
    for (char *word = strtok(line, " "); word != NULL && count < WORDS; word = strtok(NULL, " "))
        words[count++] = word;
    if (count < 4)
        return;
    must(pipe2(out, O_CLOEXEC), "pipe");
    pid_t pid = fork();
    if (pid == 0)
        become(words, out[1]);
    must(pid, "fork");
    close(out[1]);
    FILE *from = fdopen(out[0], "r");
    while (fgets(text, sizeof text, from) != NULL) {
        text[strcspn(text, "\n")] = '\0';
        say("%s: %s", words[0], text);
    }
    fclose(from);
    must(waitpid(pid, &status, 0), "waitpid");
    say("%s ended %d", words[0], WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* The kernel's log is written by another thread of it. */
static void wait_for_denial_of(const char *name)
{
    static char log[LOG_SIZE];
    char wanted[64];
    snprintf(wanted, sizeof wanted, "comm=\"%s\"", name);
    for (int tries = 0; tries < 100; tries++) {
        int length = klogctl(3 /* read all */, log, sizeof log - 1);
        must(length, "the kernel's log");
        log[length] = '\0';
        if (strstr(log, wanted) != NULL)
            return;
        usleep(100000);
    }
    say("init: no denial of %s in the log", name);
}

int main(void)
{
    char last[32] = "";
    size_t size;

    mkdir("/dev", 0755);
    must(mount("devtmpfs", "/dev", "devtmpfs", 0, NULL), "/dev");
    kernel_log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
    mount_on("proc", "/proc");
    mount_on("sysfs", "/sys");
    must(mount("selinuxfs", "/sys/fs/selinux", "selinuxfs", 0, NULL), "selinuxfs");
    load_policy();
    mount_on("tmpfs", "/tmp");
    must(nftw("/code", label, 16, FTW_PHYS), "labels");

    /* So that no denial is missing in the log. */
    int limit = open("/proc/sys/kernel/printk_ratelimit", O_WRONLY | O_CLOEXEC);
    must(limit >= 0 && write(limit, "0", 1) == 1 ? 0 : -1, "printk_ratelimit");
    close(limit);

    say("enforcing %s", contents("/sys/fs/selinux/enforce", &size));
    char *tests = contents("/tests", &size), *rest = tests, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (*line == '\0')
            continue;
        snprintf(last, sizeof last, "%.*s", (int)strcspn(line, " "), line);
        run(line);
    }
    wait_for_denial_of(last);
    say("all ended");
    end();
}
