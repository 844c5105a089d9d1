# SPDX-License-Identifier: MIT
"""Runs consumers on the system's libffi and on the installed library under every policy, and compares.

    compare.py CONSUMER...          (with RX_WORK, RX_LIBDIR and RX_BINDIR in the environment)

A consumer is an executable file of this folder: a program that uses libffi and knows nothing of rxffi.
It owes, in the folder RX_RECORD,
    results    a line `ok|skip|fail TEST [WHY]` for each of its tests, as soon as the test is over,
    maps       a copy of the /proc/PID/maps of the process that used libffi, made at its end,
and says in a comment which Debian packages it needs ("Packages:") and which functions of libffi it is
to be seen to call ("Binds:").

First it runs on the system's libffi without a policy: that is the reference. Then it runs on the
installed library under each policy. There the same tests must pass and the same be skipped, the process
must have had the installed library and no other libffi, the functions must have been bound to it (by the
dynamic linker's own account), and no mapping may have been writable and executable, nor an executable
file page have had a writable view. At last the counterproof that the policies bite: a system libffi
that has such mappings must fail under the strictest.

In a cross build a consumer is run by the interpreter in its first line as Debian has it for the host (../sysroot),
which is Debian's libffi's place, too, and once more on the installed library, as LD_LIBRARY_PATH has it. No
policy is tried: an emulator is itself what the kernel would keep to it.
"""
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

POLICIES = ("none", "mdwe", "systemd", "pax", "strict")

WORK = Path(os.environ["RX_WORK"])
LIBRARY = os.path.realpath(os.environ["RX_LIBDIR"] + "/libffi.so.8")
RUN = os.environ["RX_BINDIR"] + "/rxffi-run"
CROSS = os.environ["RX_TOOLS"]
HOST_ENV = str(Path(__file__).resolve().parent.parent / "host-env")
BINDING = re.compile(r"binding file (\S+) \[\d+\] to (\S+) \[\d+\]: \w+ symbol `(ffi_[^']+)'")
CANNOT = 125  # rxffi-run could not do what was asked
PATIENCE = 900  # seconds after which a consumer hangs
SHOWN = 20  # failures of one run

passed = 0
failed = 0
skipped: list[str] = []


def failure(*texts: str) -> None:
    """Each is a failure; the first of them are shown."""
    global failed
    failed += len(texts)
    for text in texts[:SHOWN]:
        print(f"FAIL: {text}", flush=True)
    if len(texts) > SHOWN:
        print(f"FAIL: ... and {len(texts) - SHOWN} more; all is in {WORK}", flush=True)


def is_libffi(path: str) -> bool:
    return os.path.basename(path).startswith("libffi")


@dataclass
class Mapping:
    start: int
    end: int
    mode: str
    offset: int
    file: tuple[str, str]  # device and inode, which a path may hide
    path: str

    def __str__(self) -> str:
        return f"{self.start:x}-{self.end:x} {self.mode} {self.path or 'anonymous'}"

    def overlaps(self, other: "Mapping") -> bool:
        """Whether both are views of one file that share a page."""
        size, others = self.end - self.start, other.end - other.start
        return (self.file == other.file and self.file[1] != "0"
                and self.offset < other.offset + others and other.offset < self.offset + size)


def read_maps(text: str) -> list[Mapping]:
    mappings = []
    for line in text.splitlines():
        addresses, mode, offset, device, inode, *path = line.split(maxsplit=5)
        start, end = (int(address, 16) for address in addresses.split("-"))
        mappings.append(Mapping(start, end, mode, int(offset, 16), (device, inode), path[0] if path else ""))
    return mappings


def writable_code(mappings: list[Mapping]) -> list[str]:
    """What is writable and executable: in one mapping, or by a shared view of an executable page."""
    found = [str(m) for m in mappings if "w" in m.mode and "x" in m.mode]
    views = [m for m in mappings if "w" in m.mode and m.mode.endswith("s")]
    code = [m for m in mappings if "x" in m.mode]
    return found + [f"{c}, written through {v}" for c in code for v in views if c is not v and c.overlaps(v)]


