# SPDX-License-Identifier: MIT
#
# emulated: what of this suite an emulator can show: the program with closures uses the installed library, no
# memory that is writable and executable, and no descriptor; many threads call through queues whose owners
# end, and closures with attributes that others change, share and free. A policy would be the emulator's own to
# keep, and what rxffi-run starts would have to be a program of this machine.
#
# Sourced by `run`, which has the words that are used here.
# shellcheck shell=bash disable=SC2154

section emulated
must_make closures rxffi-run/closures.c "$library" -ldl
"$RX_SRCDIR/testsuite/host-env" LD_LIBRARY_PATH="$RX_LIBDIR" ./closures > out 2> err < /dev/null
status=$?
same "the status of closures" 0 "$status"
same "closures" "code r-xp $real_library
library $real_library
results 2500" "$(sort -u out)"

# play PROGRAM ROUNDS SCENE...
play() {
    local program=$1 rounds=$2 scene
    shift 2
    must_make "$program" "programs/$program.c" "$library" -pthread
    for scene; do
        timeout 120 "$RX_SRCDIR/testsuite/host-env" LD_LIBRARY_PATH="$RX_LIBDIR" "./$program" "$scene" "$rounds" \
            > out 2> err < /dev/null
        status=$?
        same "$program, scene $scene" "0 " "$status $(cat err)"
    done
}

play queues 20 frees returns exits polls ring
play attributed 5 retarget frees releases shares one-shot scope-frees scope-ends

# Debian's libffi, where what is looked for can be seen.
if sysroot=$("$RX_SRCDIR/testsuite/sysroot"); then
    foreign=$(dirname "$(readlink -f "$sysroot"/usr/lib/*/libffi.so.8)")
    "$RX_SRCDIR/testsuite/host-env" LD_LIBRARY_PATH="$foreign" ./closures > out 2> err < /dev/null
    same "libffi 3.4: W+X memory is seen" "wx rwxp (anonymous)" "$(grep '^wx' out | sort -u)"
else
    fail "libffi 3.4" "Debian's package" "none"
fi

# shellcheck disable=SC2086
$RX_EMULATOR "$RX_BINDIR/rxffi-run" --version > out 2> err < /dev/null
same "rxffi-run --version" 1 "$(grep -cE '^rxffi-run \(rxffi\) [0-9]' out)"

skip "what the kernel denies, and what rxffi-run starts, which an emulator does not show: hostile, programs, rxffi-run" 3
