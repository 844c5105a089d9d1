# SPDX-License-Identifier: MIT
#
# Sourced by run, in its namespaces: a Debian 12 system with programs that use libffi exchanges it for ours and back,
# by apt and by dpkg, and has a libffi.so.8 at every moment.

debian_line='deb [trusted=yes] file:/srv/packages ./'

# runs_on WHEN PATH: programs that nobody told anything work, and are on this library; nothing is broken.
runs_on() {
    local program
    for program in ctypes gi apt; do
        same "$1: the library of $program" "$2" "$(inside python3 -IB /srv/proof.py $program 2>&1)"
    done
    sound "$1"
}

sound() {
    same "$1: dpkg --audit" "" "$(inside dpkg --audit 2>&1)"
    works "$1: apt-get check" tree_apt check || :
}

listing() { find "$root$folder" -maxdepth 1 -name 'libffi.so.8*' -printf '%f %l\n' | sort; }

dpkgs_own="gone: dpkg dpkg-deb dpkg-split tar"

# exchange WHAT MOMENTS COMMAND...: the command works, and these programs are all that was started while there was no
# libffi.so.8 in its folder.
exchange() {
    local log="$RX_WORK/${1// /-}"
    listing >"$log.before"
    works "$1" inside strace -f -s 1000 -o /srv/trace \
        -e trace=execve,rename,renameat,renameat2,unlink,unlinkat,symlink,symlinkat,link,linkat \
        env DEBIAN_FRONTEND=noninteractive "${@:3}" || return
    listing >"$log.after"
    mv "$root/srv/trace" "$log.trace"
    same "$1: when there was no libffi.so.8" "$2" \
        "$(/usr/bin/python3 -IB "$here/trace.py" "$folder/libffi.so.8" "$log.trace" "$log.before" "$log.after" 2>&1)"
}

prepare_system() {
    root=$system_root
    tree_make
    tree_mount
    works "the system's lists" tree_apt update || return
    works "the system's programs" tree_install python3 python3-gi gir1.2-glib-2.0 strace || return
    folder=/usr/lib/$(inside python3 -c 'import sysconfig; print(sysconfig.get_config_var("MULTIARCH"))')
    theirs=$(inside readlink -f "$folder/libffi.so.8")
    ours=$folder/libffi.so.8.6.0 aside=$folder/rxffi/libffi.so.8.6.0
    cp -r "$RX_WORK/packages" "$root/srv/"
    cp "$here/proof.py" "$root/srv/"
    echo "$debian_line" >"$root/etc/apt/sources.list.d/rxffi.list"
    works "our packages in the lists" tree_apt update
}

# What is aside changes nothing until it is asked for.
try_aside() {
    say "beside the system's libffi"
    works "rxffi" tree_apt install rxffi || return
    same "what apt removes for it" "" "$(grep -A1 'will be REMOVED' "$RX_WORK/rxffi.log")"
    runs_on "beside it" "$theirs"
    same "by rxffi-run" "$aside" "$(inside rxffi-run -- python3 -IB /srv/proof.py ctypes 2>&1)"
    same "by LD_LIBRARY_PATH" "$aside" \
        "$(inside env LD_LIBRARY_PATH="$folder/rxffi" python3 -IB /srv/proof.py ctypes 2>&1)"
    works "rxffi taken away" tree_apt purge --autoremove rxffi
    same "what is left of it" "" "$(inside dpkg-query -W -f '${Package} ${Status}\n' '*rxffi*' 2>/dev/null)"
}

# By apt, which removes the one package before it unpacks the other.
try_apt() {
    say "apt install libffi8-rxffi, once the loader knows the library that is aside"
    works "libffi8-rxffi-aside" tree_apt install libffi8-rxffi-aside || return
    works "the loader told" inside ldconfig "$folder/rxffi" || return
    works "libffi8 taken away" inside dpkg --no-triggers --force-depends --remove libffi8 || return
    same "a program between the two" "$aside" "$(inside python3 -IB /srv/proof.py ctypes 2>&1)"
    works "libffi8-rxffi after it" tree_apt install libffi8-rxffi || return
    runs_on "in its place" "$ours"

    say "apt install libffi8"
    works "libffi8-rxffi taken away" inside dpkg --no-triggers --force-depends --remove libffi8-rxffi || return
    same "a program on the way back" "$aside" "$(inside python3 -IB /srv/proof.py ctypes 2>&1)"
    works "libffi8 after it" tree_apt install libffi8 || return
    runs_on "back" "$theirs"
    works "all of it taken away" tree_apt purge --autoremove libffi8-rxffi-aside

    say "the same in one command each"
    exchange "apt install libffi8-rxffi" "$dpkgs_own" apt-get -q -y install libffi8-rxffi
    runs_on "in its place by one command" "$ours"
    works "a package that apt fetches" tree_apt install hello
    same "files of the package that have changed" "" "$(inside dpkg -V libffi8-rxffi libffi8-rxffi-aside)"
    exchange "apt install libffi8" "$dpkgs_own" apt-get -q -y install libffi8
    runs_on "back by one command" "$theirs"
    works "all of it taken away again" tree_apt purge --autoremove libffi8-rxffi-aside hello
}

# By dpkg, which exchanges the library in one step.
try_dpkg() {
    say "dpkg -i"
    exchange "dpkg -i" never sh -c 'exec dpkg -i /srv/packages/libffi8-rxffi-aside_*_"$1".deb \
        /srv/packages/libffi8-rxffi_*_"$1".deb' sh "$native"
    runs_on "in its place by dpkg" "$ours"
}

# The same packages of another architecture, beside these.
try_foreign() {
    say "beside those of $foreign"
    works "the other architecture's lists" inside sh -ec 'dpkg --add-architecture "$1" && apt-get -q update' sh "$foreign" || return
    works "libffi8-rxffi of two architectures" tree_apt install "libffi8-rxffi:$foreign" || return
    same "libffi8-rxffi of two architectures: which" "$(printf '%s\n' "$native" "$foreign" | sort)" \
        "$(inside dpkg-query -W -f '${Architecture}\n' libffi8-rxffi | sort)"
    runs_on "beside that of another architecture" "$ours"
}

try_system() {
    local before
    prepare_system || return
    before=$(inside dpkg-query -W)
    runs_on "at first" "$theirs"
    try_aside || :
    try_apt || :
    same "the packages of the system" "$before" "$(inside dpkg-query -W)"
    same "the libraries" "$(basename "$theirs")" "$(cd "$root$folder" && ls libffi.so.8.*)"
    try_dpkg || :
    try_foreign || :
}
