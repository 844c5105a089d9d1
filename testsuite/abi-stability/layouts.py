# SPDX-License-Identifier: MIT
"""layouts: what a compiled program sees of two sets of headers: sizes, offsets, values, and which macros there are."""

import os
import re
import shlex
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
HEAD = """#include <ffi.h>
#include <stdio.h>
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

int main(void)
{
"""


def lines_of(path):
    for line in path.read_text().splitlines():
        line = line.split('#')[0].strip()
        if line:
            yield line


def statements(line, arch):
    """C that says what a line of `interface` asks for."""
    kind, *names = line.split()
    if kind not in ('type', 'value', 'macro', 'text'):
        if kind != arch:
            return
        kind, *names = names
    if kind == 'type':
        c, *members = names
        yield f'    printf("{c}: %zu bytes aligned to %zu\\n", sizeof({c}), _Alignof({c}));\n'
        for member in members:
            yield (f'    printf("{c}.{member}: %zu bytes at %zu\\n", sizeof((({c} *)0)->{member}), '
                   f'offsetof({c}, {member}));\n')
        return
    for name in names:
        if kind == 'text':
            statement = f'printf("{name}: %s\\n", TEXT({name}));'
        else:
            statement = f'printf("{name}: %lld\\n", (long long)({name}));'
        yield f'    {statement}\n' if kind == 'value' else f'#ifdef {name}\n    {statement}\n#endif\n'


def seen(include, work, arch):
    """{what it is about: what is said of it}, with the headers in that folder."""
    compiler = [*shlex.split(os.environ['CC']), '-std=gnu11', f'-I{include}']
    source, program = work / 'layouts.c', work / 'layouts'
    body = ''.join(statement for line in lines_of(HERE / 'interface')
                   for statement in statements(line, arch))
    source.write_text(f'{HEAD}{body}    return 0;\n}}\n')
    subprocess.run([*compiler, '-w', source, '-o', program], check=True)
    text = subprocess.run([*shlex.split(os.environ['RX_EMULATOR']), program], check=True,
                          capture_output=True, text=True).stdout
    found = dict(line.split(': ', 1) for line in text.splitlines())

    def macros(code):
        text = subprocess.run([*compiler, '-dM', '-E', '-x', 'c', '-'], input=code, check=True,
                              capture_output=True, text=True).stdout
        return set(re.findall(r'^#define (\w+)', text, re.M))

    own = macros('#include <ffi.h>\n') - macros('#include <stddef.h>\n#include <limits.h>\n')
    found.update((f'defined {name}', 'yes') for name in own if name.startswith('_CET') or
                 not name.startswith('_') and not name.endswith('_H'))
    return found


def accepted(version):
    """What of that release may be different."""
    rules = (line.split() for line in lines_of(HERE / 'differences'))
    return {' '.join(words[:2]) if words[0] == 'defined' else words[0]
            for release, *words in rules if release in ('*', version)}


def compare(test, version, theirs, ours, work, arch):
    """What theirs says, ours says too."""
    theirs, ours = seen(theirs, work, arch), seen(ours, work, arch)
    allowed = accepted(version)
    test(f'the headers of {version} were read', len(theirs) > 80, sorted(theirs))
    for name, said in sorted(theirs.items()):
        if name not in allowed:
            test(f'{version} says "{name}: {said}"', ours.get(name) == said, ours.get(name))
