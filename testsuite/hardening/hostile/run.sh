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

# For a program. A machine that is slow has more.
seconds=${HARDENING_SECONDS:-60}

# ---- Observing

# observe FOLDER LIBRARY OPTION... PROGRAM ARGUMENT...: runs it on the libffi.so.8 in the folder, in an empty
# folder of its own. Leaves what the observer said in `said`, and its status in $status.
observe() {
    local folder=$1 expected=$2
    shift 2
    rm -rf --one-file-system in && mkdir in
    (cd in && LD_LIBRARY_PATH=$folder exec timeout $((2 * seconds)) ../observe --library="$expected" --seconds="$seconds" "$@") \
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

figures() {
    sed -n 's/^figure /; /p' said | paste -sd ''
}

# ---- Playing a row

declare -A moment_name=([B]="before" [S]="before (static)" [L]="loaded" [F]="first")

# play MOMENT CONDITION SCENE N PROGRAM LIBRARY OPTION...: the program, which is to run on that library, plays
# the scene under the condition.
play() {
    local moment=$1 condition=$2 scene=$3 n=$4 program=$5 expected=$6 folder=$lib
    shift 6
    case $n in
    pool) n=$pool ;;
    past) n=$past ;;
    far) n=$((pool * 4)) ;;
    esac
    if [ "$moment" = S ]; then
        if [ -z "$have_static" ]; then
            status=77 && echo "skip no static libc" > said
            return
        fi
        program=$PWD/under-static expected=$PWD/under-static
    fi
    # These conditions destroy the file that the library is in.
    case $condition in
    deleted | replaced | */deleted | */replaced)
        folder=$PWD/away
        rm -rf away && mkdir away && cp "$target" away/libffi.so.8 && cp "$program" away/
        [ "$expected" = "$program" ] && expected=$folder/${program##*/} || expected=$folder/libffi.so.8
        program=$folder/${program##*/}
        ;;
    esac
    case $moment in
    B | S) moment=before ;;
    L) moment=loaded ;;
    F) moment=first ;;
    esac
    observe "$folder" "$expected" "$@" "$program" "$moment" "$condition" "$scene" "$n"
}

# play_row TITLE CONDITION SCENE N MOMENTS PROGRAM LIBRARY OPTION...: at each of the moments.
play_row() {
    local title=$1 condition=$2 scene=$3 n=$4 moments=$5 verdicts='' moment
    shift 5
    for moment in $(grep -o . <<< "$moments"); do
        play "$moment" "$condition" "$scene" "$n" "$@"
        judge "$title, ${moment_name[$moment]}"
        verdicts+="${verdicts:+, }${moment_name[$moment]} $verdict"
    done
    row "$title" "$verdicts$(figures)"
}

# ---- The programs

section "hostile: making the programs"
must_have observe
must_have under
have_static=
have under-static && have_static=yes

hostile_parts="conditions musl tsan bites"
[ -z "${HARDENING_LIBRARY-}" ] || hostile_parts=conditions
hostile_parts=${HOSTILE_PARTS-$hostile_parts}

# It takes as long as the conditions do.
if [[ " $hostile_parts " = *" musl "* ]] && find_musl; then
    build_for_musl > musl.log 2>&1 &
    musl_build=$!
fi

for part in $hostile_parts; do
    # shellcheck source=/dev/null
    . "$here/hostile/$part.sh"
done
cd "$work" || exit 1
