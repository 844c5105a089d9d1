/* SPDX-License-Identifier: MIT
 *
 * attributed: threads call closures with attributes, while others change them, share them and give
 * them up, or end their scope.
 *
 *     attributed SCENE ROUNDS
 *
 * A scene is a line of the table at the end: what is there when its threads begin, what each of
 * them does, and what the main thread does meanwhile. Between the beginning and the end of a round
 * the program itself orders nothing, its atomics are relaxed (but for one): what is ordered, the
 * library has ordered, and ThreadSanitizer sees what is not. Each thread then takes what was given
 * back into use. Status 0 and silence, or a line on stderr.
 */
#include <ffi_rx.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 6

static void wrong(const char *what)
{
    fprintf(stderr, "attributed: %s\n", what);
    exit(1);
}

static int count(atomic_int *number)
{
    return atomic_fetch_add_explicit(number, 1, memory_order_relaxed);
}

static void wait_for(atomic_int *number, int value)
{
    while (atomic_load_explicit(number, memory_order_relaxed) < value)
        sched_yield();
}

/* ---- Closures ---- */

typedef long number_function(long);
typedef void handler(ffi_cif *, void *, void **, void *);

static ffi_type *types[] = {&ffi_type_slong};
static ffi_cif cif;

struct callback {
    ffi_closure *closure;
    number_function *function;
};

static const ffi_rx_closure_attr *with_flags(unsigned flags)
{
    static _Thread_local ffi_rx_closure_attr attr = {.size = sizeof attr};
    attr.flags = flags;
    return &attr;
}

/* attr: NULL for a closure without attributes. */
static struct callback prepared(ffi_closure *closure, void *code, const ffi_rx_closure_attr *attr,
                                handler *fun, void *data)
{
    struct callback made = {.closure = closure};
    if (closure == NULL || ffi_rx_prep_closure(closure, &cif, fun, data, code, attr) != FFI_OK)
        wrong("no closure");
    memcpy(&made.function, &code, sizeof code);
    return made;
}

static struct callback make(const ffi_rx_closure_attr *attr, handler *fun, void *data)
{
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    return prepared(closure, code, attr, fun, data);
}

static void add(ffi_cif *of, void *result, void **args, void *data)
{
    (void)of;
    *(long *)result = *(long *)args[0] + *(long *)data;
}

static long one = 1;

static void must_add(struct callback callback, long n)
{
    if (callback.function(n) != n + one)
        wrong("a wrong result");
}

static void must_retain(struct callback callback)
{
    if (ffi_rx_closure_retain(callback.closure) != callback.closure)
        wrong("a closure is not retained");
}

/* Whatever this thread has given back it is given again: the ring of a thread is no longer. */
static void use_what_is_free(void)
{
    struct callback used[48];
    for (long i = 0; i < 48; i++)
        used[i] = make(with_flags(i % 2 ? FFI_RX_RETARGETABLE : 0), add, &one);
    for (long i = 0; i < 48; i++) {
        must_add(used[i], i);
        ffi_closure_free(used[i].closure);
    }
}

/* ---- What the threads of a round share; all of it is 0 when a round begins ---- */

static struct callback shared, own[THREADS];
static atomic_int inside, freed, holders, writers;

static void give_each_a_reference(void)
{
    for (int i = 0; i < THREADS; i++)
        must_retain(shared);
}

static void give_up_the_first(void)
{
    ffi_closure_free(shared.closure);
}

/* ---- Threads change the target of a closure that others call ---- */

#define WRITERS 2
#define CHANGES 500

struct target {
    handler *fun;
    long n;
};

static handler even, odd;
static struct target targets[WRITERS][CHANGES];

static void check_target(ffi_cif *of, handler *self, void *result, void **args,
                         const struct target *target)
{
    (void)of;
    if (target->fun != self)
        wrong("a call has the function of one target and the data of another");
    *(long *)result = *(long *)args[0] + target->n;
}

static void even(ffi_cif *of, void *result, void **args, void *data)
{
    check_target(of, even, result, args, data);
}

static void odd(ffi_cif *of, void *result, void **args, void *data)
{
    check_target(of, odd, result, args, data);
}

static void retarget_begin(void)
{
    static struct target first = {even, 0};
    shared = make(with_flags(FFI_RX_RETARGETABLE), even, &first);
    give_each_a_reference();
}

static void retarget_part(int me)
{
    for (int i = 0; me < WRITERS && i < CHANGES; i++) {
        int error;
        targets[me][i] = (struct target){i % 2 ? odd : even, i};
        while ((error = ffi_rx_closure_retarget(shared.closure, targets[me][i].fun,
                                                &targets[me][i])) == -EBUSY)
            sched_yield();
        if (error != 0)
            wrong("a closure is not retargeted");
    }
    if (me < WRITERS)
        count(&writers);
    while (atomic_load_explicit(&writers, memory_order_relaxed) < WRITERS)
        if (shared.function(1) < 1)
            wrong("a wrong result");
    ffi_rx_closure_release(shared.closure);
}

/* ---- A closure is freed while all of them are inside ---- */

static void stay_until_freed(ffi_cif *of, void *result, void **args, void *data)
{
    count(&inside);
    wait_for(&freed, 1);
    add(of, result, args, data);
}

static void frees_begin(void)
{
    shared = make(with_flags(0), stay_until_freed, &one);
}

static void frees_part(int me)
{
    must_add(shared, me);
}

