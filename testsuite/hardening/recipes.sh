# SPDX-License-Identifier: MIT
#
# recipes: how the programs of this suite are made, or had from a folder where they have been made.
#
# Sourced by `run`, which has the words that are used here.
# shellcheck shell=bash disable=SC2154

# make_program NAME SOURCES FLAG...: SOURCES are patterns, below this folder.
make_program() {
    local name=$1 sources=$2
    shift 2
    # shellcheck disable=SC2059,SC2086
    sources=$(cd "$here" && printf "$here/%s\n" $sources)
    # CC may come with options of its own, and no path of ours has blanks in it.
    # shellcheck disable=SC2086
    $CC -D_GNU_SOURCE -Wall -Wextra -O1 -I"$RX_INCLUDEDIR" -o "$name" $sources "$@" \
        > "cc.$name" 2>&1
}

must_make() {
    make_program "$@" && return
    fail "$1 compiles" "a program" "$(cat "cc.$1")"
    finish
}

# ---- Programs that are told by their names

# The library that is tested, and its archive; the folder from which programs load it.
target=$(readlink -f "${HARDENING_LIBRARY:-$library}")
target_archive=${HARDENING_ARCHIVE:-$RX_LIBDIR/libffi.a}
lib=$work/hostile/lib

# Sets $recipe: the sources, and flags.
recipe_of() {
    local callbacks='hostile/marks.c hostile/callbacks.c' kind=${1#fake-}
    case $1 in
    observe) recipe=('observe/*.c') ;;
    under) recipe=('hostile/*.c' -fPIE -pie "$target" -pthread) ;;
    # Without RELRO, start-up code needs no mprotect; at a fixed address, no loader.
    under-static) recipe=('hostile/*.c' -DSTATIC -static -Wl,-z,norelro "$target_archive" -pthread) ;;
    # The loader obeys no variable where a program is set-uid.
    under-setuid) recipe=('hostile/*.c' -fPIE -pie "$target" -Wl,-rpath,"$lib" -pthread) ;;
    misuse) recipe=(programs/misuse.c -fPIE -pie "$target" -ldl) ;;
    at_once) recipe=(programs/at_once.c -fPIE -pie "$target" -ldl -pthread) ;;
    loading) recipe=("programs/loading.c $callbacks" -ldl) ;;
    sealed-program) recipe=("programs/sealed.c $callbacks" "$target") ;;
    shapes) recipe=(gdb/shapes.c -g -fno-omit-frame-pointer "$target") ;;
    attempt) recipe=('rxffi-run/attempt/*.c' -pthread -ldl) ;;
    attempt-static) recipe=('rxffi-run/attempt/*.c' -DSTATIC -static -pthread) ;;
    closures) recipe=(rxffi-run/closures.c "$library" -ldl) ;;
    kernel | setcap | say) recipe=("rxffi-run/$1.c") ;;
    say-static | say-static-pie) recipe=(rxffi-run/say.c "${1#say}") ;;
    say-stack) recipe=(rxffi-run/say.c -Wl,-z,execstack) ;;
    fake-*) recipe=(rxffi-run/fake.c "-DFAKE_${kind^^}" -shared -fPIC -Wl,-soname,libffi.so.8) ;;
    esac
}

# have NAME: such a program, in the current folder; without a complaint.
have() {
    local recipe
    if [ -n "${HARDENING_MADE-}" ]; then
        cp "$HARDENING_MADE/$1" . 2> "cc.$1"
    else
        recipe_of "$1"
        make_program "$1" "${recipe[@]}"
    fi
}

must_have() {
    have "$1" && return
    fail "$1 compiles" "a program" "$(cat "cc.$1")"
    finish
}

# ---- The library, built in another way

# What it is built of: a copy, as the folder may be one that is configured already.
copy_sources() {
    mkdir -p "$1" && (cd "$RX_SRCDIR" && tar c --exclude='*.o' --exclude='*.lo' --exclude=.libs \
        --exclude=.deps --exclude=.dirstamp --exclude=ffi.h configure aclocal.m4 Makefile.in config.h.in \
        libffi.pc.in include src build-aux) | tar x -C "$1"
}

