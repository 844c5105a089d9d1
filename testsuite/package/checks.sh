# SPDX-License-Identifier: MIT
#
# Sourced by the parts of the suite: what was found goes to RX_WORK/results, a line for each test, whichever
# process writes it.

results=$RX_WORK/results

pass() { echo passed >>"$results"; }

# fail WHAT EXPECTED GOT
fail() {
    printf 'FAIL %s: expected %s, got %s\n' "$1" "$2" "$3"
    echo failed >>"$results"
}

# same WHAT EXPECTED GOT
same() {
    if [[ $2 == "$3" ]]; then pass; else fail "$1" "\"$2\"" "\"$3\""; fi
}

# works WHAT COMMAND...: the command's status is 0. What it says is kept, and shown if it is not.
works() {
    local log status=0
    log=$RX_WORK/${1// /-}.log
    "${@:2}" >"$log" 2>&1 || status=$?
    [[ $status == 0 ]] || tail -n 25 "$log"
    same "$1: its status" 0 $status
    return $status
}

say() { printf 'package: %s\n' "$*"; }
