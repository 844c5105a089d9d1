# SPDX-License-Identifier: MIT
#
# policies: every thing that a policy forbids is refused, and refused in the way that is documented; every
# thing that it does not forbid works as without it.
#
# Sourced by `run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

# What a thing answers without a policy, under mdwe, systemd, pax and strict.
expected() {
    cat << 'EOF'
mmap-anon-rw                            ok ok     ok     ok     ok
mmap-anon-rwx                           ok EACCES EPERM  EPERM  EPERM
mmap-anon-rwx-high-bits                 ok EACCES EPERM  EPERM  EPERM
mmap-anon-wx                            ok EACCES EPERM  EPERM  EPERM
mmap-anon-rx                            ok ok     ok     EPERM  EPERM
mmap-anon-x                             ok ok     ok     EPERM  EPERM
mmap-anon-shared-rw                     ok ok     ok     ok     ok
mmap-anon-shared-rx                     ok ok     ok     EPERM  EPERM
mmap-anon-shared-rwx                    ok EACCES EPERM  EPERM  EPERM
mmap-file-r                             ok ok     ok     ok     ok
mmap-file-rx                            ok ok     ok     ok     ok
mmap-file-rw                            ok ok     ok     ok     ok
mmap-file-rwx                           ok EACCES EPERM  EPERM  EPERM
mmap-shared-r                           ok ok     ok     ok     ok
mmap-shared-rw                          ok ok     ok     ok     ok
mmap-shared-rx                          ok ok     ok     ok     EPERM
mmap-shared-rwx                         ok EACCES EPERM  EPERM  EPERM
mmap-validate-rw                        ok ok     ok     ok     ok
mmap-validate-rx                        ok ok     ok     ok     EPERM
mprotect-rw-r                           ok ok     ok     ok     ok
mprotect-rw-rx                          ok EACCES EPERM  EACCES EPERM
mprotect-rw-rwx                         ok EACCES EPERM  EACCES EPERM
mprotect-r-x                            ok EACCES EPERM  EACCES EPERM
mprotect-none-rx                        ok EACCES EPERM  EACCES EPERM
mprotect-file-r-rx                      ok EACCES EPERM  EACCES EPERM
mprotect-file-rx-rx                     ok ok     EPERM  EACCES EPERM
mprotect-file-rx-r                      ok ok     ok     ok     ok
mprotect-file-rx-rw                     ok ok     ok     ok     ok
mprotect-file-rx-rwx                    ok EACCES EPERM  EACCES EPERM
mprotect-file-rx-rw-rx                  ok EACCES EPERM  EACCES EPERM
pkey_mprotect-rw-r                      ok ok     ok     ok     ok
pkey_mprotect-rw-rx                     ok EACCES EPERM  EACCES EPERM
pkey_mprotect-rw-rwx                    ok EACCES EPERM  EACCES EPERM
shmat-rw                                ok ok     ok     ok     ok
shmat-r                                 ok ok     ok     ok     ok
shmat-rwx                               ok EACCES EPERM  EACCES EPERM
shmat-rx                                ok ok     EPERM  EACCES EPERM
memfd_create                            ok ok     ok     ok     EPERM
memfd-alias                             ok ok     ok     ok     EPERM
personality-query                       ok ok     ok     ok     ok
personality-again                       ok ok     ok     ok     ok
personality-other                       ok ok     ok     ok     ok
personality-read-implies-exec           ok ok     ok     EPERM  EPERM
personality-read-implies-exec-and-other ok ok     ok     EPERM  EPERM
personality-then-mmap-rw                ok EACCES ok     EPERM  EPERM
x32-getpid                              ok ok     ENOSYS ENOSYS ENOSYS
x32-mmap-rwx                            ok EACCES ENOSYS ENOSYS ENOSYS
i386-getpid                             ok ok     ENOSYS ENOSYS ENOSYS
i386-mmap-rwx                           ok EACCES ENOSYS ENOSYS ENOSYS
i386-mprotect-rx                        ok EACCES ENOSYS ENOSYS ENOSYS
mremap-move-rx                          ok ok     ok     ok     ok
mremap-double-rx                        ok ok     ok     ok     ok
thread                                  ok ok     ok     ok     ok
execute                                 ok ok     ok     ok     ok
dlopen                                  ok ok     ok     ok     ok
EOF
}

# answer FILE NAME: what attempt wrote about it.
answer() {
    sed -n "s/^$2 //p" "$1"
}

# attempts PROGRAM POLICY COLUMN: the program under the policy answers as in the column.
attempts() {
    local program=$1 policy=$2 column=$3 name columns plain got
    "./$program" "$work/scratch" > "plain.$program" || fail "$program" "status 0" "$?"
    rx --lib=none --wx="$policy" "./$program" "$work/scratch"
    runs "$program under $policy" 0
    while read -r name columns; do
        plain=$(answer "plain.$program" "$name")
        [ -n "$plain" ] || continue
        # What the machine does not do anyway shows nothing about the policy.
        if [ "$plain" != ok ]; then
            anyway[$name]=$plain
            anyway_count=$((anyway_count + 1))
            continue
        fi
        # shellcheck disable=SC2086
        set -- $columns
        got=$(answer out "$name")
        same "$program: $name under $policy" "${!column}" "$got"
    done < <(expected)
}

section policies
attempts attempt none 1
# Whether this machine lets a process have W+X memory at all.
free=''
[ "$(answer plain.attempt mmap-anon-rwx)" != ok ] || free=yes
column=1
for policy in $policies; do
    column=$((column + 1))
    why=$(why_not "$policy")
    if [ -n "$why" ]; then
        skip "$policy: $why" "$(expected | wc -l)"
        continue
    fi
    section "policies: $policy"
    attempts attempt "$policy" "$column"
    # A static program has no library to preload, but a policy it has.
    if [ -n "$have_static" ]; then
        attempts attempt-static "$policy" "$column"
    else
        skip "no static libc"
    fi
done

# Gaining privileges is given up for a filter, and only for one.
for policy in none $policies; do
    [ -z "$(why_not "$policy")" ] || continue
    case $policy in none | mdwe) want=0 ;; *) want=1 ;; esac
    [ "$(sed -n 's/^NoNewPrivs:\t//p' /proc/self/status)" = 0 ] || want=1
    rx --lib=none --wx="$policy" sed -n 's/^NoNewPrivs:\t//p' /proc/self/status
    same "no_new_privs under $policy" "$want" "$(cat out)"
done
