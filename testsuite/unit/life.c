/* SPDX-License-Identifier: MIT
 *
 * life: how long closures with attributes live: references, calls that are inside, one-shot
 * closures (src/life.c). Exceptions and threads that end inside are in guard.cc.
 */
#include "attributed.h"

#include <pthread.h>
#include <stdio.h>

static ffi_cif *pointer_of_pointer(void)
{
    static ffi_cif cif;
    cif = signature(&ffi_type_pointer, TYPES(&ffi_type_pointer));
    return &cif;
}

typedef void *function(void *);

static void give_back(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    *(void **)result = *(void **)args[0];
}

static ffi_closure *plain(void **code)
{
    return closure_of(pointer_of_pointer(), give_back, NULL, code);
}

static void expect_fault(void (*act)(void *), void *arg, const char *what)
{
    struct ending ending = ending_of(act, arg);
    cr_expect(eq(int, ending.signal, SIGABRT));
    cr_expect(ne(ptr, strstr(ending.text, what), NULL), "%s", ending.text);
}

static void call_it(void *code)
{
    ((function *)code)(NULL);
}

static void free_it(void *closure)
{
    ffi_closure_free(closure);
}

/* ---- References ---- */

static void expect_shared(ffi_closure *closure, void *code, int others)
{
    for (int references = 2; references < 5; references++)
        cr_expect(eq(ptr, ffi_rx_closure_retain(closure), closure));
    for (int references = 4; references > 1; references--) {
        if (references % 2 == 0)
            ffi_rx_closure_release(closure);
        else
            ffi_closure_free(closure);
        cr_expect(eq(ptr, ((function *)code)(code), code));
        cr_expect(eq(int, in_use(), others + 2));
    }
    ffi_rx_closure_release(closure);
    cr_expect(eq(int, in_use(), others));
    expect_fault(call_it, code, "call of a closure after ffi_closure_free");
}

Test(life, a_closure_lives_until_each_reference_is_given_up)
{
    for (size_t i = 0; i < LENGTH(plain_flags); i++) {
        void *code;
        int others = in_use();
        ffi_closure *closure =
            attributed(pointer_of_pointer(), give_back, NULL, &code, &ATTR(plain_flags[i]));
        expect_shared(closure, code, others);
    }
}

Test(life, a_closure_without_attributes_may_be_shared)
{
    void *code;
    int others = in_use();
    ffi_closure *closure = plain(&code);
    expect_shared(closure, code, others);
}

Test(life, a_large_closure_may_be_shared)
{
    void *code;
    int others = in_use();
    ffi_closure *closure = ffi_closure_alloc(5000, &code);
    ffi_status status = ffi_prep_closure_loc(closure, pointer_of_pointer(), give_back, NULL, code);
    cr_assert(eq(int, status, FFI_OK));
    expect_shared(closure, code, others);
}

Test(life, a_closure_elsewhere_is_shared_by_what_it_was_allocated_as)
{
    void *code;
    int others = in_use();
    ffi_closure *cell = ffi_closure_alloc(sizeof *cell, &code), mine;
    memset(cell, 0x5a, sizeof *cell);
    ffi_status status = ffi_prep_closure_loc(&mine, pointer_of_pointer(), give_back, NULL, code);
    cr_assert(eq(int, status, FFI_OK));
    cr_expect(eq(ptr, ffi_rx_closure_retain(&mine), NULL));
    expect_shared(cell, code, others);
}

Test(life, a_closure_may_be_shared_before_it_is_prepared)
{
    void *code;
    int others = in_use();
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    cr_expect(eq(ptr, ffi_rx_closure_retain(closure), closure));
    expect_fault(call_it, code, "before ffi_prep_closure_loc");
    ffi_prep_closure_loc(closure, pointer_of_pointer(), give_back, NULL, code);
    ffi_closure_free(closure);
    cr_expect(eq(ptr, ((function *)code)(code), code));
    ffi_closure_free(closure);
    cr_expect(eq(int, in_use(), others));
}

Test(life, what_is_no_closure_is_not_shared)
{
    void *code;
    char *closure = (char *)plain(&code);
    cr_expect(eq(ptr, ffi_rx_closure_retain(NULL), NULL));
    cr_expect(eq(ptr, ffi_rx_closure_retain((ffi_closure *)(closure + 16)), NULL));
    cr_expect(eq(ptr, ffi_rx_closure_retain(code), NULL));
    cr_expect(eq(ptr, ffi_rx_closure_retain((ffi_closure *)&code), NULL));
    ffi_closure_free(closure);
    cr_expect(eq(ptr, ffi_rx_closure_retain((ffi_closure *)closure), NULL));
    ffi_rx_closure_release(NULL);
}

Test(life, without_room_in_the_pool_a_closure_is_not_shared)
{
    SKIP_UNDER_THREAD_SANITIZER();
    void *code;
    ffi_closure *closure = plain(&code);
    take_all();
    forbid_growth();
    cr_expect(eq(ptr, ffi_rx_closure_retain(closure), NULL));
    allow_growth();
    cr_expect(eq(ptr, ((function *)code)(code), code));
}

