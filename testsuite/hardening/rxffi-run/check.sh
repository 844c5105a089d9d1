# SPDX-License-Identifier: MIT
#
# check: rxffi-run --check tells the truth, of good libraries and bad ones, of honest kernels and others.
#
# Sourced by `run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

section check

# row POLICY: that row of the table, its columns separated by bars.
row() {
    sed -n "s/   */|/g; s/^$1|//p" out
}

# Our library, and what the kernel is known to do.
rx --check "$preload"
runs "--check of the library" 0
for policy in none $policies; do
    if [ -n "$(why_not "$policy")" ]; then
        want='cannot: *|not tried|*'
    elif [ "$policy" = none ]; then
        want='refuses *|works|*'
    else
        want='enforces|works|*'
    fi
    got=$(row "$policy")
    # The pattern is meant to be one.
    # shellcheck disable=SC2053
    if [[ $got == $want ]]; then pass; else fail "--check, row $policy" "$want" "$got"; fi
done
same "--check names the library" "library: $library" "$(grep '^library:' out)"
same "--check tells of SELinux" 1 "$(grep -c '^SELinux: ' out)"
same "--check comes to a verdict" 1 "$(grep -c '^verdict: the library works' out)"
table=$(sed -n '/^policy/,/^$/p' out | sed '/^$/d')
same "--check: the columns are aligned" 1 \
    "$(awk '{ print match($0, /  (kernel|refuses|enforces|cannot|does)/) + 2 }' <<< "$table" |
        sort -u | wc -l)"

# Libraries that are none.
for bad in /nowhere/libffi.so.8 "$work/script-sh"; do
    rx --check --lib="$bad"
    complains "--check of $bad" 125 "library $bad: "
done
# all_rows WORDS: what stands in the library's column wherever something was tried.
all_rows() {
    for policy in none $policies; do
        row "$policy" | cut -d '|' -f 2 | grep -v '^not tried$'
    done | sort -u
}
while read -r name want; do
    rx --check --lib="fake-$name"
    same "--check of fake-$name" 1 "$status"
    got=$(all_rows)
    # shellcheck disable=SC2053
    if [[ $got == $want ]]; then pass; else fail "--check of fake-$name" "$want" "$got"; fi
    same "--check of fake-$name: verdict" 1 "$(grep -c '^verdict: the library does not work' out)"
done << 'EOF'
empty is no libffi: *ffi_prep_cif*
unbound cannot be loaded: *rxffi_test_no_such_symbol*
none no closure
wrong closures give wrong results
crash ended by a signal: Segmentation fault
EOF

# Memory that is W+X, whoever it belongs to.
if [ -n "$free" ]; then
    LD_PRELOAD=$work/fake-wx rx --check "$preload"
    same "--check with W+X memory around" "1 works on W+X memory" "$status $(all_rows)"
else
    skip "this machine lets nobody have W+X memory"
fi

# Other views of the file that the code comes from: what is an alias, and what is none.
size=$(stat -c %s here/libffi.so.8)
page=$(getconf PAGESIZE)
while read -r kind first length want; do
    RXFFI_TEST_VIEW="$kind $first $length $work/here/libffi.so.8" LD_PRELOAD=$work/fake-view \
        rx --check --lib="$work/here/libffi.so.8"
    same "--check with a $kind writable view of $length bytes from $first" "$want" "$(all_rows)"
done << EOF
shared 0 $size works by a writable alias
private 0 $size works
shared 0 1 works
shared $(((size - 1) / page * page)) 1 works
EOF

# Debian's libffi 3.4.4, by its path and as the system's own.
if [ -n "$foreign" ]; then
    for which in library system; do
        # With no library the system's has the only column.
        case $which in
        library) rx --check --lib="$foreign" ;;
        system) rx --check --lib=none ;;
        esac
        same "--check of libffi 3.4, as the $which: status" 1 "$status"
        same "--check of libffi 3.4, as the $which, none" "works on W+X memory" \
            "$(row none | cut -d '|' -f 2)"
        for policy in $policies; do
            [ -z "$(why_not "$policy")" ] || continue
            want="works by a writable alias"
            [ "$policy" != strict ] || want="no closure"
            same "--check of libffi 3.4, as the $which, $policy" "$want" \
                "$(row "$policy" | cut -d '|' -f 2)"
        done
    done
    rx --check "$preload"
    same "--check shows the system's library beside ours" "works on W+X memory" \
        "$(row none | cut -d '|' -f 3)"
else
    skip "the system has no libffi 3.4 to compare with" 10
fi

# Kernels that lack something, and such as do not keep what they promise.
if [ -n "$can_seccomp" ]; then
    on_kernel no-mdwe --check "$preload"
    runs "--check on a kernel without PR_SET_MDWE" 0
    for policy in mdwe strict; do
        got=$(row $policy)
        case $got in
        'cannot: '*PR_SET_MDWE*'|not tried|not tried') pass ;;
        *) fail "--check without PR_SET_MDWE, row $policy" "cannot" "$got" ;;
        esac
    done
    same "--check without PR_SET_MDWE, row pax" "enforces|works" "$(row pax | cut -d '|' -f 1,2)"
else
    skip "this kernel has no seccomp filters" 4
fi
if [ -n "$can_seccomp" ] && [ -n "$free" ]; then
    on_kernel lying-seccomp --check "$preload"
    for policy in systemd pax; do
        got=$(row $policy)
        case $got in
        'does not refuse: anonymous W+X, mprotect +X, '*) pass ;;
        *) fail "--check on a kernel that lies, row $policy" "does not refuse" "$got" ;;
        esac
    done
    on_kernel lying-mdwe --check "$preload"
    same "--check on a kernel that lies, row mdwe" \
        "does not refuse: anonymous W+X, mprotect +X, pkey_mprotect +X, shmat W+X" \
        "$(row mdwe | cut -d '|' -f 1)"
    # Its filter alone refuses the same.
    same "--check on a kernel that lies, row strict" "enforces" "$(row strict | cut -d '|' -f 1)"

    # A machine that refuses unasked.
    "$rxffi_run" --lib=none --wx=systemd "$rxffi_run" --check "$preload" > out 2> err
    status=$?
    runs "--check under a policy" 0
    case $(row none) in
    'refuses unasked: anonymous W+X, mprotect +X, pkey_mprotect +X, shmat W+X|works|'*) pass ;;
    *) fail "--check under a policy, row none" "refuses unasked" "$(row none)" ;;
    esac
    same "--check under a policy tells of it" 1 "$(grep -c '^inherited: .*, a seccomp filter' out)"
else
    skip "this kernel has no seccomp filters, or this machine lets nobody have W+X memory" 7
fi
