# SPDX-License-Identifier: MIT
#
# Sourced by what tries something in a Debian 12 of its own: a minimal one, made by debootstrap in a folder of
# the build tree, with a root file system, mounts, /dev and process numbers of its own, in namespaces that end
# with the program that made them, however it ends: nothing stays mounted and nothing stays running. The
# packages come from where apt on this machine takes them. It needs root, and the network.
#
#     suite=NAME tree_cache=FOLDER; . testsuite/debian-tree.sh
#
#     tree_needs                   prints why it cannot be done here, and fails; or is silent
#     tree_namespaces COMMAND...   runs it in the namespaces, in which the others can be used
#     tree_end                     ends what is left of that; for a trap
#     root=FOLDER; tree_make       unpacks the base system there; makes it first if there is none
#     tree_mount                   mounts what a system has mounted
#     inside COMMAND...            runs it in the tree, in an environment of nothing, as root
#     tree_apt ARGUMENT...         apt-get there, which asks nothing
#     tree_install PACKAGE...      installs these, and what they need
#     tree_commit FOLDER           prints which commit of the repository is tried
#     tree_remove                  takes the tree away
#
# FOLDER is for what outlives a tree: base.tar, the base system, and archives, the packages that apt has fetched.
#
#   FRESH_BASE      another file for the base system: unpacked if it exists, else made
#   FRESH_MIRROR    a Debian mirror, where apt knows none (a machine that is no Debian 12)

PATH=$PATH:/usr/sbin:/sbin
tree_release=bookworm
tree_base=${FRESH_BASE:-$tree_cache/base.tar}

tree_say() { printf '\n%s: %s\n' "${suite:?}" "$*"; }

tree_die() {
    tree_say "$*" >&2
    exit 1
}

tree_needs() {
    if [[ $(id -u) != 0 ]]; then
        echo "needs root: it makes a system of its own, with mounts"
    elif ! unshare --mount --pid --fork --kill-child true 2>/dev/null; then
        echo "needs mount and process namespaces of its own, and unshare is refused here"
    else
        return 0
    fi
    return 1
}

# ---- The namespaces: they end with their first process, and that with the program that made them.

tree_namespaces() {
    unshare --mount --pid --fork --kill-child --propagation private "$@" &
    tree_child=$!
    wait "$tree_child"
}

tree_end() {
    [[ -n ${tree_child-} ]] || return 0
    kill -KILL "$tree_child" 2>/dev/null || :
    wait "$tree_child" 2>/dev/null || :
}

tree_remove() {
    rm -rf --one-file-system "$root" || { sleep 1 && rm -rf --one-file-system "$root"; }
}

# ---- The machine's apt, and the same for the tree

# Lines of "URI release component" of the Debian that apt knows.
tree_targets() {
    if [[ -n ${FRESH_MIRROR-} ]]; then
        echo "$FRESH_MIRROR $tree_release main"
    elif command -v apt-get >/dev/null; then
        apt-get indextargets --format '$(CODENAME) $(REPO_URI) $(RELEASE) $(COMPONENT)' \
            'Created-By: Packages' 'Origin: Debian' |
            sed -nE "s/^$tree_release(-updates|-security)? //p" | sort -u
    fi
}

# The proxy that apt uses, for what fetches without apt.
tree_proxy() {
    local http_proxy=${http_proxy-}
    command -v apt-config >/dev/null && eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
    printf '%s' "$http_proxy"
}

# ---- The tree

tree_bootstrap() {
    local mirror with=()
    mirror=$(tree_targets | awk -v r="$tree_release" '$2 == r && $3 == "main" { print $1; exit }')
    [[ -n $mirror ]] || tree_die "apt knows no mirror of Debian $tree_release: name one in FRESH_MIRROR"
    [[ $mirror != https:* ]] || with=(--include=ca-certificates)
    tree_say "debootstrap --variant=minbase $tree_release, from $mirror"
    http_proxy=$(tree_proxy) debootstrap --variant=minbase "${with[@]}" "$tree_release" "$root" "$mirror" |
        grep -vE '^I: (Retrieving|Validating|Unpacking|Configuring|Extracting)' ||
        tree_die "debootstrap failed"
    rm -f "$root"/var/cache/apt/archives/*.deb
    tar -C "$root" -cf "$tree_base.new" . && mv "$tree_base.new" "$tree_base"
}

tree_make() {
    local uri name component
    rm -rf --one-file-system "$root" && mkdir -p "$root" "$tree_cache"
    # The repository, whoever owns it: it is only read.
    printf '[safe]\n\tdirectory = *\n' >"$tree_cache/gitconfig"
    export GIT_CONFIG_GLOBAL=$tree_cache/gitconfig
    if [[ -f $tree_base ]]; then
        tree_say "the base system is unpacked from $tree_base"
        tar -C "$root" -xpf "$tree_base"
    else
        tree_bootstrap
    fi

    tree_targets | while read -r uri name component; do
        echo "deb $uri $name $component"
    done >"$root/etc/apt/sources.list"
    if command -v apt-config >/dev/null; then
        apt-config dump Acquire |
            grep -E '^Acquire::(Check-[A-Za-z-]+|Languages|Retries|https?::Proxy(::.*)?) ' \
                >"$root/etc/apt/apt.conf.d/90way-in" || :
    fi
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    echo '127.0.0.1 localhost fresh' >"$root/etc/hosts"
    echo fresh >"$root/etc/hostname"
}

# Its own /proc, /dev with what a program may expect of one, and fetched packages that outlive the
# tree.
tree_mount() {
    local node
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --bind /sys "$root/sys"
    mount -o remount,ro,bind "$root/sys"
    mount -t tmpfs -o mode=755 dev "$root/dev"
    for node in null zero full random urandom tty; do
        : >"$root/dev/$node"
        mount --bind "/dev/$node" "$root/dev/$node"
    done
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    for node in 0:stdin 1:stdout 2:stderr; do
        ln -s "fd/${node%:*}" "$root/dev/${node#*:}"
    done
    mkdir -p "$tree_cache/archives/partial"
    mount --bind "$tree_cache/archives" "$root/var/cache/apt/archives"
}

# The root is pivoted: in a chroot the kernel would refuse some of what tests do.
inside() {
    unshare --mount --uts --propagation private sh -c '
        cd "$1" && shift && pivot_root . mnt && hostname fresh 2>/dev/null
        exec chroot . sh -c "umount -l /mnt && exec \"\$@\"" sh "$@"' sh "$root" \
        env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        LANG=C.UTF-8 TERM="${TERM:-dumb}" ${http_proxy:+http_proxy="$http_proxy"} \
        ${https_proxy:+https_proxy="$https_proxy"} "$@" </dev/null
}

tree_apt() {
    inside env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@"
}

tree_install() { tree_apt install --no-install-recommends "$@"; }

tree_commit() {
    git -C "$1" log -1 --format='%h %s' || tree_die "there is no commit in $1"
    [[ -z $(git -C "$1" status --porcelain) ]] ||
        echo "note: the working tree has changes that are not committed; they are not tried"
}
