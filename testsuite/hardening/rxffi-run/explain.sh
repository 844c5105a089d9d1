# SPDX-License-Identifier: MIT
#
# explain: rxffi-run --explain says what is so, of programs on every libffi, from every place and with every
# fault that it is to find, and leaves them as they are.
#
# Sourced by `run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

section explain

# explains ARGUMENT...: like rx; the report is in the file report, the rest of standard error in err.
explains() {
    rx --explain "$@"
    sed -n '/^explain  /,$p' err > report
    sed -i '/^explain  /,$d' err
}

# says WHAT TITLE PATTERN: a line of the report with this title matches the whole extended regular expression.
says() {
    if sed -n "s/^ *$2  *//p" report | grep -qxE -- "$3"; then
        pass
    else
        fail "--explain, $1" "$2 $3" "$(cat report err)"
    fi
}

# says_not WHAT PATTERN: no line of the report matches.
says_not() {
    if [ -s report ] && ! grep -qE -- "$2" report; then
        pass
    else
        fail "--explain, $1" "no line that matches \"$2\"" "$(cat report err)"
    fi
}

ends() {
    same "--explain, $1: the last line" "next" "$(tail -n 1 report | cut -d ' ' -f 1)"
    says "$1" next "$2"
}

calm='nothing was writable and executable, in one mapping or in two'

# ---- Which libffi, and from where

explains "$preload" ./closures
same "--explain closures on rxffi: status, output and errors" "0 results 2500 " \
    "$status $(grep results out) $(cat err)"
says "on rxffi" program "$work/closures"
says "on rxffi" libffi "$real_library \(rxffi, libffi\.so\.8\)"
says "on rxffi" from LD_PRELOAD
says "on rxffi" code 'trampolines in its text, r-x, in 1 view at the end'
says "on rxffi" memory "$calm"
says_not "on rxffi" '^(asked|pattern)'
says "on rxffi" ended 'with status 0'
ends "on rxffi" 'nothing is in the way: .*'

if [ -n "$foreign" ]; then
    explains --lib=none ./closures
    says "on the system's libffi" libffi "$foreign \(libffi\.so\.8\)"
    says "on the system's libffi" from 'closures needs it; found (by ld\.so\.conf \(/etc/.*\)|in a default folder)'
    says "on the system's libffi" memory 'writable and executable: rwxp, anonymous memory'
    says "on the system's libffi" asked "mmap of writable and executable memory, by $foreign: granted(, .*)?"
    ends "on the system's libffi" 'run it on rxffi: .*'
else
    skip "the system has no libffi 3.4 to compare with" 6
fi

explains --lib=none ./say
says "without libffi" libffi 'no shared one was loaded'
says "without libffi" ended 'with status 7'
ends "without libffi" 'nothing: it does not use libffi, .*'
explains "$preload" ./say
says "without libffi, preloaded" from 'LD_PRELOAD; nothing here is linked with it'
ends "without libffi, preloaded" 'nothing: it does not use libffi, .*'

must_make closures-runpath rxffi-run/closures.c "$library" -ldl "-Wl,-rpath,$RX_LIBDIR,--enable-new-dtags"
must_make closures-rpath rxffi-run/closures.c "$library" -ldl "-Wl,-rpath,$RX_LIBDIR,--disable-new-dtags"
must_make explained rxffi-run/explained.c -pthread -ldl
for kind in RUNPATH RPATH; do
    program=closures-${kind,,}
    explains --lib=none "./$program"
    says "$kind" libffi "$real_library \(rxffi, .*"
    says "$kind" from "$program needs it; found by the $kind of $work/$program"
done
LD_LIBRARY_PATH=$work/here explains --lib=none ./closures-runpath
says "LD_LIBRARY_PATH before RUNPATH" from 'closures-runpath needs it; found by LD_LIBRARY_PATH'
says "LD_LIBRARY_PATH before RUNPATH" libffi "$work/here/libffi.so.8 .*"
LD_LIBRARY_PATH=$work/here explains --lib=none ./closures-rpath
says "RPATH before LD_LIBRARY_PATH" from 'closures-rpath needs it; found by the RPATH of .*'
explains --lib=none ./explained load "$work/here/libffi.so.8"
says "dlopen" libffi "$work/here/libffi.so.8 \(rxffi, .*"
says "dlopen" from 'dlopen, as nothing here is linked with it; the loader looks in no such folder: by its path'

