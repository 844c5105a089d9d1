/* SPDX-License-Identifier: MIT
 *
 * at_once: two threads free one closure, the second when the first has executed any number of
 * instructions: its parent lets it go on by single steps. Whatever the number, the process must end
 * with one line on stderr and SIGABRT: when the second finds that it is not allocated, or when both
 * have got past that and one of them takes it again.
 *
 *     at_once N     after N closures have been made that stay alive
 *
 * It prints the library that it uses, `wrong TEXT` for each number where it was not so, and
 * `ends N, N of them when it was taken`; there must be some of each kind.
 */
#include <dlfcn.h>
#include <ffi.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* More than there are from the stop of the first thread to the end of its ffi_closure_free. */
#define INSTRUCTIONS 120

static void *closure;

static void *make(void)
{
    void *code, *made = ffi_closure_alloc(sizeof(ffi_closure), &code);
    if (!made)
        exit(2);
    return made;
}

/* ---- Turns: 1 the second frees, 2 it has, 3 the first has taken many, and 4 the second, too ----
 */

static int *turn;

static void pass_turn(int to)
{
    __atomic_store_n(turn, to, __ATOMIC_RELEASE);
}

static bool is_turn(int which)
{
    return __atomic_load_n(turn, __ATOMIC_ACQUIRE) == which;
}

static void wait_for_turn(int which)
{
    while (!is_turn(which))
        sched_yield();
}

/* ---- The process that is to end ---- */

/* More than a thread keeps for itself of those that it has freed. */
static void take_and_give_many(void)
{
    for (int i = 0; i < 200; i++)
        ffi_closure_free(make());
}

static void *second(void *unused)
{
    take_and_give_many();
    wait_for_turn(1);
    ffi_closure_free(closure);
    pass_turn(2);
    wait_for_turn(3);
    take_and_give_many();
    pass_turn(4);
    return unused;
}

static void first(int errors)
{
    pthread_t other;
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    dup2(errors, 2);
    alarm(60);
    take_and_give_many();
    if (pthread_create(&other, NULL, second, NULL) != 0 || ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
        _exit(2);
    syscall(SYS_tgkill, getpid(), getpid(), SIGSTOP);
    ffi_closure_free(closure);
    wait_for_turn(2);
    take_and_give_many();
    pass_turn(3);
    wait_for_turn(4);
    _exit(0);
}

/* ---- Its parent ---- */

/* Whether it has stopped; if not, it has ended. */
static bool has_stopped(pid_t process, int *status)
{
    return waitpid(process, status, 0) == process && WIFSTOPPED(*status);
}

static int run(pid_t process, int instructions)
{
    int status;
    bool going = has_stopped(process, &status);
    for (int i = 0; going && i < instructions; i++) {
        ptrace(PTRACE_SINGLESTEP, process, 0, 0);
        going = has_stopped(process, &status);
    }
    pass_turn(1);
    while (going && !is_turn(2)) {
        sched_yield();
        going = waitpid(process, &status, WNOHANG) == 0;
    }
    if (going) {
        ptrace(PTRACE_DETACH, process, 0, 0);
        waitpid(process, &status, 0);
    }
    return status;
}

static int ends, when_taken;

static void look_at_end(int instructions, int status, const char *line)
{
    static const char begin[] = "rxffi: ffi_closure_free of a closure ";
    char address[32];
    snprintf(address, sizeof address, " %p", closure);
    const char *end = strchr(line, '\n');
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && end && !end[1] &&
        strncmp(line, begin, strlen(begin)) == 0 && strstr(line, address)) {
        ends++;
        when_taken += strstr(line, "by two threads at once") != NULL;
    } else {
        printf("wrong status 0x%x after %d instructions: %s\n", status, instructions, line);
    }
}

static void try(int instructions)
{
    int errors[2];
    char line[1024];
    pass_turn(0);
    if (pipe(errors) != 0)
        exit(2);
    pid_t process = fork();
    if (process == 0)
        first(errors[1]);
    close(errors[1]);
    int status = run(process, instructions);
    ssize_t n = read(errors[0], line, sizeof line - 1);
    close(errors[0]);
    line[n < 0 ? 0 : n] = '\0';
    look_at_end(instructions, status, line);
}

int main(int argc, char **argv)
{
    Dl_info info;
    turn = mmap(NULL, sizeof *turn, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (argc != 2 || turn == MAP_FAILED || !dladdr((void *)ffi_prep_cif, &info))
        return 2;
    printf("library %s\n", info.dli_fname);
    for (int i = 0; i < atoi(argv[1]); i++)
        make();
    closure = make();
    for (int i = 0; i < INSTRUCTIONS; i++)
        try(i);
    printf("ends %d, %d of them when it was taken\n", ends, when_taken);
    return ends != INSTRUCTIONS || when_taken == 0 || when_taken == ends;
}
