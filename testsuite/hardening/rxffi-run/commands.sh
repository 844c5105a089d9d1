# SPDX-License-Identifier: MIT
#
# commands: what rxffi-run does with the command that it is given, and which it does not run.
#
# Sourced by `run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

section commands

# The command's arguments, its status and its standard streams are its own.
rx "$preload" ./say a '' 'b  c' --wx=nonsense -x
runs "a command and its arguments" 7
same "a command and its arguments" "[./say][a][][b  c][--wx=nonsense][-x]" "$(cat out)"
rx "$preload" -- ./say
runs "a command behind --" 7
PATH=$work rx "$preload" -- -nonsense
complains "a command that begins with a hyphen" 127 'nonsense'
printf 'hello\n' | "$rxffi_run" "$preload" cat > out 2> err
same "standard input" hello "$(cat out err)"
rx "$preload" sh -c 'kill -PIPE $$'
runs "a command that is ended by a signal" 141
same "the descriptors of a command" "$(sh -c 'cd /proc/self/fd && echo *' < /dev/null)" \
    "$("$rxffi_run" "$preload" sh -c 'cd /proc/self/fd && echo *' < /dev/null)"

# Looking for it.
mkdir -p first second
cp say second/findme
printf 'no program\n' > first/findme
printf 'no program\n' > first/noexec
PATH=$work/first:$work/second:$PATH rx "$preload" findme
runs "PATH, with a file that is not executable in front" 7
same "the command's name is as given" "[findme]" "$(cat out)"
PATH=$work/first:$work/second rx "$preload" noexec
complains "PATH, with nothing but a file that is not executable" 126 'noexec: Permission denied'
PATH=$work/second rx "$preload" nowhere
complains "a command that is not in PATH" 127 'nowhere: not found'
PATH=$work/first: rx_in second "$preload" findme
runs "an empty item of PATH" 7
(unset PATH; "$rxffi_run" "$preload" sh -c : 2> err)
same "no PATH at all" 0 $?
rx "$preload" ./nowhere
complains "a file that is not there" 127 'nowhere: No such file'
rx "$preload" ''
complains "a command without a name" 127 'No such file'
rx "$preload" first/findme
complains "a file that is not executable" 126 'Permission denied'
rx "$preload" ./second
complains "a folder" 126 'directory'
rx "$preload" ./say/no
complains "a file in a file" 126 'Not a directory'

# Programs that would ignore the library.
setuid_note='loader would ignore'
for bits in 4755:set-uid 2755:set-gid 6755:set-uid; do
    cp "$true_program" "mode-${bits%:*}"
    if chmod "${bits%:*}" "mode-${bits%:*}" &&
        [ "$(stat -c %a "mode-${bits%:*}")" = "${bits%:*}" ]; then
        for policy in none systemd; do
            rx "$preload" --wx=$policy "./mode-${bits%:*}"
            complains "a ${bits#*:} program, --wx=$policy" 126 \
                "mode-${bits%:*}: is ${bits#*:}: .*$setuid_note"
        done
    else
        skip "a file cannot be made ${bits#*:} here" 2
    fi
done
cp say mode-2745 && chmod 2745 mode-2745
rx "$preload" ./mode-2745
runs "the set-gid bit of a file that its group may not execute" 7
rx --lib=none ./mode-4755
runs "a set-uid program without a library" 0
cp "$true_program" capable
if ./setcap capable; then
    rx "$preload" ./capable
    complains "a program with file capabilities" 126 "capable: has file capabilities.*$setuid_note"
else
    skip "files cannot be given capabilities here"
fi
if [ -n "$have_static" ]; then
    rx "$preload" ./say-static
    complains "a static program" 126 'say-static: is a static program'
    rx --lib=none ./say-static
    runs "a static program without a library" 7
else
    skip "no static libc" 2
fi
if [ -n "$have_static_pie" ]; then
    rx "$preload" ./say-static-pie
    complains "a static position-independent program" 126 'say-static-pie: is a static program'
else
    skip "no static position-independent programs"
fi

# patched FROM TO OFFSET BYTE: a copy of the file with that byte, as printf says it, in it.
patched() {
    cp "$1" "$2" && printf '%b' "$4" | dd of="$2" bs=1 seek="$3" conv=notrunc 2> dd.err
}
patched say say-class 4 '\01'
rx "$preload" ./say-class
complains "a 32-bit program" 126 'say-class: is for another machine \(32-bit'
patched say say-machine 18 '\02'
rx "$preload" ./say-machine
complains "a program for another machine" 126 'say-machine: is for another machine .*ELF machine 2'
patched say say-headers 33 '\0377'
rx "$preload" ./say-headers
complains "a program whose headers lie outside of it" 126 'say-headers: is a damaged ELF file'
head -c 100 say > say-short && chmod +x say-short
rx "$preload" ./say-short
complains "a program that is cut short" 126 'say-short: is a damaged ELF file'
head -c 17 say > say-shorter && chmod +x say-shorter
rx "$preload" ./say-shorter
complains "a program that is cut shorter" 126 'say-shorter: is a damaged ELF file'
# shellcheck disable=SC2086
if $CC -Wl,--dynamic-linker=/nowhere/ld.so -o say-loader "$here/rxffi-run/say.c" 2> cc.loader; then
    rx "$preload" ./say-loader
    complains "a program without its loader" 126 'say-loader: its loader /nowhere/ld.so: No such'
fi

# Scripts stand for the program that runs them.
script() {
    printf '%s\n' "$2" "${3:-}" > "$1" && chmod +x "$1"
}
script script-sh '#!/bin/sh' 'echo "[$1][$2] $LD_PRELOAD"; exit 3'
rx "$preload" ./script-sh a 'b c'
runs "a script" 3
same "a script" "[a][b c] $library" "$(cat out)"
script script-blanks '#! 	/bin/sh -e' 'false; exit 3'
rx "$preload" ./script-blanks
runs "a script with blanks and an argument" 1
script script-none 'echo "[$1][$2] $LD_PRELOAD"; exit 4'
rx "$preload" ./script-none a 'b c'
runs "a script without #!" 4
same "a script without #!" "[a][b c] $library" "$(cat out)"
: > empty && chmod +x empty
rx "$preload" ./empty
runs "an empty file" 0
script script-nowhere '#!/nowhere/sh'
rx "$preload" ./script-nowhere
complains "a script without its interpreter" 126 'its interpreter /nowhere/sh: No such file'
script script-setuid "#!$work/mode-4755"
rx "$preload" ./script-setuid
complains "a script for a set-uid program" 126 'mode-4755: is set-uid'
cp script-sh script-mode && chmod 4755 script-mode
rx "$preload" ./script-mode a b
runs "the set-uid bit of a script, which the kernel ignores" 3
if [ -n "$have_static" ]; then
    script script-static "#!$work/say-static"
    script script-script "#!$work/script-static"
    rx "$preload" ./script-static
    complains "a script for a static program" 126 'say-static: is a static program'
    rx "$preload" ./script-script
    complains "a script for such a script" 126 'say-static: is a static program'
else
    skip "no static libc" 2
fi
script script-loop "#!$work/script-loop"
rx "$preload" ./script-loop
complains "a script that runs itself" 126 'script-loop: its interpreter is a script'

# Memory that execve grants under every policy.
if [ -e say-stack ]; then
    rx --lib=none ./say-stack
    runs "an executable stack, no policy" 7
    for policy in $policies; do
        rx --lib=none --wx="$policy" ./say-stack
        complains "an executable stack, --wx=$policy" 126 'say-stack: asks for an executable stack'
    done
fi
