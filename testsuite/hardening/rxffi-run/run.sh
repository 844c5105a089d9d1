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

make_fake() {
    local macro=$1 name=fake-$2
    shift 2
    must_make "$name" rxffi-run/fake.c "-D$macro" -shared -fPIC -Wl,-soname,libffi.so.8 "$@"
}

section "making the programs"
must_make attempt "rxffi-run/attempt/*.c" -pthread -ldl
must_make closures rxffi-run/closures.c "$library" -ldl
must_make kernel rxffi-run/kernel.c
must_make setcap rxffi-run/setcap.c
make_fake FAKE_EMPTY empty
make_fake FAKE_UNBOUND unbound
make_fake FAKE_NONE none
make_fake FAKE_WRONG wrong
make_fake FAKE_CRASH crash
make_fake FAKE_WX wx
make_fake FAKE_VIEW view

cat > say.c << 'EOF'
#include <stdio.h>
int main(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        printf("[%s]", argv[i]);
    puts("");
    return 7;
}
EOF
# shellcheck disable=SC2086
$CC -o say say.c || { fail "say compiles" "a program" "none"; finish; }
have_static=yes
# shellcheck disable=SC2086
$CC -static -o say-static say.c 2> cc.static || have_static=
make_program attempt-static "rxffi-run/attempt/*.c" -DSTATIC -static -pthread || have_static=
have_static_pie=yes
# shellcheck disable=SC2086
$CC -static-pie -o say-static-pie say.c 2> cc.static-pie || have_static_pie=
# shellcheck disable=SC2086
$CC -Wl,-z,execstack -o say-stack say.c 2> cc.stack || rm -f say-stack

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

for part in policies closures commands libraries options kernels check explain; do
    # shellcheck source=/dev/null
    . "$here/rxffi-run/$part.sh"
done
