# SPDX-License-Identifier: MIT
#
# systemd: the examples as they are installed: checked by systemd-analyze, and run by systemd itself, as the first
# process of a name space. Nobody has to have booted with it.
#
# Sourced by `run`, which has the words that are used here.
# shellcheck shell=bash disable=SC2154

if [ -n "$RX_TOOLS" ]; then
    skip "systemd, which is this machine's"
    return 0
fi
examples=$prefix/share/doc/rxffi/examples

# Three services that make as many callbacks as Python has memory for: the example with another program; one that
# exists, with the drop-in; and that once more, with all that the drop-in says but for the library.
mkdir -p units/existing.service.d units/without.service.d
cp "$examples/rxffi-example.service" units
cat >callbacks.py <<'END'
import ctypes
kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
kept = [kind(lambda x, i=i: x + i) for i in range(20000)]
print("right" if all(f(7) == 7 + i for i, f in enumerate(kept)) else "wrong", flush=True)
END
for service in existing without; do
    printf '[Service]\nType=oneshot\nExecStart=/usr/bin/python3 -I %s\n' "$PWD/callbacks.py" >units/$service.service
done
cp "$examples/rxffi.conf" units/existing.service.d
grep -v LD_PRELOAD "$examples/rxffi.conf" >units/without.service.d/rxffi.conf

# What systemd-analyze says of a unit, and of no other.
verify() { SYSTEMD_UNIT_PATH=$PWD/units: systemd-analyze verify --man=no "$1" 2>&1 | grep -F -e "${1%.*}" -e rxffi.conf; }

if command -v systemd-analyze >/dev/null; then
    same "systemd-analyze verify: the example" "" "$(verify rxffi-example.service)"
    same "systemd-analyze verify: a service with the drop-in" "" "$(verify existing.service)"
    sed 's/^MemoryDenyWriteExecute/MemoryDenyWriteExec/' "$examples/rxffi-example.service" >units/misspelt.service
    same "systemd-analyze verify: a misspelt setting is seen" 1 "$(verify misspelt.service | grep -c MemoryDenyWriteExec)"
    rm units/misspelt.service
else
    skip "systemd-analyze verify: it is not here"
fi

# For the run: no other unit of the machine is started, and the output of each is kept.
for service in rxffi-example existing without; do
    mkdir -p units/$service.service.d
    cat >units/$service.service.d/watched.conf <<END
[Unit]
DefaultDependencies=no
[Service]
Environment=LD_DEBUG=bindings LD_DEBUG_OUTPUT=$PWD/$service.account
StandardOutput=file:$PWD/$service.out
StandardError=file:$PWD/$service.err
END
done
cat >units/all.service <<'END'
[Unit]
DefaultDependencies=no
Wants=rxffi-example.service existing.service without.service
After=rxffi-example.service existing.service without.service
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/bin/true
StandardOutput=null
END

# of SERVICE: what it printed, or how it ended, and what was bound.
of() {
    cat "$1.out" 2>/dev/null
    grep -ho '^MemoryError' "$1.err" 2>/dev/null
    bound "$1.account"
}

why=
if [ "$(id -u)" != 0 ]; then
    why="not root"
elif [ ! -x /lib/systemd/systemd ]; then
    why="no /lib/systemd/systemd"
elif ! unshare --mount --pid --net --cgroup --fork --mount-proc true 2>err; then
    why=$(cat err)
elif ! unshare --mount --propagation private mount -t cgroup2 cgroup2 /mnt 2>err; then
    why=$(cat err)
fi
if [ -n "$why" ]; then
    skip "systemd itself: $why"
    return 0
fi
"$here/with-systemd" "$PWD" "$PWD/units" all.service >systemd.log 2>&1 </dev/null || true
same "the example, run by systemd" "3
bound $library" "$(of rxffi-example)"
same "a service with the drop-in, run by systemd" "right
bound $library" "$(of existing)"
same "the same on the system's libffi, run by systemd" "MemoryError
bound $system" "$(of without)"
