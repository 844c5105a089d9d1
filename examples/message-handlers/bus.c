/* SPDX-License-Identifier: MIT
 *
 * bus: a table of function pointers.
 */
#include "bus.h"

#include <pthread.h>
#include <stddef.h>

static struct {
    pthread_rwlock_t lock;
    bus_handler *handler;
} table[SERVICES];

static __attribute__((constructor)) void make_table(void)
{
    for (unsigned i = 0; i < SERVICES; i++)
        pthread_rwlock_init(&table[i].lock, NULL);
}

static void set(unsigned service, bus_handler *handler)
{
    pthread_rwlock_wrlock(&table[service].lock);
    table[service].handler = handler;
    pthread_rwlock_unlock(&table[service].lock);
}

void bus_add(unsigned service, bus_handler *handler)
{
    set(service, handler);
}

void bus_remove(unsigned service)
{
    set(service, NULL);
}

bool bus_deliver(const struct message *message)
{
    pthread_rwlock_rdlock(&table[message->service].lock);
    bus_handler *handler = table[message->service].handler;
    if (handler != NULL)
        handler(message);
    pthread_rwlock_unlock(&table[message->service].lock);
    return handler != NULL;
}
