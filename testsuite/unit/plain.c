/* SPDX-License-Identifier: MIT
 *
 * plain: runs the tests without Criterion's own runner, for builds with a thread sanitizer: that
 * runner shares memory with its workers at addresses which the sanitizer needs itself. Each test
 * runs in a forked child; what it says of itself is kept as by Criterion.
 *
 *     unit --tap=FILE [--filter=PATTERN]     PATTERN as in glob (7), for suite/name
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- What tests and assertions call, in place of Criterion's ---- */

#define FAILED 70
#define SKIPPED 77

static jmp_buf end_of_test;
static bool has_failed;

static void print(const struct cri_assert_node *node, int depth)
{
    if (node->repr != NULL)
        fprintf(stderr, "%*s%s\n", 4 * depth, "", node->repr);
    for (int i = 0; i < CRI_ASSERT_MAX_PARAMS && node->params[i].name != NULL; i++)
        if (node->params[i].type == CRI_ASSERT_RT_STR)
            fprintf(stderr, "%*s%s: %s\n", 4 * depth + 4, "", node->params[i].name,
                    (char *)node->params[i].data);
    for (uint32_t i = 0; i < node->nchild; i++)
        print(&node->children[i], depth + 1);
}

void cri_assert_node_send(const char *file, size_t line, struct cri_assert_node *tree)
{
    fprintf(stderr, "%s:%zu: %s\n", file, line, tree->message != NULL ? tree->message : "");
    print(tree, 0);
}

void criterion_continue_test(void)
{
    has_failed = true;
}

void criterion_abort_test(void)
{
    has_failed = true;
    longjmp(end_of_test, 1);
}

void criterion_skip_test(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    _exit(SKIPPED);
}

void criterion_internal_test_setup(void)
{
}

void criterion_internal_test_main(void (*test)(void))
{
    if (setjmp(end_of_test) == 0)
        test();
}

void criterion_internal_test_teardown(void)
{
}

/* ---- Running them ---- */

/* How a test ended, as TAP says it. */
static const char *run(const struct criterion_test *test)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(300);
        test->test();
        exit(has_failed ? FAILED : 0);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child)
        return "not ok";
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
        return "ok - # SKIP";
    if (WIFSIGNALED(status) && WTERMSIG(status) == test->data->signal)
        return "ok";
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && test->data->signal == 0 ? "ok"
                                                                                    : "not ok";
}

extern struct criterion_test *__start_cr_tst[], *__stop_cr_tst[];

int main(int argc, char **argv)
{
    const char *pattern = "*";
    FILE *tap = NULL;
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--tap=", 6) == 0)
            tap = fopen(argv[i] + 6, "w");
        else if (strncmp(argv[i], "--filter=", 9) == 0)
            pattern = argv[i] + 9;
    if (tap == NULL)
        return 2;
    int tests = 0, failures = 0;
    for (struct criterion_test **test = __start_cr_tst; test != __stop_cr_tst; test++) {
        if (fnmatch(pattern, (*test)->data->identifier_, 0) != 0)
            continue;
        const char *how = run(*test);
        tests++;
        if (how[0] == 'n') {
            failures++;
            fprintf(stderr, "[FAIL] %s::%s\n", (*test)->category, (*test)->name);
        }
        fprintf(tap, "%s - %s::%s\n", how, (*test)->category, (*test)->name);
    }
    fprintf(tap, "1..%d\n", tests);
    fclose(tap);
    return failures != 0;
}
