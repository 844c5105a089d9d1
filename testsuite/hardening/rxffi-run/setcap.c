/* SPDX-License-Identifier: MIT
 *
 * setcap: gives a file a capability, as setcap(8) does with cap_net_raw+ep. Without privileges it
 * does so as the root of a user namespace of its own, where the kernel writes down whose root
 * that was (user_namespaces(7)). Exit status 0 if the file has the capability then.
 */
#include <endian.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define CAP_NET_RAW_BIT (1u << 13)

static int set(const char *path)
{
    struct vfs_cap_data data = {
        .magic_etc = htole32(VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE),
        .data = {{.permitted = htole32(CAP_NET_RAW_BIT)}},
    };
    return setxattr(path, "security.capability", &data, sizeof data, 0);
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return good ? 0 : -1;
}

static int become_root_of_a_namespace(void)
{
    char users[64], groups[64];
    snprintf(users, sizeof users, "0 %u 1", (unsigned)getuid());
    snprintf(groups, sizeof groups, "0 %u 1", (unsigned)getgid());
    if (unshare(CLONE_NEWUSER) != 0 || write_file("/proc/self/uid_map", users) != 0 ||
        write_file("/proc/self/setgroups", "deny") != 0 ||
        write_file("/proc/self/gid_map", groups) != 0)
        return -1;
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    if (set(argv[1]) == 0)
        return 0;
    return become_root_of_a_namespace() == 0 && set(argv[1]) == 0 ? 0 : 1;
}
