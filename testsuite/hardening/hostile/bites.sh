# SPDX-License-Identifier: MIT
#
# bites: what these tests look for can be seen where it is. The same programs run on the system's libffi, if
# that is 3.4, and the observer must see what that does.
#
# Sourced by `run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2034,SC2154

section "hostile: the same on the system's libffi"

# CONDITION|SCENE|N|MOMENT|a fault that is seen
bites() {
    cat << 'EOF'
none|closures|1000|L|memory that is writable and executable
mdwe|closures|1000|L|writable alias of executable memory
systemd|closures|1000|L|a descriptor that was kept
pax|closures|1000|F|writable alias of executable memory
no-exec|closures|1000|L|no closure after 0
no-exec|closures|1000|F|no closure after [1-9]
no-mapping|all|1000|L|no closure after 0
no-proc|closures|1000|L|memory that is writable and executable
chroot|closures|1000|L|memory that is writable and executable
pid-namespace|closures|1000|L|memory that is writable and executable
no-descriptor|closures|1000|L|memory that is writable and executable
no-open|closures|1000|L|memory that is writable and executable
landlock|closures|1000|L|memory that is writable and executable
mdwe/daemon|closures|1000|F|own file has another size|own file was overwritten
deleted|closures|1000|F|memory that is writable and executable
systemd/read-only|closures|1000|L|no closure after 0
few-descriptors|recover|1000|L|code in a mapping that is rwxp
mdwe|fork|1000|L|a wrong result, of closure [0-9]* in the (parent|child), after
none|fork-beside-threads|1000|L|a child that hangs
none|signals|1000|L|a signal handler that hangs
systemd|live|50000|L|[0-9]* mappings, more than 250
sealed|closures|1000|F|the code of closures is not sealed
EOF
}

system=${HARDENING_SYSTEM-$(readlink -f "$($CC -print-file-name=libffi.so.8)" || :)}

# bite CONDITION SCENE N MOMENT FAULT
bite() {
    local title="libffi 3.4, $1, $2: $5"
    HOSTILE_PATIENCE=3 play "$4" "$1" "$2" "$3" "$PWD/under" "$lib/libffi.so.8" --mappings=250
    case $status in
    1)
        if grep -qE "^fault .*($5)" said; then
            pass && row "$title" seen
        else
            fail "$title" "that fault" "$(sed -n 's/^fault //p' said | paste -sd ';')"
        fi
        ;;
    77) skip "$(sed -n 's/^skip //p' said)" ;;
    *) fail "$title" "that fault" "status $status" ;;
    esac
}

case $system in
*/libffi.so.8.1.*)
    kept_target=$target kept_lib=$lib
    target=$system
    mkdir -p system && cp "$system" system/libffi.so.8 && lib=$PWD/system
    while IFS='|' read -r condition scene n moment seen; do
        bite "$condition" "$scene" "$n" "$moment" "$seen"
    done < <(bites)
    target=$kept_target lib=$kept_lib
    ;;
*) skip "the system has no libffi 3.4 to compare with" "$(bites | wc -l)" ;;
esac
