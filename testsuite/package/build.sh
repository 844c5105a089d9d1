# SPDX-License-Identifier: MIT
#
# Sourced by run, in its namespaces: Debian's packages are built in a system of their own, of which nothing
# is known but debian/control. RX_WORK/packages has them afterwards, for apt to take them from.
#
# native and foreign are Debian's names of the machine's architecture and of the other one.

# The same commit makes the same source package. Upstream's tarball has no debian/ in it.
make_source() {
    local place=$root/srv/source
    version=$(sed -n 's/^AC_INIT(\[rxffi\], \[\([^]]*\)\].*/\1/p' "$RX_SRCDIR/configure.ac")
    mkdir -p "$place"
    git -C "$RX_SRCDIR" archive --prefix="rxffi-$version/" HEAD -- . ':(exclude)debian' |
        xz -T1 >"$place/rxffi_$version.orig.tar.xz"
    git -C "$RX_SRCDIR" archive --prefix="rxffi-$version/" HEAD | tar -C "$place" -x
    inside sh -ec 'cd /srv/source && dpkg-source -b "$1" && rm -r "$1"' sh "rxffi-$version"
}

# build USER FOLDER COMMAND... : unpacks the source package as FOLDER, and runs the command there, as one who is
# not root and has no network.
build() {
    inside sh -ec 'user=$1 folder=$2 && shift 2
        id "$user" >/dev/null 2>&1 || useradd -m "$user"
        mkdir -p "${folder%/*}" && chown "$user" "${folder%/*}"
        exec unshare --net setpriv --reuid="$user" --regid="$user" --clear-groups \
            env HOME="/home/$user" USER="$user" sh -ec "
                folder=\$1 && shift && dpkg-source -x /srv/source/*.dsc \"\$folder\" && cd \"\$folder\" && exec \"\$@\"" \
            sh "$folder" "$@"' sh "$@"
}

sums() { (cd "$root/$1" && sha256sum -- *.deb); }

# build_dependencies OPTION...: what debian/control asks for.
build_dependencies() {
    inside sh -ec 'cd /srv && dpkg-source -x source/*.dsc unpacked && cd unpacked && export DEBIAN_FRONTEND=noninteractive
        apt-get -q -y -o Dpkg::Use-Pty=0 build-dep --no-install-recommends "$@" ./
        cd .. && rm -r unpacked' sh "$@"
}

# Whatever may differ from builder to builder does: who, where, when, in which language, and how many at a time.
try_twice() {
    say "dpkg-buildpackage, without a network, with the tests"
    works "the build" build one /srv/one/rxffi dpkg-buildpackage -us -uc || return
    tail -n 400 "$RX_WORK/the-build.log" | grep -E '^(unit|elf): ' || :
    same "the suites of a package's build" "elf: 0 failed unit: 0 failed" "$(sed -nE \
        's/^(unit|elf): [1-9][0-9]* passed, ([0-9]+ failed).*/\1: \2/p' "$RX_WORK/the-build.log" | sort -u | paste -sd ' ')"

    say "and once more: another user, place, date, time zone, language, umask, number of jobs; no tests"
    works "what makes the second build another" tree_install locales faketime || return
    works "a locale" inside localedef -i de_DE -f UTF-8 de_DE.UTF-8 || return
    works "the second build" build another /srv/a/place/elsewhere env TZ=Pacific/Kiritimati LANG=de_DE.UTF-8 \
        DEB_BUILD_OPTIONS="nocheck parallel=1" faketime '+400 days' \
        sh -c 'umask 0077 && exec dpkg-buildpackage -us -uc' || return
    same "the packages of the second build" "$(sums srv/one)" "$(sums srv/a/place)"
    same "suites run under nocheck" "" "$(grep -E '^(unit|elf): ' "$RX_WORK/the-second-build.log")"
}

try_lintian() {
    say "lintian"
    inside setpriv --reuid=one --regid=one --clear-groups env HOME=/home/one sh -c \
        'cd "/srv/$1" && shift && exec lintian --display-info --show-overrides "$@"' sh "$2" \
        "$(cd "$root/srv/$2" && echo *_"$1".changes)" >"$RX_WORK/lintian-$1.log" 2>&1 || :
    same "lintian, of $1" "" "$(grep -E '^[EWI]:|rror|arning' "$RX_WORK/lintian-$1.log")"
    grep -E '^O:' "$RX_WORK/lintian-$1.log" || :
}

try_cross() {
    say "dpkg-buildpackage -a$foreign"
    works "the other architecture" inside sh -ec 'dpkg --add-architecture "$1" && apt-get -q update' sh "$foreign" || return
    works "cross compilers" tree_install "crossbuild-essential-$foreign" "libc6-dev:$foreign" || return
    works "what a cross build depends on" build_dependencies "-a$foreign" -Pcross,nocheck || return
    works "the cross build" build one /srv/foreign/rxffi env DEB_BUILD_OPTIONS=nocheck \
        dpkg-buildpackage -us -uc "-a$foreign" -Pcross,nocheck || return
}

# The packages that are built, and dbgsym packages beside them.
try_contents() {
    local package
    for package in libffi8-rxffi libffi8-rxffi-aside libffi-rxffi-dev rxffi; do
        same "$package of $1: how many" 1 "$(ls "$root/srv/$2/${package}_"*"_$1.deb" 2>/dev/null | wc -l)"
    done
    same "the library of $1, in its two packages" 1 "$(for package in libffi8-rxffi libffi8-rxffi-aside; do
        inside sh -c "dpkg-deb --fsys-tarfile /srv/$2/${package}_*_$1.deb | tar -xO --wildcards '*/libffi.so.8.*'" |
            sha256sum; done | sort -u | wc -l)"
    cp "$root/srv/$2"/*.deb "$root/srv/packages/"
}

try_build() {
    root=$build_root
    tree_make
    tree_mount
    say "the commit: $(tree_commit "$RX_SRCDIR")"
    say "a system to build in, with what debian/control asks for"
    works "the lists of packages" tree_apt update || return
    works "a compiler" tree_install build-essential || return
    native=$(inside dpkg --print-architecture)
    case $native in amd64) foreign=arm64 ;; *) foreign=amd64 ;; esac
    works "the source package" make_source || return
    works "what a build depends on" build_dependencies || return
    mkdir "$root/srv/packages"
    try_twice || return
    try_contents "$native" one
    try_cross && try_contents "$foreign" foreign
    works "an index of the packages" inside sh -ec 'cd /srv/packages && dpkg-scanpackages -m . >Packages' || return
    cp -r "$root/srv/packages" "$RX_WORK/" || return
    works "an installation of lintian" tree_install lintian || return
    try_lintian "$native" one
    try_lintian "$foreign" foreign
    say "autopkgtest"
    works "an installation of autopkgtest" tree_install autopkgtest || return
    # It takes nothing away that a test's dependencies are in conflict with.
    works "a system without libffi-dev" tree_apt purge --autoremove libffi-dev || return
    works "autopkgtest" inside sh -c 'autopkgtest /srv/one/*.changes -- null' || :
    grep -E '^(strict|in-place|client) +' "$RX_WORK/autopkgtest.log" || :
    same "what autopkgtest says" "client PASS in-place PASS strict PASS" "$(sed -nE \
        's/^(strict|in-place|client) +([A-Z]+).*/\1 \2/p' "$RX_WORK/autopkgtest.log" | sort -u | paste -sd ' ')"
}
