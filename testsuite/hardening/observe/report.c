/* SPDX-License-Identifier: MIT
 *
 * report: what the observer says, each line once.
 */
#include "observe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINES 64
#define LENGTH 512

static char said[LINES][LENGTH];
static int said_count, fault_count;

static void say_once(const char *kind, const char *format, va_list arguments)
{
    char line[LENGTH];
    int n = snprintf(line, sizeof line, "%s", kind);
    vsnprintf(line + n, sizeof line - n, format, arguments);
    for (int i = 0; i < said_count; i++)
        if (strcmp(line, said[i]) == 0)
            return;
    if (said_count == LINES)
        return;
    strcpy(said[said_count++], line);
    puts(line);
    fflush(stdout);
}

void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_once("", format, arguments);
    va_end(arguments);
}

void fault(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_once("fault ", format, arguments);
    va_end(arguments);
    fault_count++;
}

bool any_fault(void)
{
    return fault_count != 0;
}
