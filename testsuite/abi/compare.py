# SPDX-License-Identifier: MIT
"""compare: random signatures against the C compilers, on every processor.

    compare.py LIBRARY      (with SIGNATURES, SEED, GCC and what ../README.md says in the environment)

Signatures come in batches, each a function of SEED and its number. Every batch is built by every
compiler at every level, and run; with TURNS=1 by one of them only, in turn. BATCH=N runs only that one.
COMPILERS="clang -O0, clang -O0, gcc -O2" is a choice; what is named twice has two of the turns. OLD=1 leaves
out the types that libffi 3.4 did not have.
"""

import collections
import multiprocessing
import os
import random
import subprocess
import sys
import textwrap

import emit
from build import Builder, Compiler, Failed
from compilers import comparable
from reduce import kind, reduced
from signature import ABIS, draw_signature, is_new

SIZE = 500  # signatures in a batch
LEVELS = ('-O0', '-O2')
ROUNDS = 4  # each with other values, places and ways to call
SHOWN = 20  # failures that get a line
REDUCED = 12  # kinds of failures of which one is reduced


def say(text):
    print(text, flush=True)


def builder_for(library):
    env = os.environ
    commands = {'gcc': env['GCC'], 'clang': env['CLANG']}
    compilers = [Compiler(name, command, level)
                 for name, command in commands.items() if command for level in LEVELS]
    chosen = [word.strip() for word in env.get('COMPILERS', '').split(',') if word.strip()]
    if chosen:
        by_name = {str(compiler): compiler for compiler in compilers}
        if unknown := set(chosen) - by_name.keys():
            raise Failed(f'COMPILERS names {", ".join(sorted(unknown))}, which is none of '
                         f'{", ".join(by_name)}')
        compilers = [by_name[name] for name in chosen]
    arch = env['RX_HOST'].split('-')[0]
    if arch not in ABIS:
        raise Failed(f'there are no calling conventions of {arch} in signature.py')
    return arch, Builder(arch, library, env['RX_INCLUDEDIR'], env['RX_WORK'], compilers,
                         env['GCC'], env.get('RX_SANITIZER', ''), env['RX_EMULATOR'])


def batch_of(arch, seed, number, size):
    rng = random.Random(f'{seed} {number}')
    signatures = []
    while len(signatures) < size:
        signature = draw_signature(rng, ABIS[arch])
        if not (os.environ.get('OLD') and is_new(signature)):
            signatures.append(signature)
    return signatures


def job(task):
    """What a worker does: a batch. Returns its number, how many checks it made, and the failures."""
    number, size = task
    signatures = batch_of(ARCH, SEED, number, size)
    checks, left_out, failures = 0, 0, []
    compilers = list(dict.fromkeys(BUILDER.compilers))
    if os.environ.get('TURNS'):
        compilers = [BUILDER.compilers[number % len(BUILDER.compilers)]]
    for compiler in compilers:
        chosen = [k for k in range(size) if comparable(signatures[k], compiler)]
        left_out += size - len(chosen)
        try:
            found = BUILDER.check(f'batch{number}', [signatures[k] for k in chosen], compiler,
                                  ROUNDS)
            failures += [(chosen[k], compiler, what) for k, what in found.items()]
            checks += len(chosen)
        except (Failed, subprocess.TimeoutExpired) as e:
            failures.append((None, compiler, str(e)))
            checks += 1
    return number, size, checks, left_out, failures


def show(number, size, k, compiler, what, reduce):
    say(f'FAIL: SEED={SEED} BATCH={number} number {k}, {compiler}: {what}')
    if not reduce or k is None:
        return
    signature = batch_of(ARCH, SEED, number, size)[k]
    try:
        smaller, how = reduced(signature, what, BUILDER, compiler, 'reduce', comparable)
    except (Failed, subprocess.TimeoutExpired) as e:
        smaller, how = signature, f'the reduction ended with {e}'
    say(f'    reduced: {smaller.abi.name}, value seed {smaller.seed}: {how or "alone it passes"}')
    say(textwrap.indent(emit.prototype(smaller), '    ') + '\n')


def report(failures):
    """The first failure of each kind, reduced; then how many of each there are, and some of the rest."""
    failures.sort(key=lambda f: (f[0], -1 if f[2] is None else f[2], str(f[3])))
    kinds = collections.Counter(kind(failure[4]) for failure in failures)
    firsts = {kind(failure[4]): failure for failure in reversed(failures)}
    firsts = sorted(firsts.values(), key=failures.index)
    for n, failure in enumerate(firsts[:SHOWN]):
        show(*failure, reduce=n < REDUCED)
    rest = [failure for failure in failures if failure not in firsts]
    for failure in rest[:SHOWN]:
        show(*failure, reduce=False)
    if failures:
        say(f'{len(failures)} failures, of these kinds:')
    for text, count in kinds.most_common():
        say(f'{count:6}  {text.splitlines()[0]}')


def main():
    wanted = int(os.environ['SIGNATURES'])
    tasks = [(n, min(SIZE, wanted - n * SIZE)) for n in range((wanted + SIZE - 1) // SIZE)]
    if os.environ.get('BATCH'):
        tasks = [(int(os.environ['BATCH']), SIZE)]
    names = ', '.join(map(str, BUILDER.compilers))
    say(f'{sum(size for _, size in tasks)} signatures from SEED={SEED}, {names}, against '
        f'{BUILDER.library}')

    checks = left_out = done = 0
    failures = []
    with multiprocessing.Pool(int(os.environ.get('RX_JOBS') or os.cpu_count())) as pool:
        for number, size, more, less, found in pool.imap_unordered(job, tasks):
            checks += more
            left_out += less
            done += size
            failures += [(number, size) + failure for failure in found]
            if done % 1000 == 0 or done == wanted:
                say(f'{done} signatures, {checks} checks, {len(failures)} failed')

    report(failures)
    if left_out:
        say(f'{left_out} checks left out: the compiler breaks its own calls (compilers.py)')
    skipped = '' if os.environ['CLANG'] else ', 1 skipped (no clang)'
    say(f'abi: {max(0, checks - len(failures))} passed, {len(failures)} failed{skipped}')
    return 1 if failures or not checks else 0


SEED = os.environ['SEED']
try:
    ARCH, BUILDER = builder_for(sys.argv[1])
except Failed as e:
    say(f'FAIL: {e}\nabi: 0 passed, 1 failed')
    sys.exit(1)
if __name__ == '__main__':
    sys.exit(main())