@dataclass
class Outcome:
    status: str
    record: Path
    tests: dict[str, tuple[str, str]]  # verdict and reason
    libraries: set[str]
    bound: dict[str, set[str]]  # function to libraries
    writable: list[str]
    complete: bool  # it came to its end

    def count(self, verdict: str) -> int:
        return sum(v == verdict for v, _ in self.tests.values())


def sysroot() -> str:
    """Where Debian's packages for the host are."""
    command = str(Path(HOST_ENV).with_name("sysroot"))
    return subprocess.run([command], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def launch(consumer: Path, name: str, prefix: list[str]) -> Outcome:
    """Runs a consumer behind a prefix; in a cross build, the prefix is what is said to its dynamic linker."""
    record = WORK / consumer.name / name
    record.mkdir(parents=True)
    environment = dict(os.environ, RX_RECORD=str(record))
    account = ["LD_DEBUG=bindings", f"LD_DEBUG_OUTPUT={record}/bindings"]
    if CROSS:
        root = sysroot()
        environment["RX_EMULATOR"] += f" -L {root}"
        interpreter, *options = consumer.read_text().splitlines()[0].removeprefix("#!").split()
        command = [HOST_ENV, *account, *prefix, root + interpreter, *options, str(consumer)]
    else:
        environment.update(variable.split("=", 1) for variable in account)
        command = [*prefix, str(consumer)]
    with open(record / "output", "wb") as output:
        try:
            code = subprocess.run(command, cwd=record, env=environment, timeout=PATIENCE,
                                  stdin=subprocess.DEVNULL, stdout=output, stderr=output).returncode
            status = f"exit status {code}" if code >= 0 else f"signal {-code}"
        except subprocess.TimeoutExpired:
            status = "no end"

    def text(file: str) -> str:
        return (record / file).read_text(errors="replace") if (record / file).exists() else ""

    tests = {}
    for line in text("results").splitlines():
        verdict, test, why = (line + "  ").split(" ", 2)
        while test in tests:  # a test that is there twice is two
            test += "'"
        tests[test] = (verdict, why.strip())
    bound: dict[str, set[str]] = {}
    for account in record.glob("bindings.*"):
        for source, target, symbol in BINDING.findall(account.read_text(errors="replace")):
            if not is_libffi(source):
                bound.setdefault(symbol, set()).add(os.path.realpath(target))
    maps = read_maps(text("maps"))
    libraries = {m.path for m in maps if is_libffi(m.path)}
    return Outcome(status, record, tests, libraries, bound, writable_code(maps), bool(maps))


def check_run(title: str, got: Outcome, reference: Outcome, functions: list[str]) -> None:
    """Compares a run on the installed library with the reference."""
    global passed
    wrong = []
    if not got.complete or got.status != reference.status:
        last = list(got.tests)[-1] if got.tests else "no test"
        wrong.append(f"expected {reference.status} and a record of the mappings, "
                     f"got {got.status}{'' if got.complete else ' and none'}, after {last}")
    if got.complete and got.libraries != {LIBRARY}:
        wrong.append(f"expected {LIBRARY} to be mapped, got {', '.join(sorted(got.libraries)) or 'no libffi'}")
    for function in sorted({*functions, *got.bound}):
        libraries = got.bound.get(function, set())
        if libraries != {LIBRARY}:
            wrong.append(f"expected {function} to be bound to {LIBRARY}, got {', '.join(sorted(libraries)) or 'no binding'}")
    wrong += [f"writable and executable: {mapping}" for mapping in got.writable]
    for test in sorted(reference.tests.keys() | got.tests.keys()):
        expected, verdict = reference.tests.get(test, ("nothing", ""))[0], got.tests.get(test, ("nothing", ""))
        if verdict[0] != expected:
            wrong.append(f"{test}: expected {expected}, got {' '.join(verdict).strip()}")
        elif expected == "ok":
            passed += 1

    failure(*(f"{title}: {text}" for text in wrong))
    print(f"{title}: {got.count('ok')} passed of {reference.count('ok')}, {got.count('skip')} skipped, "
          f"{', '.join(sorted(got.libraries)) or 'no libffi'}, "
          f"{len(got.writable) or 'nothing'} writable and executable", flush=True)


def cannot_enforce(policy: str) -> str:
    """Why this machine cannot enforce the policy; nothing if it can."""
    trial = subprocess.run([RUN, f"--wx={policy}", "--lib=none", "--", "/bin/true"], text=True, check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return trial.stdout.strip() if trial.returncode == CANNOT else ""


def check_counterproof(consumer: Path, policy: str, reference: Outcome) -> None:
    global passed
    title = f"{consumer.name}, system's libffi under {policy}"
    got = launch(consumer, f"system-{policy}", [RUN, f"--wx={policy}", "--lib=none", "--"])
    spoilt = [test for test, (verdict, _) in reference.tests.items() if verdict == "ok" and got.tests.get(test, ("",))[0] != "ok"]
    print(f"{title}: {got.count('ok')} passed of {reference.count('ok')}, {got.status}, "
          f"{', '.join(sorted(got.libraries)) or 'no libffi'}", flush=True)
    if got.libraries & {LIBRARY}:
        failure(f"{title}: expected the system's libffi, got {LIBRARY}")
    elif spoilt:
        passed += 1
    elif reference.writable:
        failure(f"{title}: it needs writable and executable memory, and yet every test passed: nothing is enforced")


def check_consumer(consumer: Path) -> None:
    comment = consumer.read_text(errors="replace")
    functions = re.search(r"^\W*Binds:(.*)$", comment, re.MULTILINE)[1].split()
    packages = re.search(r"^\W*Packages:(.*)$", comment, re.MULTILINE)[1].strip()

    reference = launch(consumer, "reference", [])
    print(f"{consumer.name}, system's libffi: {reference.count('ok')} passed, {reference.count('skip')} skipped, "
          f"{', '.join(sorted(reference.libraries)) or 'no libffi'}, "
          f"{len(reference.writable) or 'nothing'} writable and executable", flush=True)
    if not reference.complete or not reference.count("ok"):
        failure(f"{consumer.name}: the reference ended with {reference.status} and {reference.count('ok')} passed "
                f"(are Debian's packages {packages} there?): {reference.record}/output")
        return
    for test, (verdict, why) in reference.tests.items():
        if verdict not in ("ok", "skip"):
            print(f"  fails on the system's libffi too: {test} {why}")
    if LIBRARY in reference.libraries:
        failure(f"{consumer.name}: the reference was to run on the system's libffi, and ran on {LIBRARY}")

    if CROSS:
        got = launch(consumer, "installed", [f"LD_LIBRARY_PATH={os.path.dirname(LIBRARY)}"])
        check_run(f"{consumer.name}, installed library", got, reference, functions)
        skipped.append("policies: under an emulator the kernel would not keep the program to them")
        return
    for policy in POLICIES:
        title = f"{consumer.name} under {policy}"
        why = cannot_enforce(policy)
        if why:
            print(f"{title}: skipped: {why}")
            skipped.append(why)
            continue
        got = launch(consumer, policy, [RUN, f"--wx={policy}", f"--lib={LIBRARY}", "--"])
        check_run(title, got, reference, functions)
        if policy == POLICIES[-1]:
            check_counterproof(consumer, policy, reference)


def main() -> int:
    if not CROSS and not os.access(RUN, os.X_OK):
        failure(f"expected {RUN}, there is none")
    else:
        for consumer in sys.argv[1:]:
            check_consumer(Path(consumer))
    why = f", {len(skipped)} skipped ({'; '.join(sorted(set(skipped)))})" if skipped else ""
    print(f"ctypes: {passed} passed, {failed} failed{why}")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
