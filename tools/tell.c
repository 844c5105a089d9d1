/* SPDX-License-Identifier: MIT
 *
 * tell: the lines of a report, about a program as it was seen.
 */
#include "tell.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "origin.h"
#include "patterns.h"

/* ---- Lines ---- */

static struct {
    enum weight weight;
    char words[PATH_MAX + 256];
} next;

void tell_line(const char *title, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%-9s", title);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

/* Of two that weigh the same, the first counts. */
void advise(enum weight weight, const char *format, ...)
{
    va_list arguments;
    if (weight <= next.weight)
        return;
    next.weight = weight;
    va_start(arguments, format);
    vsnprintf(next.words, sizeof next.words, format, arguments);
    va_end(arguments);
}

void tell_next(void)
{
    advise(NEXT_NOTHING, "nothing: it does not use libffi, as far as can be seen");
    tell_line("next", "%s", next.words);
}

/* ---- The libffi of a program ---- */

static bool is_rxffi(const struct object *library)
{
    return object_defines(library, SYMBOL_RXFFI);
}

/* Whether it asked for executable memory and was refused, or granted it. */
static bool has_asked(const struct image *image, const struct object *who, bool refused)
{
    for (int i = 0; i < image->request_count; i++)
        if (image->requests[i].who == who && (image->requests[i].error != 0) == refused)
            return true;
    return false;
}

/* Preloaded into everything, a library says little of a program that is not linked with it. */
static bool is_used(const struct image *image, const struct object *library)
{
    char why[ORIGIN_SIZE];
    for (int i = 0; i < image->object_count; i++)
        if (strcmp(image->objects[i]->facts.libffi, library->facts.soname) == 0)
            return true;
    return !origin_of(image, library, why);
}

static void advise_on_rxffi(enum policy policy)
{
    if (policy == POLICY_NONE)
        advise(NEXT_TRY, "nothing is in the way: --wx=strict shows it without W+X memory");
    else
        advise(NEXT_TRY, "nothing: this is rxffi, under --wx=%s", policy_name(policy));
}

static void tell_libffi(const struct image *image, const struct object *library, enum policy policy)
{
    char why[ORIGIN_SIZE];
    bool used = is_used(image, library);
    origin_of(image, library, why);
    tell_line("libffi", "%s (%s%s)", library->path, is_rxffi(library) ? "rxffi, " : "",
              library->facts.soname);
    tell_line("  from", "%s%s", why, used ? "" : "; nothing here is linked with it");
    if (is_rxffi(library)) {
        tell_line("  code", "trampolines in its text, r-x, in %u view%s at the end", image->views,
                  image->views == 1 ? "" : "s");
        if (used)
            advise_on_rxffi(policy);
        return;
    }
    tell_line("  code", "%s",
              has_asked(image, library, false)  ? "made at run time: see what it asked for"
              : has_asked(image, library, true) ? "none was to be had: see what it asked for"
                                                : "none was made");
    if (strcmp(library->facts.soname, "libffi.so.8") != 0)
        advise(NEXT_REPLACE, "rxffi is a libffi.so.8: build what needs %s again, against that",
               library->facts.soname);
    else
        advise(NEXT_REPLACE,
               "run it on rxffi: without --lib=none, or with rxffi installed in front");
}

static void tell_copies(const struct image *image)
{
    for (int i = 0; i < image->object_count; i++) {
        const struct object *o = image->objects[i];
        if (!object_has_copy(o))
            continue;
        tell_line("libffi", "a copy, linked into %s", o->path);
        advise(NEXT_REPLACE, "link %s with libffi.so.8 instead of a copy", o->path);
    }
}

/* ---- A program ---- */

static void tell_request(const struct request *r)
{
    char times[32] = "";
    if (r->count > 1)
        snprintf(times, sizeof times, ", %u times", r->count);
    tell_line("asked", "%s, by %s: %s%s%s", r->what, r->who ? r->who->path : "code in no file",
              r->error ? "refused, " : "granted", r->error ? strerror(r->error) : "", times);
    if (r->who && !object_is_libffi(r->who) && !object_has_copy(r->who))
        advise(NEXT_OTHERS, "%s makes code of its own: look for a switch that stops it",
               r->who->path);
}

/* It weighs more if no policy need be there for it to fail. */
void tell_pattern(const struct object *object)
{
    const struct pattern *pattern = pattern_of(object);
    if (!pattern)
        return;
    tell_line("pattern", "%s: %s", object->path, pattern->what);
    advise(pattern->without_policy ? NEXT_FATAL : NEXT_PATTERN, "%s", pattern->next);
}

bool image_is_worth_telling(const struct image *image)
{
    if (image->write_and_execute[0] || image->alias[0] || image->request_count)
        return true;
    for (int i = 0; i < image->object_count; i++) {
        const struct object *o = image->objects[i];
        if (object_has_copy(o) || pattern_of(o) || (object_is_libffi(o) && is_used(image, o)))
            return true;
    }
    return false;
}

static const char *kind_of(const struct object *program)
{
    switch (program->facts.kind) {
    case ELF_NATIVE:
        return program->facts.interpreter[0] ? "" : " (static)";
    case ELF_FOREIGN:
        return " (for another machine: not looked into)";
    default:
        return " (its file could not be read)";
    }
}

const char *image_path(const struct image *image)
{
    return image->program ? image->program->path : "of an unknown file";
}

void tell_image(const struct image *image, enum policy policy)
{
    tell_line("program", "%s%s", image_path(image), image->program ? kind_of(image->program) : "");
    const struct object *library = image_libffi(image, NULL);
    tell_copies(image);
    if (!library)
        tell_line("libffi", "no shared one was loaded");
    for (; library; library = image_libffi(image, library))
        tell_libffi(image, library, policy);

    if (image->write_and_execute[0])
        tell_line("memory", "writable and executable: %s", image->write_and_execute);
    if (image->alias[0])
        tell_line("memory", "a file is mapped twice, to execute and to write: %s", image->alias);
    if (!image->write_and_execute[0] && !image->alias[0])
        tell_line("memory", "nothing was writable and executable, in one mapping or in two");
    for (int i = 0; i < image->request_count; i++)
        tell_request(&image->requests[i]);
    for (int i = 0; i < image->object_count; i++)
        tell_pattern(image->objects[i]);
}
