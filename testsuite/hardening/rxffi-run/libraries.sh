# SPDX-License-Identifier: MIT
#
# libraries: which libraries rxffi-run preloads, and which it does not.
#
# Sourced by `run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

section libraries
rx "$preload" sh -c 'echo "$LD_PRELOAD"'
same "LD_PRELOAD" "$library" "$(cat out)"
LD_PRELOAD=$work/fake-view:/nowhere.so rx "$preload" sh -c 'echo "$LD_PRELOAD"'
same "LD_PRELOAD in front of others" "$library:$work/fake-view:/nowhere.so" "$(cat out)"
LD_PRELOAD=$work/fake-view rx --lib=none sh -c 'echo "$LD_PRELOAD"'
same "LD_PRELOAD untouched by --lib=none" "$work/fake-view" "$(cat out)"
LD_PRELOAD='' rx "$preload" sh -c 'echo "$LD_PRELOAD"'
same "LD_PRELOAD that is empty" "$library" "$(cat out)"
rx_in here --lib=libffi.so.8 sh -c 'cd / && exec "$0"' "$work/closures"
same "a relative path, for a command that goes elsewhere" "library $work/here/libffi.so.8" \
    "$(grep '^library' out | sort -u)"

for bad in 'a blank' 'a	tab' 'a:colon' 'a$dollar' 'a
newline'; do
    mkdir -p "$bad" && cp "$real_library" "$bad/libffi.so.8"
    rx --lib="$work/$bad/libffi.so.8" true
    # A newline in the name makes two lines of the message.
    case $bad in
    *newline) same "a path with a newline" 125 "$status" ;;
    *) complains "a path with $bad" 125 'LD_PRELOAD cannot name' ;;
    esac
done
rx_in 'a blank' --lib=./libffi.so.8 true
complains "a relative path below a blank" 125 'LD_PRELOAD cannot name'

rx --lib=/nowhere/libffi.so.8 true
complains "a library that is not there" 125 'library /nowhere/libffi.so.8: No such file'
rx --lib="$work/here" true
complains "a folder as a library" 125 "library $work/here: .*directory"
rx --lib=/dev/null true
complains "a device as a library" 125 'library /dev/null: is not an ELF shared object'
rx --lib=script-sh true
complains "a text as a library" 125 'script-sh: is not an ELF shared object'
# shellcheck disable=SC2086
$CC -no-pie -o say-no-pie "$here/rxffi-run/say.c" 2> cc.no-pie && {
    rx --lib=say-no-pie true
    complains "a program as a library" 125 'say-no-pie: is not an ELF shared object'
}
rx --lib=say true
complains "a position-independent program as a library" 125 'its SONAME is "" and not libffi.so.8'
# shellcheck disable=SC2086
$CC -shared -Wl,-soname,libffi.so.7 -o other-soname -x c /dev/null 2> cc.soname
rx --lib=other-soname true
complains "another SONAME" 125 'its SONAME is "libffi.so.7" and not libffi.so.8'
head -c 600 "$real_library" > cut-library
rx --lib=cut-library true
complains "a library that is cut short" 125 'cut-library: is not an ELF shared object'
patched "$real_library" class-library 4 '\01'
rx --lib=class-library true
complains "a 32-bit library" 125 'class-library: is for another machine \(32-bit'
rx --lib=fake-unbound true
complains "a library that cannot be loaded" 125 'cannot be loaded: .*rxffi_test_no_such_symbol'
rx --lib= true
complains "no path" 125 'without a path'

# The library that is used without --lib is the one that --help names.
rx --help
default=$(sed -n 's/^ *\(\/.*libffi\.so\.8\)$/\1/p' out)
rx sh -c 'echo "$LD_PRELOAD"'
if [ -e "$default" ]; then
    same "the library of --help" "$default" "$(cat out)"
else
    complains "the library of --help" 125 "library ${default:-in --help}: No such file"
fi
