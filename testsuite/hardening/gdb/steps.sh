# SPDX-License-Identifier: MIT
#
# steps: gdb steps through every instruction between a caller and its target and between a caller and a
# handler; a backtrace gets to main after each.
#
# Sourced by the suite's `run`. It goes on in the folder of hostile/run.sh, with its words.
# shellcheck shell=bash disable=SC2034,SC2154

section "gdb: unwinding from every instruction"
cd "$work/hostile" || exit 1

# step_row TITLE LEAST ARGUMENT...: at least so many steps, none of them lost.
step_row() {
    local title=$1 least=$2 got steps lost instructions
    shift 2
    LD_LIBRARY_PATH=$lib timeout 200 gdb -batch -nx -x "$here/gdb/steps.py" --args ./shapes "$@" \
        > steps 2>&1 < /dev/null
    read -r _ steps _ lost _ instructions < <(grep '^steps ' steps) || :
    [ -n "$steps" ] || steps=0 lost=none
    if [ "$steps" -ge "$least" ] && [ "$lost" = 0 ] && grep -qx "done" steps &&
        grep -qx "library $lib/libffi.so.8" steps; then
        pass && verdict="right; $steps steps, $instructions instructions"
    else
        verdict="WRONG; $lost of $instructions instructions"
        fail "$title" "at least $least steps, none lost" "$(grep -E '^(lost|failed|steps|library)' steps |
            head -n 5 | paste -sd ';')$([ "$steps" != 0 ] || tail -n 3 steps)"
    fi
    row "$title" "$verdict"
}

if ! command -v gdb > gdb.path; then
    skip "no gdb" 2
elif ! gdb -batch -nx -ex run --args "$true_program" > gdb.try 2>&1 || ! grep -q 'exited normally' gdb.try; then
    skip "gdb cannot run a program here" 2
else
    must_have shapes
    step_row "every instruction of calls and closures" 10000
    step_row "every instruction, past the pool" 1000 "$past"
fi
cd "$work" || exit 1
