# SPDX-License-Identifier: MIT
"""Shows that the runner can fail: it is run on consumers with a fault each, and on a library with one, and must
say what is wrong. A consumer without a fault shows that it is the fault that it sees."""
import os
import struct
import subprocess
import sys
from pathlib import Path

import host
from launch import Consumer

HERE = Path(__file__).resolve().parent
CALLS = "/usr/bin/python3 -IBc 'import ctypes; ctypes.CDLL(None).abs(-3)'"
GOOD = f'{CALLS} && echo "ok it" && echo "1 of 1"'
OURS = '[ -n "${LD_PRELOAD-}" ]'

# Name, what the consumer says of the policies that stop it, its commands, what the runner must say of it.
FAULTS = (
    ("no fault", "", GOOD, ""),
    ("no test", "", f'{CALLS}; echo "0 of 0"', "expected tests, none ran"),
    ("no output", "", CALLS, "expected `N of M` as the last line, got none"),
    ("no libffi", "", 'echo "ok it"; echo "1 of 1"', "expected functions of libffi to be bound, got none"),
    ("a false count", "", f'{CALLS}; echo "ok it"; echo "2 of 2"', "expected a count of 1 of 1"),
    ("another libffi", "", 'unset LD_PRELOAD; export LD_LIBRARY_PATH=$RX_IMPOSTOR; ' + GOOD, "expected ffi_call to be bound to"),
    ("two libffis", "", f"{GOOD}; unset LD_PRELOAD; {CALLS}", "expected ffi_call to be bound to"),
    ("fewer tests", "", f'if {OURS}; then {CALLS}; echo "ok a"; echo "1 of 1"; else echo "ok a"; echo "ok b"; echo "2 of 2"; fi',
     "b: expected ok, got nothing"),
    ("a failing test", "", f'{CALLS}; if {OURS}; then echo "fail it # because"; echo "0 of 1"; else echo "ok it"; echo "1 of 1"; fi',
     "it: expected ok, got fail because"),
    ("a crash at the end", "", f"{GOOD}; if {OURS}; then kill -SEGV $$; fi", "expected exit status 0, got signal 11"),
    ("no end", "", f"{GOOD}; if {OURS}; then sleep 100; fi", "got no end within"),
    ("writable code", "", GOOD + '; echo "1000-2000 rwxp 0 0:0 0 [made]" >$RX_RECORD/maps', "writable and executable: 1000-2000"),
    ("no stop", "none: it would be stopped", GOOD, "it says that none stops it, and yet every test passed"),
    ("a stop of ours only", "none: it would be stopped",
     f'{CALLS}; if {OURS}; then echo "fail it"; echo "0 of 1"; else echo "ok it"; echo "1 of 1"; fi',
     "it says that none stops it, and yet the system's libffi passes it"),
)

# "return FFI_BAD_ABI" behind a landing pad.
CODE = {62: "f30f1efa b802000000 c3", 183: "5f2403d5 40008052 c0035fd6"}


def break_library(library: str, copy: Path) -> None:
    """Copies the library; in the copy ffi_prep_closure_loc does nothing but fail."""
    symbols = subprocess.run(["readelf", "--dyn-syms", "-W", library], text=True, check=True, stdout=subprocess.PIPE).stdout
    address = next(int(line.split()[1], 16) for line in symbols.splitlines() if " ffi_prep_closure_loc@" in line)
    image = bytearray(Path(library).read_bytes())
    code = bytes.fromhex(CODE[struct.unpack_from("<H", image, 18)[0]])
    table, (size, count) = struct.unpack_from("<Q", image, 32)[0], struct.unpack_from("<HH", image, 54)
    for i in range(count):
        kind, _, offset, start, _, length = struct.unpack_from("<IIQQQQ", image, table + i * size)
        if kind == 1 and start <= address < start + length:
            place = address - start + offset
            image[place:place + len(code)] = code
    copy.write_bytes(image)


def told(work: Path, library: str, consumer: str, patience: float) -> tuple[int, str]:
    """What the runner says of a consumer on a library, and how it ends."""
    environment = dict(os.environ, RX_WORK=str(work), RX_PATIENCE=str(patience), RX_IMPOSTOR=str(work.parent / "impostor"))
    got = subprocess.run([sys.executable, "-sEB", HERE / "runner.py", f"--library={library}", "--policy=none", consumer],
                         env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return got.returncode, got.stdout


def wrong_packages() -> list[str]:
    """What a consumer needs of Debian must be in the list that `make check` installs from."""
    wrong = []
    for consumer in (Consumer(run.parent) for run in sorted(HERE.glob("*/run"))):
        groups = ["check", "clients", *(["consumers"] if consumer.group == "consumers" else [])]
        text = subprocess.run([f"{os.environ['RX_SRCDIR']}/build-aux/setup", "--list", *groups], text=True, check=True,
                              stdout=subprocess.PIPE).stdout
        listed = {line.split()[0] for line in text.splitlines()}
        wrong += [f"{consumer.name}: expected {package} in build-aux/setup, group {consumer.group}; it is not there"
                  for package in consumer.packages if package not in listed]
    return wrong


def check_faults(work: Path, library: str) -> tuple[int, list[str]]:
    """Each consumer of FAULTS: the number of those that were seen, and what was wrong with the others."""
    (work / "impostor").mkdir(parents=True)
    (work / "impostor/libffi.so.8").symlink_to(host.system_library())
    seen, wrong = 0, []
    for name, stopped, commands, expected in FAULTS:
        folder = work / name.replace(" ", "-") / "consumer"
        folder.mkdir(parents=True)
        stops = f"# Stopped: {stopped}\n" if stopped else ""
        (folder / "run").write_text("#!/bin/bash\n# Group: clients\n# Packages:\n# Needs:\n# Binds: ffi_call ffi_prep_cif\n"
                                    f"{stops}{commands}\n")
        (folder / "run").chmod(0o755)
        status, text = told(folder.parent / "work", library, str(folder), 5)
        if (expected in text and "FAIL: " in text and status == 1) if expected else (status == 0 and "FAIL: " not in text):
            seen += 1
        else:
            wrong.append(f"proof, {name}: expected the runner to say \"{expected}\", got status {status} and: {text}")
    return seen, wrong


def check_broken(work: Path, library: str) -> tuple[int, list[str]]:
    """The same for a library that is broken."""
    broken = work / "broken/libffi.so.8"
    broken.parent.mkdir(parents=True)
    break_library(library, broken)
    status, text = told(broken.parent / "work", str(broken), "ctypes", 900)
    if status == 1 and "expected ok, got fail" in text and "no libffi" not in text:
        return 1, []
    return 0, [f"proof, a library whose closures cannot be prepared: expected tests to fail, got status {status} and: {text}"]


def prove(work: Path, library: str) -> tuple[int, list[str]]:
    """The number of faults that were seen, and what was wrong. The consumers of FAULTS are programs of this machine."""
    seen, wrong = (0, []) if host.CROSS else check_faults(work, library)
    more, wrong_too = check_broken(work, library)
    return seen + more, [*wrong_packages(), *wrong, *wrong_too]
