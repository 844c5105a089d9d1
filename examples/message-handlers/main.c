/* SPDX-License-Identifier: MIT
 *
 * message-handlers: 5,000 handlers, each with an object of its own, that come and go on several
 * threads while messages are delivered; and how the pool that they are taken from stands.
 */
#include "bus.h"

#include <ffi_rx.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 4
#define MESSAGES 100000 /* for each thread */
#define HANDLERS 5000
#define EACH (SERVICES / THREADS)
#define ALIVE (HANDLERS / THREADS) /* of each thread's services, at any time */

/* ---- A handler with an object: what the bus has no place for ---- */

struct service {
    ffi_closure *closure;
    unsigned number;
    _Atomic(long) sum;
};

static struct service services[SERVICES];
static _Atomic(long) wrong; /* messages that reached another object than their service's */

static ffi_type *types[] = {&ffi_type_pointer};
static ffi_cif cif;

static void handle(ffi_cif *unused, void *result, void **args, void *user_data)
{
    (void)unused;
    (void)result;
    const struct message *message = *(void **)args[0];
    struct service *service = user_data;
    wrong += message->service != service->number;
    service->sum += message->value;
}

static void come(struct service *service)
{
    void *code;
    service->closure = ffi_closure_alloc(sizeof(ffi_closure), &code);
    if (service->closure == NULL ||
        ffi_prep_closure_loc(service->closure, &cif, handle, service, code) != FFI_OK) {
        printf("service %u: %s\n", service->number, ffi_rx_strerror(ffi_rx_last_error()));
        exit(1);
    }
    bus_add(service->number, (bus_handler *)code);
}

static void go(struct service *service)
{
    bus_remove(service->number);
    ffi_closure_free(service->closure);
}

/* ---- Threads: each looks after its own services, and sends to all ---- */

static _Atomic(long) delivered, missed, changed, value_sum;
static pthread_barrier_t all_are_there;

static void send(struct message message)
{
    if (bus_deliver(&message)) {
        delivered++;
        value_sum += message.value;
    } else {
        missed++;
    }
}

/* A handler goes, and that of another service comes; the first ALIVE are those that are there. */
static void change(struct service **mine, unsigned *seed)
{
    struct service **one = &mine[rand_r(seed) % ALIVE];
    struct service **other = &mine[ALIVE + rand_r(seed) % (EACH - ALIVE)];
    struct service *gone = *one;
    go(gone);
    come(*other);
    *one = *other;
    *other = gone;
    changed++;
}

static void *work(void *arg)
{
    struct service *first = arg, *mine[EACH];
    unsigned seed = first->number + 1;
    for (unsigned i = 0; i < EACH; i++)
        mine[i] = &first[i];
    for (unsigned i = 0; i < ALIVE; i++)
        come(mine[i]);
    pthread_barrier_wait(&all_are_there);
    pthread_barrier_wait(&all_are_there);
    for (int n = 0; n < MESSAGES; n++) {
        send((struct message){rand_r(&seed) % SERVICES, n % 7});
        if (n % 4 == 0)
            change(mine, &seed);
    }
    for (unsigned i = 0; i < ALIVE; i++)
        go(mine[i]);
    return NULL;
}

/* ---- The pool's figures ---- */

static ffi_rx_pool_info query(void)
{
    ffi_rx_pool_info info = {.size = sizeof info};
    if (ffi_rx_pool_query(&info) != 0)
        abort();
    return info;
}

static void print(const char *when)
{
    ffi_rx_pool_info info = query();
    printf("%-10s %8ld %8ld %8zu %8zu %8zu %8zu %8zu\n", when, (long)delivered, (long)changed,
           info.live, info.peak, info.quarantined, info.capacity, info.allocations);
    fflush(stdout);
}

int main(void)
{
    pthread_t thread[THREADS];
    size_t before = query().live;
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_void, types) != FFI_OK)
        return 1;
    for (unsigned i = 0; i < SERVICES; i++)
        services[i].number = i;

    printf("%-10s %8s %8s %8s %8s %8s %8s %8s\n", "", "messages", "changes", "live", "peak",
           "waiting", "capacity", "so far");
    print("at first");
    pthread_barrier_init(&all_are_there, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&thread[i], NULL, work, &services[i * EACH]) != 0)
            return 1;
    pthread_barrier_wait(&all_are_there);
    print("all there");
    bool all_right = query().live == before + HANDLERS;
    pthread_barrier_wait(&all_are_there); /* from here on they change */
    for (int step = 1; step <= 4; step++) {
        while (delivered + missed < (long)THREADS * MESSAGES * step / 5)
            sched_yield();
        print("meanwhile");
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    print("at last");

    long sum = 0;
    for (unsigned i = 0; i < SERVICES; i++)
        sum += services[i].sum;
    ffi_rx_pool_info info = query();
    all_right = all_right && wrong == 0 && sum == value_sum && missed != 0 &&
                delivered + missed == (long)THREADS * MESSAGES && info.live == before &&
                info.allocations == (size_t)(HANDLERS + changed) && info.chunks == 0;
    printf("%ld messages reached their services' objects, %ld found no handler at the time; %s\n",
           (long)delivered, (long)missed, all_right ? "all is right" : "NOT all is right");
    return all_right ? 0 : 1;
}
