/* SPDX-License-Identifier: MIT
 *
 * bus: a middleware in the manner of vsomeip: messages go to the handler that is registered for
 * their service. A handler is a plain function pointer: there is no place for data of its own.
 */
#ifndef BUS_H
#define BUS_H

#include <stdbool.h>

#define SERVICES 6000

struct message {
    unsigned service;
    long value;
};

typedef void bus_handler(const struct message *message);

/* From any thread. Once bus_remove has returned, the handler is called no more. */
void bus_add(unsigned service, bus_handler *handler);
void bus_remove(unsigned service);

/* Calls the service's handler, in the calling thread. False if it has none at present. */
bool bus_deliver(const struct message *message);

#endif
