/* SPDX-License-Identifier: MIT
 *
 * marks: a program speaks to its observer; with HOSTILE_STDERR in its environment, for when there
 * is none, also on stderr.
 */
#include "hostile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

void mark(enum mark what, const void *value)
{
    syscall(MARK_CALL, (long)what, value);
}

static void mark_text(enum mark what, const char *format, va_list arguments)
{
    char text[200];
    vsnprintf(text, sizeof text, format, arguments);
    mark(what, text);
    if (getenv("HOSTILE_STDERR"))
        fprintf(stderr, "%s\n", text);
}

void wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    mark_text(MARK_WRONG, format, arguments);
    _exit(1);
}

void skip(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    mark_text(MARK_SKIP, format, arguments);
    _exit(77);
}

void figure(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    mark_text(MARK_FIGURE, format, arguments);
    va_end(arguments);
}

unsigned patience(void)
{
    const char *seconds = getenv("HOSTILE_PATIENCE");
    return seconds ? (unsigned)atoi(seconds) : 20;
}
