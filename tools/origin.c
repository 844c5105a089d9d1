/* SPDX-License-Identifier: MIT
 *
 * origin: why the loader took a library from where it is. The places that it looks in are gone
 * through in its own order (ld.so(8)), and the first that has this file is where it found it. What
 * a program asked dlopen(3) for by a path is in none of them.
 */
#include "origin.h"

#include <glob.h>
#include <string.h>
#include <sys/stat.h>

/* ---- Is it this file? ---- */

static bool is_file(const struct object *library, const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_ino == library->inode;
}

static bool is_in_folder(const struct object *library, const char *folder)
{
    char path[PATH_MAX + NAME_MAX + 2];
    snprintf(path, sizeof path, "%s/%s", folder, library->facts.soname);
    return is_file(library, path);
}

/* ---- Lists of paths ---- */

/* Replaces $ORIGIN, the folder that `object` is in. */
static void expand(const char *item, size_t length, const struct object *object, char to[PATH_MAX])
{
    const char *slash = strrchr(object->path, '/');
    int folder = slash ? (int)(slash - object->path) : 0;
    char text[PATH_MAX];

    snprintf(text, sizeof text, "%.*s", (int)length, item);
    const char *at = strstr(text, "$ORIGIN"), *behind = at ? at + 7 : NULL;
    if (!at && (at = strstr(text, "${ORIGIN}")))
        behind = at + 9;
    if (at)
        snprintf(to, PATH_MAX, "%.*s%.*s%s", (int)(at - text), text, folder, object->path, behind);
    else
        snprintf(to, PATH_MAX, "%s", text);
}

/* Whether an item of a list is the library, or if `folders` is a folder that has it. */
static bool list_has(const char *list, const char *separators, bool folders,
                     const struct object *library, const struct object *origin)
{
    char item[PATH_MAX];
    for (; list && *list; list += strspn(list, separators)) {
        size_t length = strcspn(list, separators);
        expand(list, length, origin, item);
        if (folders ? is_in_folder(library, item)
                    : is_file(library, item) || strcmp(item, library->facts.soname) == 0)
            return true;
        list += length;
    }
    return false;
}

/* ---- Files of the loader's own ---- */

static bool is_preloaded_for_all(const struct object *library)
{
    char list[4096] = "";
    FILE *file = fopen("/etc/ld.so.preload", "re");
    if (!file)
        return false;
    size_t got = fread(list, 1, sizeof list - 1, file);
    fclose(file);
    list[got] = '\0';
    return list_has(list, " \t\n:", false, library, library);
}

/* Whether a file of ld.so.conf's kind names a folder that has the library. */
static bool conf_names(const char *path, const struct object *library)
{
    char line[PATH_MAX];
    bool named = false;
    FILE *file = fopen(path, "re");
    while (file && !named && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n#")] = '\0';
        named = line[0] == '/' && is_in_folder(library, line);
    }
    if (file)
        fclose(file);
    return named;
}

static bool find_conf(const struct object *library, char path[PATH_MAX])
{
    glob_t files;
    bool found = false;
    strcpy(path, "/etc/ld.so.conf");
    if (conf_names(path, library))
        return true;
    if (glob("/etc/ld.so.conf.d/*.conf", 0, NULL, &files) != 0)
        return false;
    for (size_t i = 0; i < files.gl_pathc && !found; i++) {
        snprintf(path, PATH_MAX, "%s", files.gl_pathv[i]);
        found = conf_names(path, library);
    }
    globfree(&files);
    return found;
}

static bool is_in_default_folder(const struct object *library)
{
    static const char *const folders[] = {"/lib", "/usr/lib", "/lib64", "/usr/lib64"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (is_in_folder(library, folders[i]))
            return true;
    return false;
}

/* ---- Why ---- */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* An object that says it needs the library, and whose search path of that kind has it; with a kind
 * of NULL, any that needs it. */
static const struct object *who_finds(const struct image *image, const struct object *library,
                                      const bool *is_rpath)
{
    for (int i = 0; i < image->object_count; i++) {
        const struct object *o = image->objects[i];
        /* The program's RPATH holds for what its libraries need, too. */
        bool counts = is_rpath && *is_rpath && o == image->program;
        if (!counts && strcmp(o->facts.libffi, library->facts.soname) != 0)
            continue;
        if (!is_rpath || (o->facts.search_is_rpath == *is_rpath &&
                          list_has(o->facts.search, ":", true, library, o)))
            return o;
    }
    return NULL;
}

bool origin_of(const struct image *image, const struct object *library, char words[ORIGIN_SIZE])
{
    static const bool rpath = true, runpath = false;
    const struct object *needs = who_finds(image, library, NULL), *finder;
    char conf[PATH_MAX];
    int n;

    if (list_has(image_variable(image, "LD_PRELOAD"), " :", false, library, library)) {
        strcpy(words, "LD_PRELOAD");
        return true;
    }
    if (is_preloaded_for_all(library)) {
        strcpy(words, "/etc/ld.so.preload");
        return true;
    }
    if (!needs)
        n = snprintf(words, ORIGIN_SIZE, "dlopen, as nothing here is linked with it; ");
    else
        n = snprintf(words, ORIGIN_SIZE, "%s needs it; ", file_name(needs->path));
    char *rest = words + n;
    size_t size = ORIGIN_SIZE - (size_t)n;

    if ((finder = who_finds(image, library, &rpath)))
        snprintf(rest, size, "found by the RPATH of %s", finder->path);
    else if (list_has(image_variable(image, "LD_LIBRARY_PATH"), ":;", true, library, library))
        snprintf(rest, size, "found by LD_LIBRARY_PATH");
    else if ((finder = who_finds(image, library, &runpath)))
        snprintf(rest, size, "found by the RUNPATH of %s", finder->path);
    else if (find_conf(library, conf))
        snprintf(rest, size, "found by ld.so.conf (%s)", conf);
    else if (is_in_default_folder(library))
        snprintf(rest, size, "found in a default folder");
    else
        snprintf(rest, size, "the loader looks in no such folder: by its path");
    return false;
}
