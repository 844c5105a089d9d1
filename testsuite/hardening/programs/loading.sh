# SPDX-License-Identifier: MIT
#
# loading: the library loaded late, into a name space of its own, from memory, from a path with blanks, and
# loaded and unloaded again and again.
#
# Sourced by `programs/run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2034,SC2154

section "programs: loading"
must_have loading

mkdir -p 'a path with blanks' && cp "$target" 'a path with blanks/libffi.so.8'
blanks="$PWD/a path with blanks/libffi.so.8"

# TITLE|HOW|PATH|what the kernel calls it
loadings() {
    cat << EOF
dlopen|plain|$lib/libffi.so.8|$lib/libffi.so.8
dlmopen into a new name space|space|$lib/libffi.so.8|$lib/libffi.so.8
the library loaded from a memfd|memory|$lib/libffi.so.8|/memfd:library
a path with blanks|plain|$blanks|$blanks
300 cycles of dlopen and dlclose: nothing grows|cycles|$lib/libffi.so.8|$lib/libffi.so.8
EOF
}

while IFS='|' read -r title how path name; do
    observe /nowhere "$name" "$PWD/loading" "$how" "$path" 1000
    judge "$title"
    verdicts="in the pool $verdict"
    observe /nowhere "$name" "$PWD/loading" "$how" "$path" "$past"
    judge "$title, past the pool"
    row "$title" "$verdicts, past the pool $verdict"
done < <(loadings)
