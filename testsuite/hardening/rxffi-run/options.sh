# SPDX-License-Identifier: MIT
#
# options: the command line of rxffi-run.
#
# Sourced by `run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

section options
rx --help
runs --help 0
same "--help names every policy" "mdwe none pax strict systemd" \
    "$(grep -oE -- '--wx=[a-z]+' out | sed 's/.*=//' | sort -u | tr '\n' ' ' | sed 's/ $//')"
rx --version
runs --version 0
same --version 1 "$(grep -cE '^rxffi-run \(rxffi\) [0-9]' out)"
rx
complains "no command" 125 'COMMAND'
rx --
complains "no command behind --" 125 'COMMAND'
rx --nonsense true
complains "an option that there is not" 125 '[-]-nonsense'
rx -x true
complains "a short option" 125 '[-]x'
rx --wx=nonsense true
complains "a policy that there is not" 125 '[-]-wx=nonsense.*strict'
rx --wx= true
complains "an empty policy" 125 '[-]-wx='
rx --wx mdwe true
complains "a policy behind a blank" 125 '[-]-wx'
rx --check --wx=pax
complains "--check with a policy" 125 '[-]-check'
rx --check true
complains "--check with a command" 125 '[-]-check'
rx --lib=/nowhere --lib=none --wx=nonsuch true
complains "two options, one of them bad" 125 'nonsuch'
rx --lib=/nowhere --wx=pax --wx=none --lib=none sed -n 's/^Seccomp:\t//p' /proc/self/status
same "the last of two options counts" \
    "$(sed -n 's/^Seccomp:\t//p' /proc/self/status)" "$(cat out err)"
if [ -w /dev/full ]; then
    "$rxffi_run" --help > /dev/full 2> err
    status=$?
    : > out
    complains "--help that cannot be written" 125 'standard output'
else
    skip "no /dev/full"
fi
