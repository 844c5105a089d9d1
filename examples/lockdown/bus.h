/* SPDX-License-Identifier: MIT
 *
 * bus: a library that tells handlers of events. A handler is a plain function.
 */
typedef void bus_handler(int event);

int bus_open(int most); /* 0; -1 without memory */
int bus_add(bus_handler *handler);
void bus_remove(bus_handler *handler);
void bus_publish(int event);
