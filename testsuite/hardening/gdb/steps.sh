# SPDX-License-Identifier: MIT
#
# steps: gdb steps through every instruction between a caller and its target and between a caller and a
# handler; a backtrace gets to main after each.
#
# Past the pool, gdb is told by tools/gdb, which it loads by its name. Under an emulator it is the emulator that steps, and tells gdb. The gdb of Debian 12 asks for a mask when a return
# address is signed, which qemu 7.2 does not tell: PAC is off there (the unit test unwind_entries has it on).
#
# Sourced by the suite's `run`, which has the words that are used here.
# shellcheck shell=bash disable=SC2034,SC2154

section "gdb: unwinding from every instruction"
mkdir -p gdb && cd gdb || exit 1

# gdb loads it with a library that is called so; none is there for another libffi.
for_gdb=$RX_SRCDIR/tools/gdb/${target##*/}-gdb.py
[ ! -e "$for_gdb" ] || cp "$for_gdb" "$lib/libffi.so.8-gdb.py"
gdb_options=(-batch -nx -iex "add-auto-load-safe-path $lib")

# debug ARGUMENT...: what gdb says is in `steps`, and what the program says in `said`: gdb ends no line before it lets go on.
debug() {
    if [ -z "$RX_EMULATOR" ]; then
        LD_LIBRARY_PATH=$lib timeout 200 "$debugger" "${gdb_options[@]}" -ex "set args $* > said" -x "$here/gdb/steps.py" \
            ./shapes > steps 2>&1 < /dev/null
        return
    fi
    rm -f stub
    RX_EMULATOR="$RX_EMULATOR -cpu max,pauth=off -g stub" timeout 200 "$RX_SRCDIR/testsuite/host-env" \
        LD_LIBRARY_PATH="$lib" LD_BIND_NOW=1 ./shapes "$@" > said 2>&1 < /dev/null &
    until [ -S stub ] || ! kill -0 $! 2> /dev/null; do
        sleep 0.1
    done
    timeout 200 "$debugger" "${gdb_options[@]}" -iex "set solib-search-path $lib" \
        -iex "set sysroot $(sed -n 's/.* -L \([^ ]*\).*/\1/p' <<< "$RX_EMULATOR")" \
        -ex "target remote ./stub" -x "$here/gdb/steps.py" ./shapes > steps 2>&1 < /dev/null
    wait $!
}

# step_row TITLE LEAST ARGUMENT...: at least so many steps, none of them lost.
step_row() {
    local title=$1 least=$2 got steps lost instructions
    shift 2
    debug "$@"
    read -r _ steps _ lost _ instructions < <(grep '^steps ' steps) || :
    [ -n "$steps" ] || steps=0 lost=none
    if [ "$steps" -ge "$least" ] && [ "$lost" = 0 ] && grep -qx "done" said &&
        grep -qx "library $lib/libffi.so.8" said; then
        pass && verdict="right; $steps steps, $instructions instructions"
    else
        verdict="WRONG; $lost of $instructions instructions"
        fail "$title" "at least $least steps, none lost" "$(cat said steps | grep -E '^(lost|failed|steps|library)' |
            head -n 5 | paste -sd ';')$([ "$steps" != 0 ] || tail -n 3 steps)"
    fi
    row "$title" "$verdict"
}

# One that knows this architecture; elsewhere than on Debian it may be gdb itself.
debugger=gdb
[ -z "$RX_EMULATOR" ] || ! command -v gdb-multiarch > gdb.path || debugger=gdb-multiarch
if ! command -v $debugger > gdb.path; then
    skip "no gdb" 2
elif [ -z "$RX_EMULATOR" ] && ! { gdb -batch -nx -ex run --args "$true_program" > gdb.try 2>&1 && grep -q 'exited normally' gdb.try; }; then
    skip "gdb cannot run a program here" 2
else
    must_have shapes
    step_row "every instruction of calls and closures" 10000
    step_row "every instruction, past the pool" 1000 "$past"
fi
cd "$work" || exit 1
