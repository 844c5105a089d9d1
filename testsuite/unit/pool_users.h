/* SPDX-License-Identifier: MIT
 *
 * pool_users: taking from the pool and giving back, with a record of who has what, in which nothing
 * may be taken twice.
 */
#ifndef UNIT_POOL_USERS_H
#define UNIT_POOL_USERS_H

#include "unit.h"
#include "pool.h"

/* By number: they are counted from chunk to chunk. closure is NULL when nobody has it. */
struct taken {
    void *closure;
    void *code;
};

#define TAKEN_CHUNKS 4
extern struct taken taken[TAKEN_CHUNKS * RX_POOL_SIZE];

/* How many were handed out while another had them, or are no trampoline. A test expects 0: in a
 * signal handler or another thread it cannot be told at once. */
extern int taken_wrongly;

/* Take one and return its number, -1 when none is left; give it back. Any thread and any signal
 * handler may call them. */
int take(void);
void give(int number);

/* Takes until nothing is left of the chunks that there are, and returns how many that were; gives
 * back whatever is taken. */
int take_all(void);
void give_all(void);

/* How many trampolines there are in the chunks that there are. */
int whole_pool(void);

/* How many trampolines are in use, for whatever. */
int in_use(void);

/* Between these two no chunk can be made. Without threads that begin in between. */
void forbid_growth(void);
void allow_growth(void);

#endif
