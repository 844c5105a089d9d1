# SPDX-License-Identifier: MIT
#
# sealed: a library that was built with --enable-mseal.
#
# Sourced by `programs/run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2034,SC2154

section "programs: sealed"

if ! build_sealed > sealed.log 2>&1; then
    fail "a library that seals itself" "a library" "$(tail -n 3 sealed.log)"
else
    must_have sealed-program
    sealed_library=$(readlink -f sealed/.libs/libffi.so.8)
    for row in "code and read-only data are sealed|1000" "the same past the pool|$past"; do
        observe "$PWD/sealed/.libs" "$sealed_library" "$PWD/sealed-program" "${row#*|}"
        judge "${row%|*}"
        row "${row%|*}" "$verdict"
    done
fi
