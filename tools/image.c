/* SPDX-License-Identifier: MIT
 *
 * image: collects what programs have mapped and asked for.
 */
#include "image.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct image *images;

long status_number(pid_t pid, const char *name)
{
    char path[64], line[256];
    long number = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            number = strtol(line + strlen(name), NULL, 10);
    if (file)
        fclose(file);
    return number;
}

/* ---- Executed ---- */

/* The mapping that /proc/PID/exe names. */
static const struct object *program_of(pid_t pid)
{
    static struct mapping m;
    char link[64], path[PATH_MAX] = "";
    const struct object *program = NULL;

    snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
    ssize_t length = readlink(link, path, sizeof path - 1);
    FILE *maps = maps_open(pid);
    while (maps && !program && maps_next(maps, &m))
        if (length > 0 && strcmp(m.path, path) == 0)
            program = object_of(pid, &m);
    if (maps)
        fclose(maps);
    return program;
}

static void read_environment(struct image *image, pid_t pid)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/environ", (int)pid);
    FILE *file = fopen(name, "re");
    size_t room = 0, got = 1;
    while (file && got) {
        if (image->environment_size + 1 >= room) {
            char *more = realloc(image->environment, room += 65536);
            if (!more)
                break;
            image->environment = more;
        }
        got = fread(image->environment + image->environment_size, 1,
                    room - image->environment_size - 1, file);
        image->environment_size += got;
    }
    if (image->environment)
        image->environment[image->environment_size] = '\0';
    if (file)
        fclose(file);
}

struct image *image_of(pid_t pid)
{
    const struct object *program = program_of(pid);
    struct image **last = &images;
    while (*last && !((*last)->program && (*last)->program == program))
        last = &(*last)->next;
    if (!*last) {
        *last = calloc(1, sizeof **last);
        if (!*last)
            return NULL;
        (*last)->program = program;
        read_environment(*last, pid);
    }
    (*last)->executed++;
    image_look(*last, pid);
    return *last;
}

const char *image_variable(const struct image *image, const char *name)
{
    size_t length = strlen(name);
    for (size_t at = 0; at < image->environment_size; at += strlen(image->environment + at) + 1) {
        const char *variable = image->environment + at;
        if (strncmp(variable, name, length) == 0 && variable[length] == '=')
            return variable + length + 1;
    }
    return NULL;
}

/* ---- Mapped ---- */

static void add_object(struct image *image, const struct object *object)
{
    for (int i = 0; i < image->object_count; i++)
        if (image->objects[i] == object)
            return;
    if (object && image->object_count < IMAGE_OBJECTS)
        image->objects[image->object_count++] = object;
}

static void note_write_and_execute(struct image *image, const struct mapping *m)
{
    if (!image->write_and_execute[0])
        snprintf(image->write_and_execute, sizeof image->write_and_execute, "%.4s, %.50s", m->can,
                 m->path[0] ? m->path : "anonymous memory");
}

#define WRITABLE 16

/* Of a mapping only what an alias is told by. */
static void look_for_alias(struct image *image, FILE *maps, const struct mapping writable[], int n)
{
    static struct mapping code;
    rewind(maps);
    while (n && !image->alias[0] && maps_next(maps, &code))
        for (int i = 0; code.can[2] == 'x' && i < n; i++)
            if (maps_is_writable_alias(&writable[i], &code, code.start, code.end - code.start))
                strcpy(image->alias, code.path);
}

/* Returns the number of views of the code of a libffi. */
static unsigned look(struct image *image, pid_t pid)
{
    static struct mapping m, writable[WRITABLE];
    int writable_count = 0;
    unsigned views = 0;

    FILE *maps = maps_open(pid);
    while (maps && maps_next(maps, &m)) {
        if (maps_write_and_execute(&m))
            note_write_and_execute(image, &m);
        if (m.can[1] == 'w' && m.can[3] == 's' && m.inode && writable_count < WRITABLE)
            writable[writable_count++] = m;
        if (m.can[2] != 'x')
            continue;
        const struct object *object = object_of(pid, &m);
        if (object)
            add_object(image, object);
        if (object && object_is_libffi(object))
            views++;
    }
    if (maps) {
        look_for_alias(image, maps, writable, writable_count);
        fclose(maps);
    }
    return views;
}

void image_look(struct image *image, pid_t pid)
{
    look(image, pid);
}

void image_end(struct image *image, pid_t pid)
{
    unsigned views = look(image, pid);
    if (views > image->views)
        image->views = views;
    if (status_number(pid, "Seccomp:") == 2)
        image->filter = true;
}

const struct object *image_libffi(const struct image *image, const struct object *after)
{
    bool behind = after == NULL;
    for (int i = 0; i < image->object_count; i++) {
        if (behind && object_is_libffi(image->objects[i]))
            return image->objects[i];
        behind |= image->objects[i] == after;
    }
    return NULL;
}

/* ---- Asked for ---- */

void image_note(struct image *image, const char *what, const struct object *who, int error)
{
    for (int i = 0; i < image->request_count; i++) {
        struct request *r = &image->requests[i];
        if (strcmp(r->what, what) == 0 && r->who == who && r->error == error) {
            r->count++;
            return;
        }
    }
    if (image->request_count < IMAGE_REQUESTS)
        image->requests[image->request_count++] = (struct request){what, who, error, 1};
}
