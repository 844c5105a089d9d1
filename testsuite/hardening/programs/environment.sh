# SPDX-License-Identifier: MIT
#
# environment: no variable is obeyed, neither by a program nor by a set-uid program.
#
# Sourced by `programs/run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2034,SC2154

section "programs: environment"

# What libffi 3.4 takes its files' folder from, and what loaders and debuggers of memory look at.
variables="LIBFFI_TMPDIR=$PWD/obeyed TMPDIR=$PWD/obeyed HOME=$PWD/obeyed LIBFFI_DEBUG=1 LIBFFI_DISABLE=1"

# obeys WHAT COMMAND...: nothing may appear in the folder, and no rule be broken.
obeys_nothing() {
    local title=$1
    shift
    rm -rf obeyed && mkdir -m 777 obeyed
    # shellcheck disable=SC2086
    env $variables LD_LIBRARY_PATH="$lib" timeout "$seconds" "$@" > said 2> err < /dev/null
    status=$?
    [ "$status" != 1 ] || [ -s said ] || cp err said
    judge "$title"
    if [ "$verdict" = right ] && [ -n "$(ls -A obeyed)" ]; then
        verdict=WRONG
        fail "$title" "an empty folder" "$(ls -A obeyed)"
    fi
    row "$title" "$verdict"
}

if ! command -v strings nm > strings.path; then
    skip "no strings or nm" 2
else
    same "names of environment variables in the library" "" "$(strings -d "$target" |
        grep -E '^(LIBFFI|FFI|RXFFI)_[A-Z_]+$')"
    same "functions that read the environment in the library" "" \
        "$(nm -D --undefined-only "$target" | grep -E 'getenv|environ')"
fi
observe_here=(./observe --library="$lib/libffi.so.8")
for condition in none mdwe systemd; do
    obeys_nothing "no variable is obeyed, $condition" "${observe_here[@]}" ./under loaded $condition closures "$past"
done

# A set-uid program finds the library by its own path: the loader obeys no variable there.
setuid_title="no variable is obeyed by a set-uid program"
if [ "$(id -u)" != 0 ] || ! command -v setpriv > setpriv.path; then
    skip "only root makes a program set-uid to another user"
elif ! (cd / && setpriv --reuid=65534 --regid=65534 --clear-groups -- test -x "$PWD") 2> setpriv.err; then
    skip "another user cannot reach the folder of the tests"
else
    must_have under-setuid
    chown 0:0 under-setuid && chmod 4755 under-setuid
    obeys_nothing "$setuid_title" "${observe_here[@]}" setpriv --reuid=65534 --regid=65534 \
        --clear-groups -- ./under-setuid loaded systemd closures "$past"
    same "the set-uid program has its user's rights" 1 "$(grep -c '^figure set-uid' said)"
fi
