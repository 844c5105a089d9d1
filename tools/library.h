/* SPDX-License-Identifier: MIT
 *
 * library: the libffi.so.8 that is preloaded.
 */
#ifndef RXFFI_LIBRARY_H
#define RXFFI_LIBRARY_H

#include <limits.h>

/* Makes `given` absolute in `path`, after making sure that it can be preloaded: LD_PRELOAD can say
 * the path, and the file is a shared object for this machine with SONAME libffi.so.8.
 * Returns 0, or an exit status after saying what is wrong. */
int library_find(const char *given, char path[PATH_MAX]);

/* Makes sure that the loader can load the library in a process like this one, under the policy
 * that this process is under. The library stays loaded. Returns 0 or an exit status. */
int library_try(const char *path);

/* Puts the library at the front of LD_PRELOAD. Returns 0 or an exit status. */
int library_preload(const char *path);

#endif
