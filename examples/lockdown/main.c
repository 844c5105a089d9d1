/* SPDX-License-Identifier: MIT
 *
 * lockdown: a server that takes what it will need, gives up the means of getting more, and then
 * serves.
 *
 *     main [SUBSCRIBERS]
 *
 * Clients subscribe to events. The events come from a library whose handlers are plain functions,
 * with no room for user data, so each subscription is a closure. The client here is a child of the
 * server and knows how often it has to hear.
 */
#include "bus.h"
#include "filter.h"

#include <ffi_rx.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum verb { SUBSCRIBE, CANCEL, PUBLISH, QUIT };

struct request {
    enum verb verb;
    int number; /* of a subscription, or the event */
};

/* ---- The server ---- */

static struct subscription {
    ffi_closure *closure;
    long heard; /* the sum of all events */
} * subscription;

static ffi_cif handler_cif;

static void hear(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif, (void)result;
    struct subscription *mine = user_data;
    mine->heard += *(int *)args[0];
}

static int subscribe(struct subscription *mine)
{
    void *code;
    mine->closure = ffi_closure_alloc(sizeof(ffi_closure), &code);
    if (mine->closure == NULL)
        return -1;
    ffi_prep_closure_loc(mine->closure, &handler_cif, hear, mine, code);
    return bus_add((bus_handler *)code);
}

static void cancel(struct subscription *mine)
{
    bus_remove((bus_handler *)ffi_rx_code_of(mine->closure));
    ffi_closure_free(mine->closure);
    mine->closure = NULL;
}

static int serve(int client)
{
    struct request request;
    while (recv(client, &request, sizeof request, MSG_WAITALL) == sizeof request) {
        switch (request.verb) {
        case SUBSCRIBE:
            if (subscribe(&subscription[request.number]) != 0) {
                printf("refused: %s\n", ffi_rx_strerror(ffi_rx_last_error()));
                return 1;
            }
            break;
        case CANCEL:
            cancel(&subscription[request.number]);
            break;
        case PUBLISH:
            bus_publish(request.number);
            break;
        case QUIT:
            return 0;
        }
    }
    return 1;
}

/* ---- The client ---- */

static void ask(int server, enum verb verb, int number)
{
    struct request request = {verb, number};
    if (send(server, &request, sizeof request, MSG_NOSIGNAL) != sizeof request)
        _exit(1);
}

/* All subscribe, and hear 1. The even ones cancel, and the others hear 10; they subscribe again,
 * and all hear 100. */
static long expected(int number)
{
    return number % 2 == 0 ? 101 : 111;
}

static void be_client(int server, int subscribers)
{
    for (int i = 0; i < subscribers; i++)
        ask(server, SUBSCRIBE, i);
    ask(server, PUBLISH, 1);
    for (int i = 0; i < subscribers; i += 2)
        ask(server, CANCEL, i);
    ask(server, PUBLISH, 10);
    for (int i = 0; i < subscribers; i += 2)
        ask(server, SUBSCRIBE, i);
    ask(server, PUBLISH, 100);
    ask(server, QUIT, 0);
}

/* ---- */

static void show(const char *when)
{
    ffi_rx_pool_info pool = {.size = sizeof pool};
    ffi_rx_pool_query(&pool);
    printf("%-12s capacity %zu, live %zu, allocations %zu, refusals %zu\n", when, pool.capacity,
           pool.live, pool.allocations, pool.refusals);
}

static int fail(const char *what)
{
    printf("%s: %s\n", what, strerror(errno));
    return 1;
}

int main(int argc, char **argv)
{
    int subscribers = argc > 1 ? atoi(argv[1]) : 20000, end[2];
    ffi_type *types[] = {&ffi_type_sint};
    subscription = calloc(subscribers, sizeof *subscription);
    if (subscription == NULL || bus_open(subscribers) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, end) != 0 ||
        ffi_prep_cif(&handler_cif, FFI_DEFAULT_ABI, 1, &ffi_type_void, types) != FFI_OK)
        return fail("the server cannot begin");

    pid_t client = fork();
    if (client == 0) {
        be_client(end[1], subscribers);
        _exit(0);
    }
    close(end[1]);

    int error = ffi_rx_pool_reserve(subscribers);
    if (error != 0) {
        errno = -error;
        return fail("no room for so many subscribers");
    }
    show("reserved");

    if (forbid_mappings() != 0)
        return fail("the filter cannot be had");
    if (mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) {
        printf("mmap is still possible\n");
        return 1;
    }
    printf("locked down  mmap, mprotect and mremap: %s\n", strerror(errno));

    if (serve(end[0]) != 0)
        return 1;
    show("served");
    for (int i = 0; i < subscribers; i++)
        if (subscription[i].heard != expected(i)) {
            printf("subscriber %d heard %ld instead of %ld\n", i, subscription[i].heard,
                   expected(i));
            return 1;
        }
    for (int i = 0; i < subscribers; i++)
        cancel(&subscription[i]);
    show("closed");
    int status;
    return waitpid(client, &status, 0) == client && status == 0 ? 0 : 1;
}
