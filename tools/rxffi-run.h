/* SPDX-License-Identifier: MIT
 *
 * rxffi-run: what the files of rxffi-run share: the exit statuses, which are those of env(1)
 * and timeout(1), and the one way in which it says that something is wrong.
 */
#ifndef RXFFI_RUN_H
#define RXFFI_RUN_H

enum {
    STATUS_CHECK_FAILED = 1, /* --check: the library does not work under some policy */
    STATUS_FAILED = 125,     /* rxffi-run itself could not do what was asked */
    STATUS_CANNOT_RUN = 126, /* COMMAND is there, and cannot be run as asked */
    STATUS_NOT_FOUND = 127,  /* COMMAND is not there */
};

/* Writes "rxffi-run: MESSAGE" as one line on stderr and returns `status`, so that a function can
 * end with `return complain(...)`. */
int complain(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