static void release_too_often(void *closure)
{
    ffi_rx_closure_retain(closure);
    for (int i = 0; i < 3; i++)
        ffi_rx_closure_release(closure);
}

Test(life, too_many_releases_are_a_double_free)
{
    void *code;
    expect_fault(release_too_often, plain(&code), "double free");
    ffi_closure *closure = attributed(pointer_of_pointer(), give_back, NULL, &code, &ATTR(0));
    expect_fault(release_too_often, closure, "double free");
}

/* ---- Calls that are inside ---- */

struct scene {
    ffi_closure *closure;
    void *code;
    void (*act)(struct scene *);
    int in_use;
};

static void act_inside(ffi_cif *cif, void *result, void **args, void *user_data)
{
    struct scene *scene = *(struct scene **)args[0];
    give_back(cif, result, args, user_data);
    scene->act(scene);
    scene->in_use = in_use();
}

static struct scene scene_of(void (*act)(struct scene *), unsigned flags)
{
    struct scene scene = {.act = act};
    scene.closure = attributed(pointer_of_pointer(), act_inside, NULL, &scene.code, &ATTR(flags));
    return scene;
}

static void free_inside(struct scene *scene)
{
    ffi_closure_free(scene->closure);
}

Test(life, a_closure_that_is_freed_inside_its_call_lives_as_long_as_that)
{
    int others = in_use();
    struct scene scene = scene_of(free_inside, 0);
    cr_expect(eq(ptr, ((function *)scene.code)(&scene), &scene));
    cr_expect(eq(int, scene.in_use, others + 2));
    cr_expect(eq(int, in_use(), others));
}

Test(life, an_uncounted_one_does_not)
{
    int others = in_use();
    struct scene scene = scene_of(free_inside, FFI_RX_UNCOUNTED);
    cr_expect(eq(ptr, ((function *)scene.code)(&scene), &scene));
    cr_expect(eq(int, scene.in_use, others));
    cr_expect(eq(int, in_use(), others));
}

static void call_again(struct scene *scene)
{
    scene->act = free_inside;
    ((function *)scene->code)(scene);
    cr_expect(eq(int, scene->in_use, in_use()));
}

Test(life, the_outermost_of_nested_calls_is_the_last)
{
    int others = in_use();
    struct scene scene = scene_of(call_again, 0);
    cr_expect(eq(ptr, ((function *)scene.code)(&scene), &scene));
    cr_expect(eq(int, scene.in_use, others + 2));
    cr_expect(eq(int, in_use(), others));
}

static void free_and_call(struct scene *scene)
{
    ffi_closure_free(scene->closure);
    call_it(scene->code);
}

static void free_and_free(struct scene *scene)
{
    ffi_closure_free(scene->closure);
    ffi_closure_free(scene->closure);
}

static void free_and_retain(struct scene *scene)
{
    ffi_closure_free(scene->closure);
    if (ffi_rx_closure_retain(scene->closure) == NULL)
        _Exit(42);
}

static void free_and_prepare(struct scene *scene)
{
    ffi_closure_free(scene->closure);
    ffi_rx_prep_closure(scene->closure, pointer_of_pointer(), give_back, NULL, scene->code,
                        &ATTR(0));
}

static void free_and_prepare_plainly(struct scene *scene)
{
    ffi_closure_free(scene->closure);
    ffi_prep_closure_loc(scene->closure, pointer_of_pointer(), give_back, NULL, scene->code);
}

static void call_scene(void *scene)
{
    ((function *)((struct scene *)scene)->code)(scene);
}

