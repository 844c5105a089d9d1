# SPDX-License-Identifier: MIT
#
# tsan: ThreadSanitizer has nothing to say about threads that surge, storm and exchange closures, nor about
# what they do past the pool, nor about many that call through the queue of an owner that ends, nor about those that
# change, share and free a closure that others call. The library's sources are compiled into the programs.
#
# Sourced by `run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2034,SC2086,SC2154

section "hostile: ThreadSanitizer"

# TITLE|SCENE|N
tsan_rows() {
    cat << EOF
ThreadSanitizer, surge|surge|12000
ThreadSanitizer, storm|storm|12000
ThreadSanitizer, exchange|exchange|12000
ThreadSanitizer, surge past the pool|surge|$((pool * 2))
ThreadSanitizer, storm past the pool|storm|$((pool * 2))
ThreadSanitizer, exchange past the pool|exchange|$((pool * 2))
EOF
}

# PROGRAM|SCENE|ROUNDS, of programs/: what a scene is, each tells at its top.
tsan_scenes() {
    cat << EOF
queues|frees|20
queues|returns|20
queues|exits|20
queues|polls|20
queues|ring|20
attributed|retarget|50
attributed|frees|50
attributed|releases|50
attributed|shares|50
attributed|one-shot|50
attributed|scope-frees|50
attributed|scope-ends|50
EOF
}

# tsan_row TITLE PROGRAM ARGUMENT...
tsan_row() {
    local title=$1
    shift
    HOSTILE_STDERR=1 TSAN_OPTIONS=exitcode=66 timeout $((2 * seconds)) "$@" > out 2> err
    status=$?
    if [ "$status" = 0 ] && [ ! -s err ]; then
        pass && verdict=right
    else
        verdict=WRONG
        fail "$title" "status 0 and silence" "status $status and $(grep -v '^=*$' err | head -n 3)"
    fi
    row "$title" "$verdict"
}

tsan_works() {
    if [ -n "${HARDENING_MADE-}" ]; then
        have tsan-works
    else
        echo 'int main(void) { return 0; }' | $CC -fsanitize=thread -xc - -o tsan-works
    fi && ./tsan-works
}

if ! tsan_works 2> tsan.err; then
    skip "ThreadSanitizer does not work here" "$( (tsan_rows && tsan_scenes) | wc -l)"
elif ! make_tsan_programs; then
    fail "the library with ThreadSanitizer" "a program" "$(tail -q -n 3 cc.*-tsan)"
else
    while IFS='|' read -r title scene n; do
        tsan_row "$title" ./under-tsan loaded none "$scene" "$n"
    done < <(tsan_rows)
    while IFS='|' read -r program scene rounds; do
        tsan_row "ThreadSanitizer, $program, scene $scene" "./$program-tsan" "$scene" "$rounds"
    done < <(tsan_scenes)
fi
