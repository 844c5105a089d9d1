# SPDX-License-Identifier: MIT
#
# closures: a program's closures under each policy: on which library, on what memory.
#
# Sourced by `run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

section closures
good="code r-xp $real_library
library $real_library
results 2500"

for policy in none $policies; do
    why=$(why_not "$policy")
    if [ -n "$why" ]; then
        skip "$policy: $why" 2
        continue
    fi
    rx --lib="$library" --wx="$policy" ./closures
    runs "closures under $policy" 0
    same "closures under $policy" "$good" "$(sort -u out)"
done

# The same program on Debian's libffi 3.4.4: what is looked for can be seen where it is.
rx --lib=none ./closures
foreign=$(sed -n 's/^library \(.*\/libffi\.so\.8\.1\.2\)$/\1/p' out | sort -u | head -n 1)
if [ "$foreign" = "$real_library" ] || [ -z "$foreign" ] || [ -z "$free" ]; then
    foreign=''
    skip "the system has no libffi 3.4 to compare with" 4
else
    same "libffi 3.4: W+X memory is seen" "wx rwxp (anonymous)" "$(grep '^wx' out | sort -u)"
    if [ -n "$can_mdwe" ]; then
        rx --lib=none --wx=mdwe ./closures
        runs "libffi 3.4 under mdwe" 0
        same "libffi 3.4 under mdwe: a writable alias is seen" "alias rw-s" \
            "$(sed -n 's/^\(alias [^ ]*\) .*/\1/p' out | sort -u)"
    else
        skip "mdwe: this kernel has no PR_SET_MDWE" 2
    fi
    if [ -z "$(why_not strict)" ]; then
        rx --lib=none --wx=strict ./closures
        same "libffi 3.4 under strict" "failed ffi_closure_alloc" "$(cat out)"
    else
        skip "strict: $(why_not strict)"
    fi
fi
