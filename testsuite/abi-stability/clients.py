# SPDX-License-Identifier: MIT
"""clients: a program that is configured with the headers of one release, compiled with those of another or the
same, and run with the library of either."""

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
HOST = os.environ['RX_HOST']


@dataclass(frozen=True)
class Release:
    name: str
    libdir: Path

    @property
    def environment(self):
        """In which pkg-config finds this one and no other, also behind a DESTDIR."""
        bare = dict(os.environ, PKG_CONFIG='pkg-config', PKG_CONFIG_LIBDIR=str(self.libdir / 'pkgconfig'),
                    PKG_CONFIG_ALLOW_SYSTEM_CFLAGS='1', PKG_CONFIG_ALLOW_SYSTEM_LIBS='1')
        said = subprocess.run(['pkg-config', '--variable=libdir', 'libffi'], env=bare, check=True,
                              capture_output=True, text=True).stdout.strip()
        return dict(bare, PKG_CONFIG_SYSROOT_DIR=str(self.libdir).removesuffix(said))

    def flags(self, option):
        return shlex.split(subprocess.run(['pkg-config', option, 'libffi'], env=self.environment,
                                          check=True, capture_output=True, text=True).stdout)

    def is_at_least(self, version):
        return subprocess.run(['pkg-config', f'--atleast-version={version}', 'libffi'],
                              env=self.environment).returncode == 0


def configured(release, sources, work):
    """The folder of config.h; None if configure does not want this release."""
    folder = work / f'configured-with-{release.name}'
    folder.mkdir()
    with open(folder / 'said', 'w') as log:
        done = subprocess.run([sources / 'configure', f'--host={HOST}', f'CC={os.environ["CC"]}'],
                              cwd=folder, env=release.environment, stdout=log, stderr=log)
    return folder if done.returncode == 0 else None


def run(program, library):
    done = subprocess.run([HERE.parent / 'host-env', f'LD_LIBRARY_PATH={library.libdir}', program],
                          capture_output=True, text=True)
    wanted = os.path.realpath(library.libdir / 'libffi.so.8')
    loaded = done.stdout.partition('\n')[0].removeprefix('library ')
    return done.returncode == 0 and os.path.realpath(loaded) == wanted, (done.stdout, done.stderr)


def check(test, releases, work):
    sources = work / 'client'
    shutil.copytree(HERE / 'client', sources)
    subprocess.run(['autoreconf', '-fi'], cwd=sources, check=True, capture_output=True)
    for release in releases:
        test(f'pkg-config knows {release.name} as 3.8.0 at least', release.is_at_least('3.8.0'))
        test(f'and as no later one than {release.name}', not release.is_at_least('3.8.1'))
    folders = {release: configured(release, sources, work) for release in releases}
    configs = [folder and (folder / 'config.h').read_text() for folder in folders.values()]
    test('configure finds the same of each', None not in configs and len(set(configs)) == 1, configs)
    for asked, folder in folders.items():
        for headers in releases:
            program = work / f'client-{asked.name}-{headers.name}'
            flags = headers.flags('--cflags'), headers.flags('--libs')
            built = folder and subprocess.run(
                [*shlex.split(os.environ['CC']), '-Wall', '-Wextra', '-Werror', '-D_GNU_SOURCE',
                 f'-I{folder}', *flags[0], sources / 'client.c', '-o', program, *flags[1], '-ldl']
            ).returncode == 0
            what = f'a client configured with {asked.name} and compiled with {headers.name}'
            test(f'{what} is built', built)
            for library in releases if built else ():
                good, said = run(program, library)
                test(f'{what} runs on {library.name}', good, said)
