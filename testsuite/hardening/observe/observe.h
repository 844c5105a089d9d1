/* SPDX-License-Identifier: MIT
 *
 * observe: what the files of the observer share. observe.c runs a program and follows its system
 * calls, memory.c reads what it has mapped and opened, report.c keeps what is to be said.
 */
#ifndef HARDENING_OBSERVE_H
#define HARDENING_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- report.c ---- */

/* A line of the result, once however often it is said. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for a rule that was broken. */
void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool any_fault(void);

/* ---- memory.c ---- */

/* Looks for memory that is writable and executable, in one mapping or in two. */
void look_at_mappings(pid_t pid);
/* The library must be the expected one; its file is that of all code. */
void look_at_library(pid_t pid, uint64_t address, const char *expected);
/* The mapping that a closure's code lies in. */
void look_at_code(pid_t pid, uint64_t address);
/* How many mappings there are. */
int count_of_mappings(pid_t pid);
/* The bytes of memory that the process has: all, and without those of files, which others share. */
void resident_bytes(pid_t pid, long *all, long *anonymous);
/* Descriptors that were not there when they were remembered. */
void remember_descriptors(pid_t pid);
void look_at_descriptors(pid_t pid);
/* What descriptor fd of the process is. */
const char *name_of_descriptor(pid_t pid, int fd);

#endif