must_make libseven.so rxffi-run/explained.c -DLIBRARY_SEVEN -shared -fPIC -Wl,-soname,libffi.so.7
explains "$preload" ./explained load ./libseven.so
says "another SONAME" libffi "$work/libseven.so \(libffi\.so\.7\)"
ends "another SONAME" 'rxffi is a libffi\.so\.8: build what needs libffi\.so\.7 again, against that'
must_make closures-copy rxffi-run/closures.c "$RX_LIBDIR/libffi.a" -ldl -pthread
explains --lib=none ./closures-copy
says "a copy" libffi "a copy, linked into $work/closures-copy"
ends "a copy" "link $work/closures-copy with libffi\.so\.8 instead of a copy"

# ---- Memory, and who asked for it

if [ -n "$free" ]; then
    for how in '' fork thread "exec $work/explained fork"; do
        # shellcheck disable=SC2086
        explains "$preload" ./explained $how wx
        says "W+X ($how)" memory 'writable and executable: rwxp, anonymous memory'
        says "W+X ($how)" asked "mmap of writable and executable memory, by $work/explained: granted"
        ends "W+X ($how)" "$work/explained makes code of its own: .*"
    done
    explains "$preload" ./explained alias
    says "an alias" memory 'a file is mapped twice, to execute and to write: /memfd:explained \(deleted\)'
    must_make libtextrel.so rxffi-run/explained.c -DLIBRARY_TEXTREL -shared -fPIC -Wl,-z,notext
    explains "$preload" ./explained load ./libtextrel.so
    says "text relocations" pattern "$work/libtextrel.so: has text relocations: .*"
    says "text relocations" asked 'mprotect to .*executable, by .*/ld-linux.*: granted'
    if [ -e say-stack ]; then
        explains --lib=none ./say-stack
        says "an executable stack" memory 'writable and executable: rwxp, \[stack\]'
        says "an executable stack" pattern "$work/say-stack: asks for an executable stack"
        ends "an executable stack" '.*patchelf --clear-execstack'
    fi
else
    skip "this machine lets nobody have W+X memory" 17
fi

# ---- The other known patterns, each by a library that has the marks of one

# known FILE WHAT NEXT FLAG...: as such a pattern a library is known that is made with these flags, and nothing more.
known() {
    must_make "$1" rxffi-run/explained.c -shared -fPIC -w "${@:4}"
    explains "$preload" ./explained load "./$1"
    says "$1" pattern "$work/$1: $2"
    same "--explain, $1: the number of patterns" 1 "$(grep -c '^pattern' report)"
    ends "$1" "$3"
}
# marked FILE WHAT NEXT DEFINED WANTED [FLAG...]: the same of what defines or wants a symbol; one may be empty.
marked() {
    known "$1" "$2" "$3" -DLIBRARY_MARKED ${4:+-DLIBRARY_DEFINES="$4"} ${5:+-DLIBRARY_WANTS="$5"} "${@:6}" "$library"
}
cannot='no libffi can help here: .*'
if [ -n "$free" ]; then
    known libsegment.so 'has a segment that is writable and executable' 'link it again, .*' -DLIBRARY_WX
else
    skip "this machine lets nobody have W+X memory" 4
fi
marked libghc8.so "GHC's run-time before 9.0: .*" 'use GHC 9 or later, .*' createAdjustor '' -Wl,-soname,libHSrts_thr-ghc8.8.4.so
marked libcjs.so 'cjs: .*' ".* system's libffi for it: --lib=none" _ZN2JS6detail25InitWithFailureDiagnosticEb '' -Wl,-soname,libcjs.so.0
marked libecl.so 'ECL: .*' ".* system's libffi for it: --lib=none" cl_boot ffi_prep_closure_loc
marked libmozjs.so 'SpiderMonkey, .*' "$cannot" _ZN2JS6detail25InitWithFailureDiagnosticEb ''
marked libpypy.so 'PyPy: .*' 'switch its compiler off: pypy3 --jit off' rpython_startup_code ''
marked libguile.so 'Guile: .*' 'switch its compiler off: GUILE_JIT_THRESHOLD=-1' scm_init_guile ''
marked libghc9.so "GHC's run-time: makes callbacks in pages of its own" "$cannot" createAdjustor '' -Wl,-soname,libHSrts_thr-ghc9.0.2.so
marked libpages.so 'makes callbacks in pages of its own \(ffi_prep_closure without .*' 'use what needs no such callback .*' '' ffi_prep_closure
marked libpages-loc.so 'makes callbacks in pages of its own \(ffi_prep_closure_loc without .*' "$cannot" '' ffi_prep_closure_loc

# ---- Policies