# One that seals itself, in sealed/.libs of the current folder.
build_sealed() {
    if [ -n "${HARDENING_MADE-}" ]; then
        mkdir -p sealed && cp -R "$HARDENING_MADE/sealed/.libs" sealed
        return
    fi
    copy_sources sealed && (cd sealed && ./configure -q --disable-maintainer-mode --enable-mseal CC="$CC" \
        ${RX_TOOLS:+--host="${RX_TOOLS%-}"} && ${MAKE:-make} libffi.la)
}

# Another C library, for musl.sh. Sets $musl_cc; in a cross build that is the cross compiler, told what Debian's
# package for that architecture says. Fails where there is no musl.
find_musl() {
    local sysroot
    if [ -n "${HARDENING_MADE-}" ]; then return; fi
    musl_cc=musl-gcc kernel_headers=/usr/include
    if [ -n "$RX_TOOLS" ]; then
        sysroot=$("$RX_SRCDIR/testsuite/sysroot") &&
            sed "s|/usr/|$sysroot/usr/|g" "$sysroot"/usr/lib/*-musl/musl-gcc.specs > musl.specs || return
        musl_cc="${RX_TOOLS}gcc -specs $PWD/musl.specs" kernel_headers=/usr/${RX_TOOLS%-}/include
    fi
    command -v "${musl_cc%% *}" > musl.path
}

# under-musl and jumps-musl, in the current folder. The kernel's headers are no part of musl.
build_for_musl() {
    local static="-I$RX_SRCDIR/src/${RX_HOST%%-*} -static -Wl,-z,norelro musl/.libs/libffi.a -pthread"
    if [ -n "${HARDENING_MADE-}" ]; then
        have under-musl && have jumps-musl
        return
    fi
    copy_sources musl && (cd musl && ./configure -q --disable-maintainer-mode CC="$musl_cc" --disable-shared \
        --with-pool="$pool" ${RX_TOOLS:+--host="${RX_TOOLS%-}"} && ${MAKE:-make} libffi.la) || return
    local CC="$musl_cc -idirafter $kernel_headers -idirafter $kernel_headers/$($CC -print-multiarch)"
    local RX_INCLUDEDIR=$PWD/musl/include
    # shellcheck disable=SC2086
    make_program under-musl 'hostile/*.c' -DSTATIC $static && make_program jumps-musl programs/jumps.c $static
}

# The library and what uses it, for tsan.sh; its run-time in them, where they are to run elsewhere.
make_tsan_programs() {
    local program arch=${RX_HOST%%-*}
    local library="../../src/*.c ../../src/$arch/*.[cS]"
    local flags="-fsanitize=thread -g -std=gnu11 -fno-strict-aliasing -fexceptions
        -I$RX_BUILDDIR -I$RX_BUILDDIR/include -I$RX_SRCDIR/include -I$RX_SRCDIR/src -I$RX_SRCDIR/src/$arch -pthread"
    [ "$arch" != x86_64 ] || flags="$flags -fcf-protection=full"
    [ -z "${HARDENING_MAKE-}" ] || flags="$flags -static-libtsan"
    # shellcheck disable=SC2086
    for program in "under-tsan|hostile/*.c" "queues-tsan|programs/queues.c" "attributed-tsan|programs/attributed.c"; do
        if [ -n "${HARDENING_MADE-}" ]; then
            have "${program%|*}" || return
        else
            make_program "${program%|*}" "${program#*|} $library" $flags || return
        fi
    done
}

# ---- For a machine without a compiler

# made WHAT LOG COMMAND
made() {
    if "$3" > "$2" 2>&1; then pass; else fail "$1" "it can be made" "$(tail -q -n 3 "$2" cc.*)"; fi
}

# Makes what HARDENING_PARTS can be run with there, in the folder HARDENING_MAKE.
make_all() {
    local name
    cd "$HARDENING_MAKE" || exit 1
    for name in observe under under-static under-setuid misuse at_once loading sealed-program shapes attempt \
        attempt-static closures kernel setcap say{,-static,-static-pie,-stack} fake-{empty,unbound,none,wrong,crash,wx,view}; do
        must_have "$name"
        pass
    done
    made "a library that seals itself" sealed.log build_sealed
    if find_musl; then
        made "programs with musl" musl.log build_for_musl
    else
        skip "no musl here"
    fi
    if echo 'int main(void) { return 0; }' | $CC -fsanitize=thread -static-libtsan -xc - -o tsan-works 2> tsan.err; then
        made "programs with ThreadSanitizer" tsan.log make_tsan_programs
    else
        skip "no ThreadSanitizer here"
    fi
}
