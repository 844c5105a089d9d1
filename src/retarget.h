/* SPDX-License-Identifier: MIT
 *
 * retarget: a function and its data that change together, while other threads read them.
 *
 * There are two places. The version says which of them is read: the one that was written before.
 */
#ifndef RX_RETARGET_H
#define RX_RETARGET_H

#include "closure.h"

struct rx_target {
    handler *fun;
    void *user_data;
};

struct rx_targets {
    uint32_t version; /* times two; odd while somebody writes */
    struct rx_target place[2];
};

/* Before anybody reads. */
void rx_targets_begin(struct rx_targets *targets, struct rx_target first);

/* Returns 0; -EBUSY if somebody is writing. */
int rx_targets_set(struct rx_targets *targets, struct rx_target next);

struct rx_target rx_targets_get(const struct rx_targets *targets);

#endif
