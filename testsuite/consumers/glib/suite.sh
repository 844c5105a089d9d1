# SPDX-License-Identifier: MIT
#
# GLib's installed tests: a program each, which tells in TAP what it has tested.
#
#     . suite.sh
#     run_all JOBS PROGRAM...      so many at a time, each in a folder of its own; what failed and never calls libffi
#                                  is tried once more, alone
#     count                        how many passed of how many
# shellcheck shell=bash

glib_programs=/usr/share/installed-tests/glib

# Those whose signals and closures go through libffi: GObject's that have no marshaller of their own.
glib_callers="signals-refcount4 gdbus-export gdbus-peer gdbus-names gdbus-connection gdbus-proxy gdbus-test-codegen \
    gdbus-test-codegen-old gdbus-test-codegen-min-required-2-64 binding closure signals gnotification dbus-appinfo \
    value object properties signal-handler signalgroup bindinggroup"

# Runs a program on a bus of its own, and prints its tests.
run_one() {
    local program=$1 status=0 verdict name left
    local command options=() as=()
    # Its line may set what is preloaded, which would be instead of the library.
    command=$(sed -n "s|LD_PRELOAD=|&${LD_PRELOAD-}:|; s|^Exec=||p" "$glib_programs/$program.test")
    case $program in
    # What it does depends on who is faster.
    gdbus-export) options=(-s /gdbus/threaded-unregistration/object -s /gdbus/threaded-unregistration/subtree) ;;
    # They look for what may not be written, and abort where that is nothing.
    file | fileutils) [ "$(id -u)" != 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups) ;;
    esac
    rm -rf "$program" && mkdir "$program"
    [ ${#as[@]} = 0 ] || { chown 65534:65534 "$program" && chmod o+x .; }
    # shellcheck disable=SC2086
    (cd "$program" && HOME=$PWD TMPDIR=$PWD XDG_RUNTIME_DIR=$PWD timeout 300 dbus-run-session -- "${as[@]}" \
        $command "${options[@]}" >tap 2>err </dev/null) || status=$?
    # A test that fails leaves its own bus behind, in a session of its own.
    for left in $(grep -lsF -- "--config-file=$PWD/$program/" /proc/[0-9]*/cmdline); do
        left=${left#/proc/}
        kill "${left%/cmdline}" 2>kill.err || :
    done
    grep -E '^(not )?ok ' "$program/tap" | while read -r verdict; do
        name=${verdict#*ok }
        name="$program ${name#* }"
        name=${name%%seed:*}
        case $verdict in
        *'# SKIP'* | *'# TODO'*) echo "skip ${name%%#*}" ;;
        ok*) echo "ok $name" ;;
        *) echo "fail $name" ;;
        esac
    done
    case $status in
    0) grep -qE '^(not )?ok ' "$program/tap" || echo "ok $program" ;;
    77) echo "skip $program" ;;
    *) echo "fail $program # ended with status $status: $(tail -n 1 "$program/err")" ;;
    esac
}
export -f run_one
export glib_programs glib_callers

# Prints what a program came to, unless it is to be tried again.
run_first() {
    local all
    all=$(run_one "$1")
    if [[ " $glib_callers " != *" $1 "* ]] && grep -q '^fail ' <<<"$all"; then echo "$1" >>again; else printf '%s\n' "$all"; fi
}
export -f run_first

run_all() {
    local jobs=$1 program
    shift
    : >again
    {
        printf '%s\n' "$@" | xargs -P "$jobs" -I {} bash -c 'run_first {}'
        while read -r program; do run_one "$program"; done <again
    } | tee results
}

count() {
    local passed
    passed=$(grep -c '^ok ' results)
    echo "$passed of $((passed + $(grep -c '^fail ' results)))"
}
