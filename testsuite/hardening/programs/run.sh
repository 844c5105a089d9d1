# SPDX-License-Identifier: MIT
#
# run: programs that do with the library what a row of README.md says.
#
# Sourced by the suite's `run`. It goes on in the folder of hostile/run.sh, with its words.
# shellcheck shell=bash disable=SC2034,SC2154

cd "$work/hostile" || exit 1
for part in ${PROGRAM_PARTS-misuse loading environment sealed}; do
    # shellcheck source=/dev/null
    . "$here/programs/$part.sh"
done
cd "$work" || exit 1
