# SPDX-License-Identifier: MIT
#
# loader: a program that was linked against the system's libffi, started in each way in which it comes to this one.
#
# Sourced by `run`, which has the words that are used here.
# shellcheck shell=bash disable=SC2154

$CC -o client client.o "$system" -ldl

# Without any of them it runs on the system's: what is told below can tell the two apart.
theirs=$(tell ${RX_TOOLS:+LD_LIBRARY_PATH="$(dirname "$system")"} ./client)
same "no way in: the system's libffi" "right
code nowhere
bound $system" "$theirs"

same "LD_LIBRARY_PATH" "$(on "$library")" "$(tell LD_LIBRARY_PATH="$libdir" ./client)"
same "LD_PRELOAD" "$(on "$library")" \
    "$(tell LD_PRELOAD="$libdir/libffi.so.8" ${RX_TOOLS:+LD_LIBRARY_PATH="$(dirname "$system")"} ./client)"

if [ -n "$RX_TOOLS" ]; then
    skip "rxffi-run and ld.so.conf.d, which an emulated program is not started by"
    return 0
fi

for policy in none mdwe systemd pax strict; do
    if "$prefix/bin/rxffi-run" --wx=$policy --lib=none -- true 2>err; then
        same "rxffi-run, policy $policy" "$(on "$library")" "$(tell "$prefix/bin/rxffi-run" --wx=$policy -- ./client)"
    else
        skip "rxffi-run, policy $policy: $(cat err)"
    fi
done

# A line in a file of ld.so.conf.d, with a cache of its own, in a name space that ends with the program.
python='import ctypes; print("right" if ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(abs)(-3) == 3 else "wrong")'
caches=$(cksum /etc/ld.so.cache)
apart=(unshare --mount --propagation private)
if [ "$(id -u)" != 0 ]; then apart+=(--map-root-user); fi
if ! "${apart[@]}" true 2>err; then
    skip "ld.so.conf.d: a mount name space is refused here: $(cat err)"
elif "${apart[@]}" "$here/with-conf" "$PWD" /nowhere true 2>err; then
    same "ld.so.conf.d" "$(on "$library")" "$(tell "${apart[@]}" "$here/with-conf" "$PWD" "$libdir" ./client)"
    same "ld.so.conf.d, Python" "right
bound $library" "$(tell "${apart[@]}" "$here/with-conf" "$PWD" "$libdir" /usr/bin/python3 -Ic "$python")"
    same "ld.so.conf.d, a folder without a library" "right
code nowhere
bound $system" "$(tell "${apart[@]}" "$here/with-conf" "$PWD" /nowhere ./client)"
    same "ld.so.conf.d: the machine's own cache is what it was" "$caches" "$(cksum /etc/ld.so.cache)"
else
    same "ld.so.conf.d" "a name space" "$(cat err)"
fi
