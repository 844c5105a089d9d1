# SPDX-License-Identifier: MIT
#
# run: the library where much is denied. Makes the programs that the parts of this folder use, and has their
# words.
#
# Every program runs below `observe`, which tells what was wrong; nothing is a pass. It is linked to one
# libffi.so.8 and run on the one in LD_LIBRARY_PATH; which that was is compared.
#
# Sourced by the suite's `run`, which has the words that are used here.
# shellcheck shell=bash disable=SC2034,SC2154

mkdir -p hostile && cd hostile || exit 1

target=$(readlink -f "${HARDENING_LIBRARY:-$library}")
target_archive=${HARDENING_ARCHIVE:-$RX_LIBDIR/libffi.a}
# How many closures the built-in pool has, and a number past it.
pool=$(sed -n 's/^#define RX_POOL_SIZE //p' "$RX_BUILDDIR/config.h" 2> /dev/null)
pool=${pool:-16384}
past=$((pool + pool / 4))

mkdir -p lib && cp "$target" lib/libffi.so.8
lib=$PWD/lib

# ---- Observing

# observe FOLDER LIBRARY OPTION... PROGRAM ARGUMENT...: runs it on the libffi.so.8 in the folder, in an empty
# folder of its own. Leaves what the observer said in `said`, and its status in $status.
observe() {
    local folder=$1 expected=$2
    shift 2
    rm -rf --one-file-system in && mkdir in
    (cd in && LD_LIBRARY_PATH=$folder exec timeout 120 ../observe --library="$expected" "$@") \
        > said 2> err < /dev/null
    status=$?
}

# judge WHAT: pass, skip or fail by what was observed. Sets $verdict to a word.
judge() {
    case $status in
    0) pass && verdict=right ;;
    77) skip "$(sed -n 's/^skip //p' said)" && verdict=skipped ;;
    *)
        verdict=WRONG
        fail "$1" "no fault" "$(sed -n 's/^fault //p' said | head -n 3 | paste -sd ';') $(tail -n 2 err)"
        ;;
    esac
}

# row TITLE VERDICTS: the row's line.
row() {
    printf '%s: %-62s %s\n' "$suite" "$1" "$2"
}

figures() {
    sed -n 's/^figure /; /p' said | paste -sd ''
}

# ---- The programs

section "hostile: making the programs"
must_make observe 'observe/*.c'
must_make under 'hostile/*.c' -fPIE -pie "$target" -pthread
# Without RELRO, start-up code needs no mprotect; at a fixed address, no loader.
have_static=
make_program under-static 'hostile/*.c' -DSTATIC -static -Wl,-z,norelro "$target_archive" -pthread &&
    have_static=yes

for part in conditions; do
    # shellcheck source=/dev/null
    . "$here/hostile/$part.sh"
done
cd "$work" || exit 1
