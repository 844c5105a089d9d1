/* SPDX-License-Identifier: MIT
 *
 * live: a scene with a million closures that live at a time, and not many mappings.
 */
#include "hostile.h"

#include <string.h>

#define MANY 1000000

static struct callback callbacks[MANY];

void scene_live(int n)
{
    if (n > MANY)
        wrong("the test has no room for %d closures", n);
    memset(callbacks, 1, sizeof callbacks);
    mark(MARK_MEMORY, 0);
    for (int i = 0; i < n; i++)
        if (!callback_make(&callbacks[i], i))
            wrong("no closure after %d", i);
    for (int i = 0; i < n; i++)
        if (!callback_is_right(&callbacks[i]))
            wrong("a wrong result, of closure %d", i);
    mark(MARK_MEMORY, (void *)(long)n);
    mark(MARK_CODE, callbacks[n - 1].code);
    for (int i = 0; i < n; i++)
        callback_free(&callbacks[i]);
    callbacks_use(1000);
}
