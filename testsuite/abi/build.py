# SPDX-License-Identifier: MIT
"""build: compiles generated programs, runs them, and reads what they say."""

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import emit

HERE = Path(__file__).parent
HARNESS = ('harness.c', 'check.c', 'closures.c', 'receive.c', 'prepare.c', 'values.c')
GUARD = ('guard.c', 'guard.S')  # of the architecture
PATIENCE = 120  # seconds for one run of one program


@dataclass(frozen=True)
class Compiler:
    name: str  # gcc or clang
    command: str
    level: str  # -O0

    def __str__(self):
        return f'{self.name} {self.level}'


class Failed(Exception):
    """Something other than a signature is wrong."""


def command(*words):
    result = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise Failed(f'{shlex.join(map(str, words))}\n'
                     f'{result.stdout[-2000:]}{result.stderr[-2000:]}')


class Builder:
    def __init__(self, arch, library, include, work, compilers, cc, sanitizer='', emulator=''):
        self.library = os.path.realpath(library)
        self.folder = os.path.dirname(os.path.abspath(library))
        self.work = Path(work)
        self.compilers = compilers
        self.cc = shlex.split(cc)
        self.emulator = shlex.split(emulator)
        self.sanitizer = shlex.split(sanitizer)
        self.include = [f'-I{HERE}', f'-I{HERE / arch}', f'-I{include}']
        self.harness = []
        for source in HARNESS + tuple(f'{arch}/{name}' for name in GUARD):
            to = self.work / (Path(source).name + '.o')
            command(*self.cc, '-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror',
                    '-D_GNU_SOURCE', *self.sanitizer, *self.include, '-c', HERE / source, '-o', to)
            self.harness.append(to)

    def check(self, name, signatures, compiler, rounds):
        """What is wrong with which signature, by its number."""
        base = self.work / f'{name}-{compiler.name}{compiler.level}'
        source = base.with_suffix('.c')
        source.write_text(emit.program(signatures))
        command(*shlex.split(compiler.command), '-std=gnu11', compiler.level, '-w', '-Wno-psabi',
                '-fno-asynchronous-unwind-tables', *self.include,
                '-c', source, '-o', base.with_suffix('.o'))
        command(*self.cc, *self.sanitizer, base.with_suffix('.o'), *self.harness, self.library,
                f'-Wl,-rpath,{self.folder}', '-o', base)
        failures = self.run(base, len(signatures), rounds)
        for file in (source, base.with_suffix('.o'), base):
            file.unlink()
        return failures

    def run(self, program, count, rounds):
        failures, first = {}, 0
        while first < count:
            result = subprocess.run([*self.emulator, program, str(first), str(rounds)],
                                    stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                    timeout=PATIENCE)
            lines = result.stdout.splitlines()
            if not lines or not lines[0].startswith('library '):
                raise Failed(f'{program} says nothing: {result.stdout}{result.stderr}')
            loaded = os.path.realpath(lines[0][len('library '):])
            if loaded != self.library:
                raise Failed(f'{program} has loaded {loaded} instead of {self.library}')
            last = first
            for line in lines[1:]:
                if line.startswith('FAIL '):
                    _, number, what = line.split(' ', 2)
                    last = int(number)
                    failures[last] = what
            if lines[-1] == 'end':
                break
            if result.returncode != 3:
                raise Failed(f'{program} {first}: status {result.returncode}\n{result.stdout[-500:]}'
                             f'{result.stderr[-500:]}')
            # A crash: go on behind it.
            failures[last] += ''.join(f'; {line}' for line in result.stderr.splitlines()[-1:])
            first = last + 1
        return failures
