/* SPDX-License-Identifier: MIT
 *
 * life: how long closures with attributes live: calls that are inside, one-shot closures
 * (src/life.c). References are in references.c; exceptions and threads that end inside, in
 * guard.cc.
 */
#include "life.h"

#include <pthread.h>

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
