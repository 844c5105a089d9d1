# SPDX-License-Identifier: MIT
#
# relink: a client that is compiled against the installed ffi.h, libffi.pc and libraries, by each of the builders
# that look for a libffi.pc, as their manuals say.
#
# Sourced by `run`, which has the words that are used here.
# shellcheck shell=bash disable=SC2046,SC2154

same "pkg-config: versions that clients ask for" "3.8.0 yes" "$(pc --modversion) $(pc --atleast-version=3.4 && echo yes)"

$CC -o by-hand client.o $(pc --libs) -ldl -Wl,-rpath,"$(pc --variable=libdir)"
same "pkg-config" "$(on "$library")" "$(tell ./by-hand)"

# The stage is a sysroot, as for a distribution's builds: configured for one prefix, installed in a folder.
staged=$(readlink -f "$RX_LIBDIR/libffi.so.8")
sysroot_flags() {
    PKG_CONFIG_LIBDIR=$RX_LIBDIR/pkgconfig PKG_CONFIG_SYSROOT_DIR=$RX_BUILDDIR/stage PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 \
        PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 pkg-config "$@" libffi
}
if [ "$RX_LIBDIR" != "${RX_LIBDIR#"$RX_BUILDDIR/stage"}" ]; then
    $CC -o in-sysroot "$here/client.c" $(sysroot_flags --cflags --libs) -ldl
    same "pkg-config, a sysroot" "$(on "$staged")" "$(tell LD_LIBRARY_PATH="$RX_LIBDIR" ./in-sysroot)"
fi

# Linked against this library, it runs on the system's as well: there is a way back.
same "and back, to the system's libffi" "right
code nowhere
bound $system" "$(tell LD_LIBRARY_PATH="$(dirname "$system")" ./by-hand | sort -r)"

# A program that was linked with the system's libffi finds out what it runs on.
$CC -O1 -Wall -Wextra $(pc --cflags) -o version "$here/version.c" "$system" -ldl
same "what it runs on: the system's libffi" "libffi
bound $system" "$(tell LD_LIBRARY_PATH="$(dirname "$system")" ./version)"
same "what it runs on: this library" "rxffi $(sed -n 's/#define FFI_RX_VERSION "\(.*\)"/\1/p' "$RX_INCLUDEDIR/ffi_rx.h")
bound $library" "$(tell LD_LIBRARY_PATH="$libdir" ./version)"

$CC -o static client.o "$libdir/libffi.a" -ldl
same "libffi.a" "right
code $PWD/static" "$(tell ./static)"

# builder TITLE PROGRAM COMMAND: the function COMMAND builds in a folder of its name, from sources of its name.
builder() {
    rm -rf "$3" && cp -r "$here/$3" . && cp "$here/client.c" "$3"
    if (cd "$3" && "$3") >"$3.log" 2>&1; then
        same "$1" "$(on "$library")" "$(tell "$3/$2")"
    else
        same "$1" "a client" "$(tail -n 5 "$3.log")"
    fi
}

autotools() {
    autoreconf -fi && ./configure ${RX_TOOLS:+--host="${RX_TOOLS%-}"} --prefix="$PWD/installed" --disable-static &&
        make install
}
cmake() {
    command cmake -S . -B build ${RX_TOOLS:+-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="${RX_HOST%%-*}"} \
        -DCMAKE_C_COMPILER="${CC%% *}" && command cmake --build build
}
meson() {
    cat >cross <<END
[binaries]
c = '${CC%% *}'
pkgconfig = 'pkg-config'
[properties]
pkg_config_libdir = '$PKG_CONFIG_LIBDIR'
[host_machine]
system = 'linux'
cpu_family = '${RX_HOST%%-*}'
cpu = '${RX_HOST%%-*}'
endian = 'little'
END
    command meson setup ${RX_TOOLS:+--cross-file cross} build && command meson compile -C build
}
export -n MAKEFLAGS MAKELEVEL
builder "libtool" installed/bin/client autotools
builder "CMake" build/client cmake
builder "meson" build/client meson
unset -f autotools cmake meson
