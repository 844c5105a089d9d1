/* SPDX-License-Identifier: MIT
 *
 * scenes: what one thread of a process does with closures. Scenes with threads are in crowds.c.
 */
#include "hostile.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 200000

static struct callback callbacks[MANY];

/* As many as there are, at most n. */
static int make_all(int n)
{
    if (n > MANY)
        wrong("the test has no room for %d closures", n);
    for (int i = 0; i < n; i++)
        if (!callback_make(&callbacks[i], i))
            return i;
    return n;
}

static void expect_right(int n, const char *where)
{
    for (int i = 0; i < n; i++)
        if (!callback_is_right(&callbacks[i]))
            wrong("a wrong result, of closure %d%s", i, where);
}

static void free_all(int n)
{
    for (int i = 0; i < n; i++)
        callback_free(&callbacks[i]);
}

/* ---- Using up ---- */

/* The pool is of exactly n: the next one is not to be had, and nothing breaks by asking. */
static void scene_all(int n)
{
    for (int round = 0; round < 2; round++) {
        int made = make_all(n);
        if (made != n)
            wrong("no closure after %d", made);
        for (int i = 0; i < 3; i++) {
            struct callback one_more;
            if (callback_make(&one_more, 0))
                wrong("one more closure than can be");
        }
        mark(MARK_CODE, callbacks[n - 1].code);
        expect_right(n, "");
        free_all(n);
    }
}

/* As many as the pool has: a program that needs no more makes no system call. */
static void scene_use_up(int n)
{
    int made = make_all(n);
    if (made != n)
        wrong("no closure after %d", made);
    mark(MARK_CODE, callbacks[n - 1].code);
    expect_right(n, "");
    free_all(n);
}

/* There is an end, after n at least; what is given back can be had again. */
static void scene_exhaust(int n)
{
    int made = make_all(MANY);
    if (made == MANY)
        wrong("there is no end of closures");
    if (made < n)
        wrong("no closure after %d", made);
    figure("%d closures until NULL", made);
    mark(MARK_CODE, callbacks[made - 1].code);
    expect_right(made, "");
    for (int i = 0; i < 1000; i++) {
        callback_free(&callbacks[i]);
        callback_must_make(&callbacks[i], i + 5);
    }
    expect_right(made, " that was made again");
    free_all(made);
    callbacks_use(1000);
}

/* However it went as long as the cause was there: when it has gone, all is well. */
static void scene_recover(int n)
{
    static const int resources[] = {RLIMIT_AS, RLIMIT_NOFILE};
    int made = make_all(n);
    figure("%d closures before the cause passed", made);
    expect_right(made, " of before");
    for (int i = 0; i < 2; i++) {
        struct rlimit now;
        getrlimit(resources[i], &now);
        now.rlim_cur = now.rlim_max;
        setrlimit(resources[i], &now);
    }
    free_all(made);
    callbacks_use(n);
}

/* ---- fork ---- */

static pid_t must_fork(void)
{
    pid_t child = fork();
    if (child < 0)
        wrong("fork");
    return child;
}

static void wait_for(pid_t child)
{
    int status;
    if (waitpid(child, &status, 0) != child)
        wrong("waitpid");
    if (status != 0)
        wrong("a child that ended with status 0x%x", status);
}

static void prepare_again(int n, int number)
{
    for (int i = 0; i < n; i++)
        callback_prepare(&callbacks[i], number + i);
}

/* The same cells, remade in parent and child: each sees its own. */
static void scene_fork(int n)
{
    int ready[2], go[2], made = make_all(n);
    char byte = 0;
    if (made != n)
        wrong("no closure after %d", made);
    if (pipe(ready) != 0 || pipe(go) != 0)
        wrong("pipe");
    mark(MARK_CODE, callbacks[n - 1].code);
    pid_t child = must_fork();
    if (child == 0) {
        expect_right(n, " in the child");
        prepare_again(n, 1000000);
        if (write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1)
            wrong("pipe");
        /* The parent has made them anew in the meantime. */
        expect_right(n, " in the child, after the parent prepared its own");
        mark(MARK_CODE, callbacks[n - 1].code);
        free_all(n);
        callbacks_use(n);
        _exit(0);
    }
    if (read(ready[0], &byte, 1) != 1)
        wrong("the child ended");
    expect_right(n, " in the parent, after the child prepared its own");
    free_all(n);
    if (make_all(n) != n)
        wrong("no closure after fork");
    prepare_again(n, 2000000);
    if (write(go[1], &byte, 1) != 1)
        wrong("pipe");
    wait_for(child);
    expect_right(n, " in the parent, after the child");
    free_all(n);
    close(ready[0]), close(ready[1]), close(go[0]), close(go[1]);
}

/* ---- vfork: the child has the parent's memory, and calls ---- */

static volatile int right_in_child;

static void scene_vfork(int n)
{
    int made = make_all(n);
    if (made != n)
        wrong("no closure after %d", made);
    pid_t child = vfork();
    if (child == 0) {
        right_in_child = callback_is_right(&callbacks[n - 1]);
        _exit(0);
    }
    wait_for(child);
    if (!right_in_child)
        wrong("a wrong result, in the child of vfork");
    expect_right(n, " after vfork");
    free_all(n);
}

const struct scene scenes[] = {
    {"closures", callbacks_use},  {"all", scene_all},
    {"use-up", scene_use_up},     {"exhaust", scene_exhaust},
    {"recover", scene_recover},   {"fork", scene_fork},
    {"vfork", scene_vfork},       {"fork-beside-threads", scene_fork_beside_threads},
    {"surge", scene_surge},       {"storm", scene_storm},
    {"exchange", scene_exchange}, {"signals", scene_signals},
    {"live", scene_live},         {0},
};
