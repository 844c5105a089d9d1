# SPDX-License-Identifier: MIT
#
# Sourced by a suite that boots a machine: counting, what is booted, and the machine.
# shellcheck shell=bash

passed=0 failed=0

finish() {
    echo "${suite:?}: $passed passed, $failed failed${1-}"
    [ $passed != 0 ] && [ $failed = 0 ]
    exit
}

pass() {
    passed=$((passed + 1))
}

# fail WHAT EXPECTED GOT
fail() {
    failed=$((failed + 1))
    printf 'FAIL %s: expected %s, got %s\n' "$1" "$2" "$3"
}

# same WHAT EXPECTED GOT
same() {
    if [ "$2" = "$3" ]; then pass; else fail "$1" "\"$2\"" "\"$3\""; fi
}

stop() {
    printf 'FAIL %s\n' "$1"
    failed=$((failed + 1))
    finish
}

# pack FOLDER: an initramfs with what is in the folder.
pack() {
    (cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0)
}

# boot SECONDS SHOWN QEMU OPTION...: until it ends. What it wrote on its console is in the file serial, and in log
# without the times that the kernel writes; lines that match the pattern SHOWN are shown as they come.
boot() {
    local seconds=$1 shown=$2 status=0
    shift 2
    timeout "$seconds" "$@" -nodefaults -no-user-config -display none -no-reboot -serial stdio </dev/null 2>qemu.log |
        tee serial | sed -uE 's/\r//g; s/^\[ *[0-9.]+\] //' | tee log | { grep --line-buffered -E "$shown" || true; } ||
        status=$?
    return $status
}
