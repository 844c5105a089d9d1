# SPDX-License-Identifier: MIT
#
# Sourced by a suite's runner, so that it can also be started by hand: what `make check` exports
# (see README.md) is taken as it stands, and what is missing is looked for in the Makefile and the folder
# `stage` of the build tree, which is RX_BUILDDIR, the current folder, the sources' folder `build` or the
# sources.
#
#     suite=NAME; . "$(dirname "$0")/../defaults.sh"
#
# Afterwards every variable of README.md is set and exported, and RX_WORK exists.

: "${RX_SRCDIR:=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}"

if [ -z "${RX_BUILDDIR-}" ]; then
    for RX_BUILDDIR in "$PWD" "$RX_SRCDIR/build" "$RX_SRCDIR"; do
        if [ -d "$RX_BUILDDIR/stage" ]; then break; fi
    done
fi

# What the build tree is configured with; empty when it does not say.
configured() {
    if [ -e "$RX_BUILDDIR/Makefile" ]; then
        sed -n "s/^$1 = //p" "$RX_BUILDDIR/Makefile"
    fi
}

# The folder of the stage that holds a file of this name; empty when there is none.
staged() {
    if [ -d "$RX_BUILDDIR/stage" ]; then
        find "$RX_BUILDDIR/stage" -name "$1" -printf '%h\n' -quit
    fi
}

: "${RX_LIBDIR:=$(staged libffi.so.8)}"
: "${RX_INCLUDEDIR:=$(staged ffi.h)}"
: "${RX_BINDIR:=$(staged rxffi-run)}"
: "${RX_MANDIR:=$(dirname "$(staged rxffi-run.1)")}"
# Programs for the host are made by CC, CXX and CLANG, read by NM and OBJDUMP, and run by RX_EMULATOR.
: "${RX_TOOLS=$(configured RX_TOOLS)}" "${RX_EMULATOR=$(configured RX_EMULATOR)}"
: "${CC:=$(configured CC)}" "${CXX:=$(configured CXX)}"
: "${CC:=gcc}" "${CXX:=g++}" "${CLANG=$(configured CLANG)}"
: "${NM:=${RX_TOOLS}nm}" "${OBJDUMP:=${RX_TOOLS}objdump}"
: "${RX_HOST:=$(configured host)}"
: "${RX_HOST:=$($CC -dumpmachine)}"

if [ ! -e "$RX_LIBDIR/libffi.so.8" ]; then
    echo "${suite:?}: no installed libffi.so.8 in '$RX_LIBDIR': start me with \`make check\`, or set RX_LIBDIR" >&2
    exit 2
fi
if [ -z "${RX_WORK-}" ]; then
    RX_WORK=$RX_BUILDDIR/check/$suite/work
    rm -rf "$RX_WORK"
fi
mkdir -p "$RX_WORK"

# Nothing that the caller's shell says about loading may reach a test program.
unset LD_LIBRARY_PATH LD_PRELOAD LD_DEBUG LD_AUDIT
export RX_SRCDIR RX_BUILDDIR RX_LIBDIR RX_INCLUDEDIR RX_BINDIR RX_MANDIR RX_WORK CC CXX CLANG RX_HOST
export NM OBJDUMP RX_TOOLS RX_EMULATOR
export LC_ALL=C
