/* SPDX-License-Identifier: MIT
 *
 * What the kernel says of this process's memory: proc(5), smaps_rollup and maps.
 *
 * Reading must not change what is read. So nothing here allocates, and nothing touches a page
 * that the first reading has not touched.
 */
#include "bench.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char text[16384];

/* Bytes of the line that begins with `name`, 0 when there is none. */
static double bytes(const char *name)
{
    const char *line = strstr(text, name);
    return line ? strtod(line + strlen(name), NULL) * 1024 : 0;
}

/* Pss counts a page that several mappings show, of this process or of others, in parts that add
 * up to one page: memory that is mapped twice is not counted twice. */
void memory_read(struct memory *memory)
{
    int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (length <= 0)
        die("cannot read /proc/self/smaps_rollup");
    close(fd);
    text[length] = '\0';
    memory->pss = bytes("\nPss:");
    memory->private_clean = bytes("\nPrivate_Clean:");
    memory->private_dirty = bytes("\nPrivate_Dirty:");
}

size_t memory_mappings(void)
{
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die("cannot read /proc/self/maps");
    size_t lines = 0;
    ssize_t length;
    while ((length = read(fd, text, sizeof text)) > 0)
        for (ssize_t i = 0; i < length; i++)
            lines += text[i] == '\n';
    close(fd);
    return lines;
}
