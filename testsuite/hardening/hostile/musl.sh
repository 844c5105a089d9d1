# SPDX-License-Identifier: MIT
#
# musl: static programs of another C library, with a libffi.a that is configured and built for it.
#
# Sourced by `run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2034,SC2154

section "hostile: static, with musl"

# TITLE|CONDITION|SCENE|N|MOMENTS
musl_rows() {
    cat << 'EOF'
static musl|none|closures|1000|BLF
static musl, past the pool|none|closures|past|BLF
static musl, PR_SET_MDWE, past the pool|mdwe|closures|past|BLF
static musl, no PROT_EXEC, past the pool|no-exec|closures|past|BLF
static musl, fork while other threads allocate|none|fork-beside-threads|1000|BLF
static musl, 8 threads surge|none|surge|12000|BLF
static musl, signals inside alloc|none|signals|1000|BLF
EOF
}

if ! find_musl; then
    skip "no musl-gcc (Debian's package musl-tools)" "$(($(musl_rows | wc -l) + 1))"
elif ! wait "$musl_build"; then
    fail "a static program with musl" "a program" "$(tail -v -n 3 musl.log cc.under-musl 2>&1)"
else
    while IFS='|' read -r title condition scene n moments; do
        play_row "$title" "$condition" "$scene" "$n" "$moments" "$PWD/under-musl" "$PWD/under-musl"
    done < <(musl_rows)
    same "static musl, FFI_RX_LONGJMP: nobody can tell" refused "$(./jumps-musl 2>&1)"
fi
