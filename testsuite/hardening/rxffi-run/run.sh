# SPDX-License-Identifier: MIT
#
# run: rxffi-run and its policies, and closures under each of them. Makes the programs that the parts of this
# folder use.
#
# Sourced by the suite's `run`, which has the words that are used here.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

rxffi_run=$RX_BINDIR/rxffi-run

# ---- Running rxffi-run

# Runs rxffi-run; leaves its exit status in $status and its output in the files out and err.
rx() {
    "$rxffi_run" "$@" > out 2> err < /dev/null
    status=$?
}

# The same, started in another folder.
rx_in() {
    local folder=$1
    shift
    (cd "$folder" && exec "$rxffi_run" "$@") > out 2> err < /dev/null
    status=$?
}

# runs WHAT STATUS: rxffi-run ended so, and had nothing to say itself.
runs() {
    if [ "$status" -eq "$2" ] && ! grep -q '^rxffi-run: ' err; then
        pass
    else
        fail "$1" "status $2 and no complaint" "status $status and \"$(cat err)\""
    fi
}

# complains WHAT STATUS PATTERN: rxffi-run ended so, after exactly one line on stderr, which is its
# own and matches the extended regular expression, and with nothing on stdout.
complains() {
    if [ "$status" -eq "$2" ] && [ "$(wc -l < err)" -eq 1 ] && [ ! -s out ] &&
        grep -q '^rxffi-run: ' err && grep -qE -- "$3" err; then
        pass
    else
        fail "$1" "status $2 and one line that matches \"$3\"" \
            "status $status and \"$(cat err out)\""
    fi
}

# ---- Making the programs

section "making the programs"
for program in attempt closures kernel setcap say fake-{empty,unbound,none,wrong,crash,wx,view}; do
    must_have "$program"
done
have_static=
have say-static && have attempt-static && have_static=yes
have_static_pie=
have say-static-pie && have_static_pie=yes
have say-stack || rm -f say-stack
# The library at another place.
mkdir -p here
cp "$real_library" here/libffi.so.8

# ---- Which policies can be expected

can_mdwe=''
can_seccomp=''
./attempt --has-mdwe && can_mdwe=yes
./attempt --has-seccomp && can_seccomp=yes

# why_not POLICY: says why this kernel cannot be put under it; nothing if it can.
why_not() {
    case $1:$can_mdwe:$can_seccomp in
    mdwe::* | strict::*) echo "this kernel has no PR_SET_MDWE" ;;
    systemd:*: | pax:*: | strict:*:) echo "this kernel has no seccomp filters" ;;
    esac
}

policies="mdwe systemd pax strict"
preload=--lib=$library

for part in ${RXFFI_RUN_PARTS-policies closures commands libraries options kernels check explain}; do
    # shellcheck source=/dev/null
    . "$here/rxffi-run/$part.sh"
done