Test(life, a_closure_that_only_its_call_keeps_is_a_freed_one)
{
    const struct {
        void (*act)(struct scene *);
        const char *what;
    } rows[] = {
        {free_and_call, "call of a closure after ffi_closure_free"},
        {free_and_free, "double free"},
        {free_and_prepare, "ffi_prep_closure_loc of a closure that is not allocated"},
        {free_and_prepare_plainly, "ffi_prep_closure_loc of a closure that is not allocated"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct scene scene = scene_of(rows[i].act, 0);
        expect_fault(call_scene, &scene, rows[i].what);
    }
    struct scene scene = scene_of(free_and_retain, 0);
    cr_expect(eq(int, ending_of(call_scene, &scene).status, 42));
}

/* ---- One-shot closures ---- */

static void do_nothing(struct scene *scene)
{
    (void)scene;
}

Test(life, a_one_shot_closure_frees_itself)
{
    for (unsigned i = 0; i < 2; i++) {
        int others = in_use();
        struct scene scene = scene_of(do_nothing, FFI_RX_ONE_SHOT | i * FFI_RX_UNCOUNTED);
        cr_expect(eq(ptr, ((function *)scene.code)(&scene), &scene));
        cr_expect(eq(int, scene.in_use, others + 2));
        cr_expect(eq(int, in_use(), others));
        expect_fault(call_it, scene.code, "call of a closure after ffi_closure_free");
        expect_fault(free_it, scene.closure, "double free");
    }
}

Test(life, a_one_shot_closure_cannot_be_called_inside_itself)
{
    struct scene scene = scene_of(call_again, FFI_RX_ONE_SHOT);
    expect_fault(call_scene, &scene, "call of a closure after ffi_closure_free");
    scene = scene_of(free_inside, FFI_RX_ONE_SHOT);
    expect_fault(call_scene, &scene, "double free");
}

Test(life, a_one_shot_closure_may_be_freed_before_it_is_called)
{
    int others = in_use();
    struct scene scene = scene_of(do_nothing, FFI_RX_ONE_SHOT);
    ffi_closure_free(scene.closure);
    cr_expect(eq(int, in_use(), others));
}

Test(life, a_one_shot_closure_that_is_shared_cannot_be_called_twice_either)
{
    int others = in_use();
    struct scene scene = scene_of(do_nothing, FFI_RX_ONE_SHOT);
    ffi_rx_closure_retain(scene.closure);
    call_scene(&scene);
    cr_expect(eq(int, in_use(), others + 2));
    expect_fault(call_scene, &scene, "call of a closure after ffi_closure_free");
    ffi_rx_closure_release(scene.closure);
    cr_expect(eq(int, in_use(), others));
}

/* ---- Threads ---- */

static void *call_and_release(void *scene)
{
    struct scene *its = scene;
    for (int i = 0; i < 100; i++)
        ((function *)its->code)(its);
    ffi_rx_closure_release(its->closure);
    return NULL;
}

/* Each round gives its closure up in all threads at once. */
Test(life, whoever_is_last_ends_the_closure)
{
    enum { THREADS = 4, ROUNDS = 300 };
    int others = in_use();
    for (int round = 0; round < ROUNDS; round++) {
        struct scene scene = {.act = do_nothing};
        scene.closure = attributed(pointer_of_pointer(), give_back, NULL, &scene.code, &ATTR(0));
        pthread_t thread[THREADS];
        for (int i = 1; i < THREADS; i++)
            ffi_rx_closure_retain(scene.closure);
        for (int i = 0; i < THREADS; i++)
            cr_assert(eq(int, pthread_create(&thread[i], NULL, call_and_release, &scene), 0));
        for (int i = 0; i < THREADS; i++)
            pthread_join(thread[i], NULL);
        cr_assert(eq(int, in_use(), others), "round %d", round);
    }
}

/* A call that is inside while another thread frees its closure. */
static bool is_inside, is_freed;

static void wait_until_freed(struct scene *scene)
{
    __atomic_store_n(&is_inside, true, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&is_freed, __ATOMIC_ACQUIRE))
        sched_yield();
    scene->act = NULL;
}

static void *call_scene_in_thread(void *scene)
{
    call_scene(scene);
    return NULL;
}

Test(life, a_call_in_another_thread_keeps_its_closure)
{
    int others = in_use();
    struct scene scene = scene_of(wait_until_freed, 0);
    pthread_t thread;
    cr_assert(eq(int, pthread_create(&thread, NULL, call_scene_in_thread, &scene), 0));
    while (!__atomic_load_n(&is_inside, __ATOMIC_ACQUIRE))
        sched_yield();
    ffi_closure_free(scene.closure);
    cr_expect(eq(int, in_use(), others + 2));
    __atomic_store_n(&is_freed, true, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    cr_expect(eq(int, in_use(), others));
}

/* Threads that share a closure without attributes, and all want a reference of their own. */
enum { SHARERS = 2, SHARED = 5000 };
static ffi_closure *shared[SHARED];

static void *retain_all(void *barrier)
{
    for (int i = 0; i < SHARED; i++) {
        if (i % 100 == 0)
            pthread_barrier_wait(barrier);
        ffi_rx_closure_retain(shared[i]);
    }
    return NULL;
}

Test(life, only_one_of_many_gives_a_closure_its_attributes)
{
    void *code[SHARED];
    pthread_t thread[SHARERS];
    pthread_barrier_t barrier;
    int others = in_use();
    pthread_barrier_init(&barrier, NULL, SHARERS);
    for (int i = 0; i < SHARED; i++)
        shared[i] = plain(&code[i]);
    for (int i = 0; i < SHARERS; i++)
        cr_assert(eq(int, pthread_create(&thread[i], NULL, retain_all, &barrier), 0));
    for (int i = 0; i < SHARERS; i++)
        pthread_join(thread[i], NULL);
    cr_expect(eq(int, in_use(), others + 2 * SHARED));
    for (int i = 0; i < SHARED; i++) {
        for (int references = SHARERS; references > 0; references--)
            ffi_rx_closure_release(shared[i]);
        cr_expect(eq(ptr, ((function *)code[i])(code), code));
        ffi_closure_free(shared[i]);
    }
    cr_expect(eq(int, in_use(), others));
}
