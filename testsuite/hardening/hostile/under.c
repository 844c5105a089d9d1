/* SPDX-License-Identifier: MIT
 *
 * under: a scene under a condition, which sets in at one of three moments.
 *
 *     under MOMENT [EARLIER/]CONDITION SCENE N
 *
 *     before   before the program starts: it enters the condition and executes itself
 *     loaded   when the library is loaded
 *     first    when the first closure has been made and called; it must go on working
 *
 * A condition EARLIER has set in when the first closure is made. A condition must show that it
 * bites; the observer sees the rest (observe.c).
 */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

static const struct condition *condition_called(const char *name)
{
    static const struct condition *const tables[] = {
        policy_conditions, file_conditions, place_conditions, limit_conditions, library_conditions};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct condition *c = tables[i]; c->name; c++)
            if (strcmp(c->name, name) == 0)
                return c;
    wrong("no condition is called %s", name);
}

static const struct scene *scene_called(const char *name)
{
    for (const struct scene *s = scenes; s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    wrong("no scene is called %s", name);
}

static void expect_bites(const struct condition *c, const char *when)
{
    if (c && c->bites && !c->bites())
        wrong("the condition %s does not bite%s", c->name, when);
}

static void enter(const struct condition *c)
{
    if (c)
        c->enter();
    expect_bites(c, "");
}

/* By a descriptor: the name may be gone by then, and so may /proc. It stays open for a condition
 * that leaves none free. */
static void enter_and_start_again(const struct condition *earlier,
                                  const struct condition *condition, char **argv)
{
    char *again[] = {argv[0], "again", argv[2], argv[3], argv[4], NULL};
    int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (self < 0 || dup3(self, 63, O_CLOEXEC) != 63)
        wrong("the program cannot open itself");
    close(self);
    enter(earlier);
    enter(condition);
    syscall(SYS_execveat, 63, "", again, environ, AT_EMPTY_PATH);
    wrong("the program cannot be started under %s: %s", argv[2], strerror(errno));
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    const char *moment = argv[1];
    const char *slash = strchr(argv[2], '/');
    const struct condition *condition = condition_called(slash ? slash + 1 : argv[2]);
    const struct condition *earlier =
        slash ? condition_called(strndup(argv[2], (size_t)(slash - argv[2]))) : NULL;
    const struct scene *scene = scene_called(argv[3]);
    struct callback first;
    bool is_first = strcmp(moment, "first") == 0, is_again = strcmp(moment, "again") == 0;

    if (strcmp(moment, "before") == 0)
        enter_and_start_again(earlier, condition, argv);
    if (!is_first && !is_again && strcmp(moment, "loaded") != 0)
        return 2;
    api_use((struct api){ffi_closure_alloc, ffi_closure_free, ffi_prep_closure_loc, ffi_prep_cif,
                         &ffi_type_sint, &ffi_type_sshort, &ffi_type_float, (void *)ffi_prep_cif});
    if (!is_again)
        enter(earlier);
    if (is_first) {
        callback_must_make(&first, 7);
        if (!callback_is_right(&first))
            wrong("a wrong result, of the first closure");
    }
    if (!is_again)
        enter(condition);
    expect_bites(earlier, " when the program runs");
    expect_bites(condition, " when the program runs");
    if (getauxval(AT_SECURE))
        figure("set-uid");
    mark(MARK_BEGIN, NULL);
    scene->play(atoi(argv[4]) - is_first);
    if (is_first) {
        if (!callback_is_right(&first))
            wrong("a wrong result, of the first closure, in the end");
        callback_free(&first);
    }
    mark(MARK_END, NULL);
    if (condition->leave)
        condition->leave();
    return 0;
}
