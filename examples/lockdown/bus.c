/* SPDX-License-Identifier: MIT
 *
 * bus: a library that tells handlers of events.
 */
#include "bus.h"

#include <stdlib.h>

static bus_handler **handlers;
static int count, room;

int bus_open(int most)
{
    handlers = calloc(most, sizeof *handlers);
    room = most;
    return handlers == NULL ? -1 : 0;
}

int bus_add(bus_handler *handler)
{
    if (count == room)
        return -1;
    handlers[count++] = handler;
    return 0;
}

void bus_remove(bus_handler *handler)
{
    for (int i = 0; i < count; i++)
        if (handlers[i] == handler) {
            handlers[i] = handlers[--count];
            return;
        }
}

void bus_publish(int event)
{
    for (int i = 0; i < count; i++)
        handlers[i](event);
}
