/* SPDX-License-Identifier: MIT
 *
 * image: what a program that was executed was seen to have and to ask for, by all its processes
 * and threads together.
 */
#ifndef RXFFI_IMAGE_H
#define RXFFI_IMAGE_H

#include "object.h"

#define IMAGE_OBJECTS 512
#define IMAGE_REQUESTS 32

/* Executable memory that was asked for, other than the code of a file. */
struct request {
    const char *what;
    const struct object *who; /* NULL if that cannot be told */
    int error;                /* 0 if it was granted */
    unsigned count;
};

struct image {
    struct image *next; /* in the order in which they were executed */
    const struct object *program;
    char *environment; /* as environ(7), the strings one behind the other, at execve */
    size_t environment_size;
    unsigned executed; /* how often */

    const struct object *objects[IMAGE_OBJECTS];
    int object_count;
    unsigned views; /* of the code of a libffi, when a process ended; the most */
    bool filter;    /* a process ended under a seccomp filter */
    bool mdwe;      /* a process put itself under PR_SET_MDWE */
    struct request requests[IMAGE_REQUESTS];
    int request_count;

    char
        write_and_execute[64]; /* a mapping that was: its protection and its name; "" if none was */
    char alias[sizeof((struct mapping *)0)->path]; /* a file of which executable memory had a
                                                      writable view */
};

extern struct image *images; /* all of them, the first to be executed first */

/* The image of the program that a process has just executed. NULL if there is no memory. */
struct image *image_of(pid_t pid);

/* Looks at what a process has mapped now, and once more before it ends. */
void image_look(struct image *image, pid_t pid);
void image_end(struct image *image, pid_t pid);

/* Notes what was asked for. */
void image_note(struct image *image, const char *what, const struct object *who, int error);

/* The number behind this name in /proc/PID/status, 0 if it is not there. */
long status_number(pid_t pid, const char *name);

/* The value of a variable when the program was executed; NULL if it was not set. */
const char *image_variable(const struct image *image, const char *name);

/* A libffi that it has mapped, the one behind `after` if that is not NULL; NULL if there is none.
 */
const struct object *image_libffi(const struct image *image, const struct object *after);

#endif
