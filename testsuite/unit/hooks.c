/* SPDX-License-Identifier: MIT
 *
 * hooks: what is called around each call, and at the end of threads (src/hooks.c). The calls are
 * written down, a letter for each.
 */
#include "attributed.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>

static _Thread_local char said[100];
static char said_at_end[100];

static void say(char *where, char what)
{
    size_t length = strlen(where);
    where[length] = what;
    where[length + 1] = '\0';
}

static void enter(void *data, int first)
{
    (void)data;
    say(said, first ? 'F' : 'e');
}

static void leave(void *data)
{
    (void)data;
    say(said, 'l');
    errno = ENOTTY;
}

static void thread_exit(void *data)
{
    (void)data;
    say(said_at_end, 'x');
}

static jmp_buf destination;

static void act(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)result;
    say(said, 'h');
    void (*then)(void) = user_data;
    if (then != NULL)
        then();
    if (*(int *)args[0])
        longjmp(destination, 1);
}

typedef void function(int);

static ffi_rx_closure_attr hooked(unsigned flags, void *data)
{
    ffi_rx_closure_attr attr = ATTR(flags);
    attr.enter = enter;
    attr.leave = leave;
    attr.thread_exit = thread_exit;
    attr.hook_data = data;
    return attr;
}

static ffi_closure *make(const ffi_rx_closure_attr *attr, void *then, function **code)
{
    static ffi_cif cif;
    void *its_code;
    cif = signature(&ffi_type_void, TYPES(&ffi_type_sint));
    ffi_closure *closure = attributed(&cif, act, then, &its_code, attr);
    *code = its_code;
    return closure;
}

static void expect_said(char *what)
{
    cr_expect(eq(str, said, what));
    said[0] = '\0';
}

/* ---- Around calls ---- */

Test(hooks, each_call_has_them_around_it)
{
    function *code;
    ffi_rx_closure_attr attr = hooked(0, NULL);
    make(&attr, NULL, &code);
    code(0);
    expect_said("Fhl");
    code(0);
    expect_said("ehl");
}

Test(hooks, any_of_them_may_be_missing)
{
    function *code;
    for (int i = 0; i < 8; i++) {
        ffi_rx_closure_attr attr = hooked(i & 1 ? FFI_RX_UNCOUNTED : 0, NULL);
        attr.enter = i & 1 ? enter : NULL;
        attr.leave = i & 2 ? leave : NULL;
        attr.thread_exit = i & 4 ? thread_exit : NULL;
        make(&attr, NULL, &code);
        code(0);
        const char *expected[] = {"h", "Fh", "hl", "Fhl"};
        expect_said((char *)expected[i & 3]);
    }
}

static void enter_and_retarget(void *closure, int first)
{
    (void)first;
    ffi_rx_closure_retarget(closure, act, NULL);
}

static void not_this_one(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif, (void)result, (void)args, (void)user_data;
    say(said, '!');
}

Test(hooks, the_handler_is_the_one_that_is_there_after_enter)
{
    ffi_cif cif = signature(&ffi_type_void, TYPES(&ffi_type_sint));
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof(ffi_closure), &code);
    ffi_rx_closure_attr attr = ATTR(FFI_RX_RETARGETABLE);
    attr.enter = enter_and_retarget;
    attr.hook_data = closure;
    cr_assert(eq(int, ffi_rx_prep_closure(closure, &cif, not_this_one, NULL, code, &attr), FFI_OK));
    ((function *)code)(0);
    expect_said("h");
}

Test(hooks, the_first_call_is_that_of_all_closures_with_the_same_hooks)
{
    function *one, *other, *another;
    int data;
    ffi_rx_closure_attr attr = hooked(0, NULL), attr_of_other = hooked(0, &data);
    make(&attr, NULL, &one);
    make(&attr, NULL, &other);
    make(&attr_of_other, NULL, &another);
    one(0);
    other(0);
    another(0);
    expect_said("FhlehlFhl");
}

Test(hooks, errno_is_what_it_was_before_them)
{
    function *code;
    ffi_rx_closure_attr attr = hooked(FFI_RX_KEEP_ERRNO, NULL);
    make(&attr, NULL, &code);
    errno = EDOM;
    code(0);
    cr_expect(eq(int, errno, EDOM));
}

Test(hooks, there_are_256_different_ones)
{
    static char data[257];
    void *code;
    int before = in_use();
    ffi_cif cif = signature(&ffi_type_void, TYPES(&ffi_type_sint));
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 257; i++) {
            ffi_rx_closure_attr attr = hooked(0, &data[i]);
            ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
            ffi_status status = ffi_rx_prep_closure(closure, &cif, act, NULL, code, &attr);
            cr_expect(eq(int, status, i < 256 ? FFI_OK : FFI_BAD_ARGTYPE), "%d", i);
            ffi_closure_free(closure);
        }
    cr_expect(eq(int, in_use(), before + 256));
}