static void frees_rest(void)
{
    wait_for(&inside, THREADS);
    ffi_closure_free(shared.closure);
    count(&freed);
}

/* ---- Each has a reference to a closure, and the last to give it up ends it ---- */

static void releases_begin(void)
{
    shared = make(with_flags(0), add, &one);
    give_each_a_reference();
}

static void releases_part(int me)
{
    for (int i = 0; i < 20; i++) {
        if (i % 5 == me % 5)
            must_retain(shared);
        must_add(shared, i);
        if (i % 5 == me % 5)
            ffi_rx_closure_release(shared.closure);
    }
    ffi_rx_closure_release(shared.closure);
}

/* ---- The same of a closure without attributes, which gets some by being shared ---- */

static void shares_begin(void)
{
    shared = make(NULL, add, &one);
}

static void shares_part(int me)
{
    must_add(shared, me);
    must_retain(shared);
    atomic_fetch_add_explicit(&holders, 1, memory_order_release);
    releases_part(me);
}

/* Until they have references of their own, this one is what they call by; so whoever gives it up
 * has to know. */
static void shares_rest(void)
{
    while (atomic_load_explicit(&holders, memory_order_acquire) < THREADS)
        sched_yield();
    give_up_the_first();
}

/* ---- Each calls a closure that frees itself, while another gives up a reference to that ---- */

static void one_shot_begin(void)
{
    for (int i = 0; i < THREADS; i++) {
        own[i] = make(with_flags(FFI_RX_ONE_SHOT), add, &one);
        must_retain(own[i]);
    }
}

static void one_shot_part(int me)
{
    must_add(own[me], me);
    ffi_rx_closure_release(own[(me + 1) % THREADS].closure);
}

/* ---- Each frees closures of a scope, which allocates meanwhile ---- */

static ffi_rx_scope *scope;

static struct callback make_in_scope(const ffi_rx_closure_attr *attr)
{
    void *code;
    ffi_closure *closure = ffi_rx_scope_closure_alloc(scope, sizeof *closure, &code);
    return prepared(closure, code, attr, add, &one);
}

static void scope_frees_begin(void)
{
    scope = ffi_rx_scope_new(NULL);
    for (int i = 0; i < THREADS; i++)
        own[i] = make_in_scope(i % 2 ? with_flags(0) : NULL);
}

static void scope_frees_part(int me)
{
    must_add(own[me], me);
    ffi_closure_free(own[me].closure);
    use_what_is_free();
    atomic_fetch_add_explicit(&holders, -1, memory_order_release);
}

/* None may be freed after its scope: so the end of the scope has to know. */
static void scope_frees_rest(void)
{
    do {
        must_add(make_in_scope(NULL), 1);
        use_what_is_free();
    } while (atomic_load_explicit(&holders, memory_order_acquire) > -THREADS);
    ffi_rx_scope_free(scope);
}

/* ---- Each has a reference to a closure of a scope, some the last one, and the scope ends ---- */

static void scope_ends_begin(void)
{
    scope_frees_begin();
    for (int i = 0; i < THREADS; i++) {
        must_retain(own[i]);
        if (i % 3 == 0)
            ffi_closure_free(own[i].closure);
    }
}

static void scope_ends_part(int me)
{
    for (int i = 0; i < 5; i++)
        must_add(own[me], i);
    ffi_rx_closure_release(own[me].closure);
}

static void scope_ends_rest(void)
{
    ffi_rx_scope_free(scope);
    use_what_is_free();
}

/* ---- Rounds ---- */

static const struct scene {
    const char *name;
    void (*begin)(void);
    void (*part)(int me); /* of each thread, */
    void (*rest)(void);   /* and of the main thread at the same time */
} scenes[] = {
    {"retarget", retarget_begin, retarget_part, give_up_the_first},
    {"frees", frees_begin, frees_part, frees_rest},
    {"releases", releases_begin, releases_part, give_up_the_first},
    {"shares", shares_begin, shares_part, shares_rest},
    {"one-shot", one_shot_begin, one_shot_part, use_what_is_free},
    {"scope-frees", scope_frees_begin, scope_frees_part, scope_frees_rest},
    {"scope-ends", scope_ends_begin, scope_ends_part, scope_ends_rest},
};

static const struct scene *scene;
static pthread_barrier_t ready;

static void *take_part(void *me)
{
    pthread_barrier_wait(&ready);
    scene->part((intptr_t)me);
    use_what_is_free();
    return NULL;
}

static size_t live(void)
{
    ffi_rx_pool_info info = {.size = sizeof info};
    ffi_rx_pool_query(&info);
    return info.live;
}

static void play(void)
{
    pthread_t threads[THREADS];
    size_t before = live();
    inside = freed = holders = writers = 0;
    scene->begin();
    for (intptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, take_part, (void *)i) != 0)
            wrong("pthread_create");
    pthread_barrier_wait(&ready);
    scene->rest();
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    if (live() != before)
        wrong("a closure was lost, or given back twice");
}

int main(int argc, char **argv)
{
    if (argc != 3 || ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_slong, types) != FFI_OK)
        return 2;
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
        if (strcmp(scenes[i].name, argv[1]) == 0)
            scene = &scenes[i];
    if (scene == NULL)
        return 2;
    pthread_barrier_init(&ready, NULL, THREADS + 1);
    for (int i = atoi(argv[2]); i > 0; i--)
        play();
    return 0;
}