must_make libjava.so rxffi-run/explained.c -DLIBRARY_JAVA -shared -fPIC
for policy in none $policies; do
    if [ -n "$(why_not "$policy")" ]; then
        skip "$policy: $(why_not "$policy")" 3
        continue
    fi
    want='refused, .*'
    [ "$policy" != none ] || want=granted
    [ -n "$free" ] || [ "$policy" != none ] || continue
    explains "$preload" --wx="$policy" ./explained load ./libjava.so
    says "a Java machine under $policy" pattern "$work/libjava.so: a Java machine: .*"
    says "a Java machine under $policy" asked "mmap of writable and executable memory, by $work/libjava.so: $want"
    ends "a Java machine under $policy" 'no libffi can help here: .*'
    explains "$preload" --wx="$policy" ./closures
    same "--explain closures under $policy" "0 $good" "$status $(sort -u out)"
    says "under $policy" policy "--wx=$policy; in force: .*"
    if [ "$policy" != none ]; then
        says "under $policy" policy ".*; what --wx=$policy refuses"
        ends "under $policy" "nothing: this is rxffi, under --wx=$policy"
    fi
done
if [ -n "$foreign" ] && [ -z "$(why_not strict)" ]; then
    explains --lib=none --wx=strict ./closures
    same "--explain closures on the system's libffi under strict" "1 failed ffi_closure_alloc" "$status $(cat out)"
    says "the system's libffi under strict" code 'none was to be had: .*'
    says "the system's libffi under strict" asked "mmap of shared executable memory, by $foreign: refused, .*"
    says "the system's libffi under strict" memory "$calm"
fi
if [ -z "$(why_not systemd)" ]; then
    "$rxffi_run" --lib=none --wx=systemd "$rxffi_run" --explain "$preload" ./closures > out 2> report
    says "under another's policy" policy '--wx=none; .*a seccomp filter.*'
    says "under another's policy" refuses 'anonymous W\+X, mprotect \+X.*'
fi

if [ -n "$can_mdwe" ]; then
    explains "$preload" ./explained mdwe wx
    says "a program under its own PR_SET_MDWE" policy "$work/explained put itself under PR_SET_MDWE"
    says "a program under its own PR_SET_MDWE" asked "mmap of .*: refused, Permission denied"
fi
if [ -n "$can_seccomp" ] && grep -q '^Seccomp:.0' /proc/self/status; then
    explains "$preload" ./explained filter
    says "a program under its own filter" policy "$work/explained put itself under a seccomp filter"
fi

# ---- What it does not run, and that it changes nothing

# fails WHAT STATUS PATTERN: one line of rxffi-run's own, and then advice.
fails() {
    same "--explain of $1" "$2 1 next" \
        "$status $(grep -cE -- "^rxffi-run: $3" err) $(tail -n 1 err | cut -d ' ' -f 1)"
}
if [ -u mode-4755 ]; then
    for lib in "$preload" --lib=none; do
        rx --explain "$lib" ./mode-4755
        fails "a set-uid program, $lib" 126 '.*mode-4755: is set-uid'
    done
else
    skip "a file cannot be made set-uid here" 2
fi
if [ -n "$have_static" ]; then
    rx --explain "$preload" ./say-static
    fails "a static program" 126 '.*say-static: is a static program'
    explains --lib=none ./say-static
    says "a static program without a library" program "$work/say-static \(static\)"
fi
rx --explain "$preload" ./nowhere
complains "--explain of nothing" 127 'nowhere: No such file'
rx --explain --check "$preload"
complains "--explain and --check" 125 'two things'
if [ -n "$can_seccomp" ]; then
    on_kernel no-ptrace --explain "$preload" ./say
    complains "--explain where ptrace is refused" 125 'ptrace: Operation not permitted'
fi

rx --explain "$preload" sh -c 'kill -TERM $$'
same "--explain of what is ended by a signal" "143 1" "$status $(grep -c '^ended    by a signal: Terminated' err)"
printf 'hello\n' | "$rxffi_run" --explain "$preload" cat > out 2> err
same "--explain, standard input and output" hello "$(cat out)"
rx "$preload" sh -c 'cd /proc/self/fd && echo *; env | grep -v "^_="'
mv out plain.out
rx --explain "$preload" sh -c 'cd /proc/self/fd && echo *; env | grep -v "^_="'
same "--explain, descriptors and variables" "$(cat plain.out)" "$(cat out)"

# What the program leaves behind is let go, and goes on; and a signal is for the program.
mkfifo -m 600 gate over
rx --explain "$preload" sh -c '(read go < gate; ./say left > over) & exit 3'
same "--explain of what leaves a child behind" 3 "$status"
timeout 60 sh -c 'echo go > gate'
same "the child that is left behind" "[./say][left]" "$(timeout 60 cat over)"
"$rxffi_run" --explain "$preload" sh -c 'echo ready > over; read go < gate' > out 2> err &
observer=$!
same "--explain, a program that waits" ready "$(timeout 60 cat over)"
kill -TERM "$observer"
wait "$observer"
same "--explain, a signal" "143 1" "$? $(grep -c '^ended    by a signal: Terminated' err)"
