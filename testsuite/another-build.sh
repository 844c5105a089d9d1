# SPDX-License-Identifier: MIT
#
# Sourced by a suite that configures and builds the library once more, in another way.
#
#     . "$here/../another-build.sh"
#     sources=$(sources_for FOLDER)       what to configure from; FOLDER is where they are copied to, if they must be
#     "${fresh[@]}" COMMAND...            nothing that is said of the build at hand, on make's command line or in
#                                         its environment, is about the other
# shellcheck shell=bash

fresh=(env)
for name in MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS VPATH DESTDIR CONFIG_SITE \
    CC CXX CPP CXXCPP CCAS AR LD NM OBJDUMP CLANG CFLAGS CXXFLAGS CPPFLAGS LDFLAGS LIBS CCASFLAGS \
    RX_LIBDIR RX_INCLUDEDIR RX_BINDIR RX_WORK RX_HOST RX_TOOLS RX_EMULATOR RX_USED_CFLAGS RX_SANITIZER; do
    fresh+=(-u "$name")
done

# Sources that are themselves a build tree cannot be those of another: they are copied, as for a release.
sources_for() {
    if [ ! -e "$RX_SRCDIR/config.status" ]; then
        echo "$RX_SRCDIR"
        return
    fi
    "${fresh[@]}" make -C "$RX_BUILDDIR" -s distdir distdir="$1" am__remove_distdir="rm -rf $1" >"$1.log" 2>&1 ||
        { cat "$1.log" >&2; return 1; }
    echo "$1"
}
