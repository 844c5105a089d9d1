# SPDX-License-Identifier: MIT
#
# Sourced by run, in its namespaces, after build.sh and in its system: the RPM package is built and read, and what
# the APKBUILD says is done, with Debian's tools and C library in place of Alpine's.

# of_rpm PACKAGE OPTION...: what rpm says of one that was built.
of_rpm() {
    inside sh -c 'package=$1 && shift && exec rpm -qp "$@" /srv/rpm/RPMS/*/"$package"-[0-9]*.rpm' sh "$@" 2>/dev/null
}

try_rpm() {
    local package ffi_version
    ffi_version=$(sed -n 's/^%global ffi_version //p' "$RX_SRCDIR/packaging/rpm/rxffi.spec")
    say "rpmbuild"
    works "an installation of rpm" tree_install rpm rpmlint || return
    mkdir -p "$root"/srv/rpm/{SOURCES,SPECS}
    cp "$root/srv/source/rxffi_$version.orig.tar.xz" "$root/srv/rpm/SOURCES/rxffi-$version.tar.xz"
    git -C "$RX_SRCDIR" archive HEAD packaging | tar -C "$root/srv" -x
    cp "$root"/srv/packaging/rpm/* "$root/srv/rpm/SPECS/"
    inside chown -R one: /srv/rpm /srv/packaging
    # What it asks for is there, but not in rpm's own list of what is installed.
    works "rpmbuild" inside unshare --net setpriv --reuid=one --regid=one --clear-groups env HOME=/home/one \
        rpmbuild -ba --nodeps -D '_topdir /srv/rpm' /srv/rpm/SPECS/rxffi.spec || return
    works "rpmlint" inside sh -c \
        'exec rpmlint -r /srv/rpm/SPECS/rxffi.rpmlintrc /srv/rpm/SPECS/rxffi.spec /srv/rpm/*RPMS/*.rpm /srv/rpm/RPMS/*/*.rpm' || :
    same "rpmlint" " 0 errors, 0 warnings" "$(grep -oE ' [0-9]+ errors, [0-9]+ warnings' "$RX_WORK/rpmlint.log")"

    for package in rxffi libffi-rxffi libffi-rxffi-aside libffi-rxffi-devel libffi-rxffi-static; do
        same "$package.rpm: how many" 1 "$(find "$root/srv/rpm/RPMS" -name "$package-[0-9]*.rpm" | wc -l)"
    done
    same "libffi-rxffi.rpm provides the symbols" "libffi.so.8(LIBFFI_BASE_8.0)(64bit)" \
        "$(of_rpm libffi-rxffi --provides | grep -F '(LIBFFI_BASE_8.0)')"
    same "libffi-rxffi.rpm provides libffi" "libffi = $ffi_version" "$(of_rpm libffi-rxffi --provides | grep -x 'libffi = .*')"
    same "libffi-rxffi.rpm conflicts" "libffi" "$(of_rpm libffi-rxffi --conflicts)"
    same "libffi-rxffi-aside.rpm provides no symbol" "" "$(of_rpm libffi-rxffi-aside --provides | grep -F libffi.so)"
    same "rxffi.rpm has rxffi-run" "/usr/bin/rxffi-run" "$(of_rpm rxffi -l | grep bin/)"
}

try_alpine() {
    say "what the APKBUILD says"
    works "an installation of shellcheck" tree_install shellcheck || return
    works "shellcheck" inside shellcheck -s sh -e SC2034,SC2154 /srv/packaging/alpine/APKBUILD || :
    cp "$here/abuild" "$root/srv/"
    works "the functions of the APKBUILD" inside unshare --net setpriv --reuid=one --regid=one --clear-groups \
        env HOME=/home/one sh /srv/abuild /srv/packaging/alpine /srv/rpm/SOURCES || return
    same "the files of Alpine's packages, but manual pages" "$(cat "$here/alpine.files")" "$(grep -v /man3/ "$root/srv/packaging/alpine/files")"
}

try_others() {
    try_rpm || :
    try_alpine || :
}