/* ---- longjmp ---- */

static function *jumping;

static void jump_or_return(int jumps)
{
    if (setjmp(destination) == 0)
        jumping(jumps);
}

static ffi_closure *freed_inside;

static void free_it(void)
{
    ffi_closure_free(freed_inside);
}

Test(hooks, longjmp_leaves_if_that_is_asked_for)
{
    int others;
    ffi_rx_closure_attr attr = hooked(FFI_RX_LONGJMP | FFI_RX_KEEP_ERRNO, NULL);
    for (int jumps = 0; jumps < 2; jumps++) {
        freed_inside = make(&attr, free_it, &jumping);
        others = in_use() - 2;
        errno = EDOM;
        jump_or_return(jumps);
        cr_expect(eq(int, errno, EDOM));
        cr_expect(eq(int, in_use(), others));
        expect_said(jumps ? "ehl" : "Fhl");
    }
}

static void jump_inside(void)
{
    jmp_buf outer;
    memcpy(outer, destination, sizeof outer);
    function *outer_jumping = jumping;
    ffi_rx_closure_attr attr = hooked(FFI_RX_LONGJMP, NULL);
    make(&attr, NULL, &jumping);
    jump_or_return(1);
    jumping = outer_jumping;
    memcpy(destination, outer, sizeof outer);
}

Test(hooks, longjmp_leaves_what_it_leaves_and_no_more)
{
    ffi_rx_closure_attr attr = hooked(FFI_RX_LONGJMP, NULL);
    make(&attr, jump_inside, &jumping);
    jump_or_return(0);
    expect_said("Fhehll");
    jump_or_return(1);
    expect_said("ehehll");
}

/* ---- Threads ---- */

static void *call_twice(void *code)
{
    ((function *)code)(0);
    ((function *)code)(0);
    expect_said("Fhlehl");
    return NULL;
}

static void in_a_thread(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    cr_assert(eq(int, pthread_create(&thread, NULL, run, arg), 0));
    pthread_join(thread, NULL);
}

Test(hooks, a_thread_that_has_called_ends_with_thread_exit)
{
    function *code;
    ffi_rx_closure_attr attr = hooked(0, NULL);
    ffi_closure *closure = make(&attr, NULL, &code);
    in_a_thread(call_twice, code);
    cr_expect(eq(str, said_at_end, "x"));
    in_a_thread(call_twice, code);
    cr_expect(eq(str, said_at_end, "xx"));
    ffi_closure_free(closure);
}

static void *exit_inside(void *code)
{
    ((function *)code)(0);
    return NULL;
}

static void exit_thread(void)
{
    pthread_exit(NULL);
}

Test(hooks, a_thread_that_exits_inside_a_call_leaves_it_first)
{
    for (unsigned i = 0; i < 2; i++) {
        function *code;
        ffi_rx_closure_attr attr = hooked(i * FFI_RX_LONGJMP, NULL);
        attr.leave = thread_exit; /* so that both are written down in one place */
        make(&attr, exit_thread, &code);
        said_at_end[0] = '\0';
        in_a_thread(exit_inside, code);
        cr_expect(eq(str, said_at_end, "xx"));
    }
}

static pthread_key_t late_key;
static int rounds;

static void call_late(void *code)
{
    if (rounds++ == 0) {
        pthread_setspecific(late_key, code); /* after thread_exit, in the next round */
        return;
    }
    say(said_at_end, 'c');
    ((function *)code)(0);
    strcat(said_at_end, said);
}

static void *call_and_call_late(void *code)
{
    ((function *)code)(0);
    said[0] = '\0';
    pthread_setspecific(late_key, code);
    return NULL;
}

Test(hooks, who_calls_after_thread_exit_is_first_again_and_has_another)
{
    function *code;
    ffi_rx_closure_attr attr = hooked(0, NULL);
    make(&attr, NULL, &code);
    cr_assert(eq(int, pthread_key_create(&late_key, call_late), 0));
    in_a_thread(call_and_call_late, code);
    cr_expect(eq(str, said_at_end, "xcFhlx"));
}

static function *called_by_exit;

static void exit_and_call(void *data)
{
    (void)data;
    say(said_at_end, 'x');
    said[0] = '\0';
    called_by_exit(0);
    strcat(said_at_end, said);
}

Test(hooks, what_thread_exit_calls_is_no_first_call)
{
    ffi_rx_closure_attr attr = hooked(0, NULL);
    attr.thread_exit = exit_and_call;
    make(&attr, NULL, &called_by_exit);
    in_a_thread(exit_inside, called_by_exit);
    cr_expect(eq(str, said_at_end, "xehl"));
}
