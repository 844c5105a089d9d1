# SPDX-License-Identifier: MIT
#
# misuse: a program that misuses closures ends with one line that names the fault and the address, and with
# SIGABRT: in the built-in pool and past it.
#
# Sourced by `programs/run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2034,SC2154

section "programs: misuse"

# KIND|what the line says; ADDRESS, CLOSURE and CODE stand for what the program printed.
misuses() {
    cat << 'EOF'
double-free|free.*not allocated.*double free.*CLOSURE.*sint32 \(sint16, float\)
free-heap|free.*no closure.*ADDRESS
free-stack|free.*no closure.*ADDRESS
free-interior|free.*inside a closure.*ADDRESS
free-code|free.*no closure.*ADDRESS.*code of one
call-freed|call of a closure after ffi_closure_free.*CLOSURE.*CODE.*sint32 \(sint16, float\)
call-freed-later|call of a closure after ffi_closure_free.*CLOSURE.*CODE.*sint32 \(sint16, float\)
call-unprepared|call of a closure before ffi_prep_closure_loc.*CLOSURE.*CODE
prepare-freed|not allocated.*CODE
EOF
}

# misuse KIND N: leaves its exit status in $status, its output in `out` and `err`.
misuse() {
    # The shell's own words about the signal are no part of it.
    status=$({
        ulimit -c 0
        LD_LIBRARY_PATH=$lib timeout "$seconds" ./misuse "$1" "$2" > out 2> err < /dev/null
        echo $?
    } 2> /dev/null)
    grep -qx "library $lib/libffi.so.8" out || fail "misuse $1" "our library" "$(grep library out)"
}

must_have misuse

# expect_line WHAT PATTERN
expect_line() {
    local pattern=$2 word
    for word in CLOSURE CODE ADDRESS; do
        pattern=${pattern//$word/$(sed -n "s/^${word,,} //p" out)}
    done
    if [ "$status" = 134 ] && [ "$(wc -l < err)" = 1 ] && grep -qE "^rxffi: .*$pattern" err; then
        pass && verdict=right
    else
        verdict=WRONG
        fail "$1" "SIGABRT after one line like \"$pattern\"" "status $status after \"$(cat err)\" $(tail -n 1 out)"
    fi
}

while IFS='|' read -r kind pattern; do
    misuse "$kind" 0
    expect_line "$kind" "$pattern"
    verdicts="in the pool $verdict"
    misuse "$kind" "$past"
    expect_line "$kind, past the pool" "$pattern"
    row "$kind: one line, and abort" "$verdicts, past the pool $verdict"
done < <(misuses)
# Two threads free one closure, the second at any moment of the first.
must_have at_once
for row in "two threads free it at once: one line, and abort|0" "two threads free it at once, past the pool|$past"; do
    LD_LIBRARY_PATH=$lib timeout "$seconds" ./at_once "${row#*|}" > out 2> err < /dev/null
    status=$?
    if [ "$status" = 0 ] && grep -qx "library $lib/libffi.so.8" out; then
        pass && verdict=right
    else
        verdict=WRONG
        fail "${row%|*}" "one line and SIGABRT, whatever the moment" "status $status $(grep -v ^library out | head -n 3)$(cat err)"
    fi
    row "${row%|*}" "$verdict$(sed -n 's/^ends /; /p' out)"
done

misuse free-null 0
same "ffi_closure_free(NULL)" "0 survived" "$status $(tail -n 1 out)$(cat err)"
row "ffi_closure_free(NULL) is harmless" "$([ "$status" = 0 ] && echo right || echo WRONG)"
