# SPDX-License-Identifier: MIT
#
# kernels: kernels that cannot do what is asked, or only say that they do.
#
# Sourced by `run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

# on_kernel KIND ARGUMENT...: like rx, on a kernel of that kind.
on_kernel() {
    ./kernel "$1" "$rxffi_run" "${@:2}" > out 2> err < /dev/null
    status=$?
}

section kernels
if [ -n "$can_seccomp" ]; then
    for policy in mdwe strict; do
        on_kernel no-mdwe --lib=none --wx=$policy ./say
        complains "--wx=$policy on a kernel without it" 125 \
            "--wx=$policy: this kernel has no PR_SET_MDWE"
    done
    for policy in systemd pax; do
        on_kernel no-mdwe --lib=none --wx=$policy ./say
        runs "--wx=$policy on a kernel without PR_SET_MDWE" 7
        on_kernel no-seccomp --lib=none --wx=$policy ./say
        complains "--wx=$policy on a kernel without seccomp" 125 \
            "--wx=$policy: this kernel has no seccomp"
    done
    if [ -n "$can_mdwe" ]; then
        on_kernel no-seccomp --lib=none --wx=strict ./say
        complains "--wx=strict on a kernel without seccomp" 125 \
            '--wx=strict: this kernel has no seccomp'
        on_kernel no-seccomp --lib=none --wx=mdwe ./say
        runs "--wx=mdwe on a kernel without seccomp" 7
    fi
else
    skip "this kernel has no seccomp filters" 8
fi
