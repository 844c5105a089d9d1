# SPDX-License-Identifier: MIT
#
# tsan: ThreadSanitizer has nothing to say about threads that surge, storm and exchange closures, nor about
# what they do past the pool, nor about many that call through the queue of an owner that ends. The library's
# sources are compiled into the programs.
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

# How the owner of a queue ends, or what it does before.
queue_scenes="frees returns exits polls ring"

# tsan_row TITLE PROGRAM ARGUMENT...
tsan_row() {
    local title=$1
    shift
    HOSTILE_STDERR=1 TSAN_OPTIONS=exitcode=66 timeout 120 "$@" > out 2> err
    status=$?
    if [ "$status" = 0 ] && [ ! -s err ]; then
        pass && verdict=right
    else
        verdict=WRONG
        fail "$title" "status 0 and silence" "status $status and $(grep -v '^=*$' err | head -n 3)"
    fi
    row "$title" "$verdict"
}

arch=${RX_HOST%%-*}
tsan_flags="-fsanitize=thread -g -std=gnu11 -fno-strict-aliasing -fexceptions
    -I$RX_BUILDDIR -I$RX_BUILDDIR/include -I$RX_SRCDIR/include -I$RX_SRCDIR/src -I$RX_SRCDIR/src/$arch"
[ "$arch" != x86_64 ] || tsan_flags="$tsan_flags -fcf-protection=full"

if ! echo 'int main(void) { return 0; }' | $CC -fsanitize=thread -xc - -o tsan-works 2> tsan.err ||
    ! ./tsan-works 2>> tsan.err; then
    skip "ThreadSanitizer does not work here" "$(($(tsan_rows | wc -l) + $(wc -w <<< "$queue_scenes")))"
elif ! make_program under-tsan "hostile/*.c ../../src/*.c ../../src/$arch/*.[cS]" $tsan_flags -pthread ||
    ! make_program queues-tsan "programs/queues.c ../../src/*.c ../../src/$arch/*.[cS]" $tsan_flags -pthread; then
    fail "the library with ThreadSanitizer" "a program" "$(tail -n 3 cc.under-tsan cc.queues-tsan)"
else
    while IFS='|' read -r title scene n; do
        tsan_row "$title" ./under-tsan loaded none "$scene" "$n"
    done < <(tsan_rows)
    for scene in $queue_scenes; do
        tsan_row "ThreadSanitizer, queues, scene $scene" ./queues-tsan "$scene" 20
    done
fi
