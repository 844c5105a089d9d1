/* SPDX-License-Identifier: MIT
 *
 * trace: runs a program with an eye on its memory.
 */
#ifndef RXFFI_TRACE_H
#define RXFFI_TRACE_H

/* Calls start(data), which executes a program and comes back only with an exit status, in a child
 * that is traced with all that it starts. What they do is collected as images. Returns when the
 * child has ended, with its status as waitpid(2) gives it, or with -1 after saying why it cannot be
 * traced. What still runs then is let go. */
int trace(int (*start)(void *data), void *data);

#endif
