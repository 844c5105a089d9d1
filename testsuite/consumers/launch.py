# SPDX-License-Identifier: MIT
"""A consumer: what its `run` says of itself, and one run of it, with everything that is known afterwards.

What is known comes from the program (the tests it printed, the mappings it copied) and from the dynamic
linker, which tells for each process of that run which symbol was bound to which file (LD_DEBUG=bindings).
"""
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import host
from mappings import read_maps, writable_code

BINDING = re.compile(r"binding file (\S+) \[\d+\] to (\S+) \[\d+\]: \w+ symbol `(ffi_[^']+)'")
TEST = re.compile(r"(ok|skip|fail) (.+?)(?: # (.*))?$")
COUNT = re.compile(r"(\d+) of (\d+)$")


def is_libffi(path: str) -> bool:
    return os.path.basename(path).startswith("libffi")


class Consumer:
    """The comment at the top of NAME/run, as README.md describes it."""

    def __init__(self, folder: Path):
        self.folder, self.name, self.program = folder, folder.name, folder / "run"
        comment = self.program.read_text(errors="replace")

        def lines(key: str) -> list[str]:
            return re.findall(rf"^\W*{key}: *(.*)$", comment, re.MULTILINE)

        self.group = lines("Group")[0].strip()
        self.packages = lines("Packages")[0].split()
        self.needs = lines("Needs")[0].split()
        self.functions = lines("Binds")[0].split()
        self.starts = lines("Starts")
        self.patience = int((lines("Patience") or ["1"])[0])
        self.policies = (lines("Policies") or [""])[0].split()
        self.stops = {}  # policy to reason
        for line in lines("Stopped"):
            policies, reason = line.split(":", 1)
            self.stops |= {policy: reason.strip() for policy in policies.split()}

    def missing(self) -> list[str]:
        """What it needs and is not there. An emulator cannot run what a consumer starts in its turn."""
        needs = self.needs if not host.CROSS else [host.interpreter(self.program)[0], *self.needs]
        return [need for need in needs if not host.has(need)] + (self.starts if host.CROSS else [])


@dataclass
class Outcome:
    status: str
    record: Path
    seconds: float = 0.0
    tests: dict[str, tuple[str, str]] = field(default_factory=dict)  # verdict and reason
    count: tuple[int, int] | None = None  # what it printed as N of M
    bound: dict[str, set[str]] = field(default_factory=dict)  # function to libraries
    writable: list[str] = field(default_factory=list)

    def passed(self) -> set[str]:
        return {test for test, (verdict, _) in self.tests.items() if verdict == "ok"}

    def number(self, verdict: str) -> int:
        return sum(v == verdict for v, _ in self.tests.values())

    def tally(self) -> str:
        return f"{self.number('ok')} of {self.number('ok') + self.number('fail')}"

    def libraries(self) -> set[str]:
        return set().union(*self.bound.values())

    def untrue(self) -> str:
        """Why its count is not to be believed; nothing if it is."""
        ran = self.number("ok") + self.number("fail")
        if self.count is None:
            return f"expected `N of M` as the last line, got none; {self.status}"
        if self.count != (self.number("ok"), ran):
            return f"expected a count of {self.tally()}, which is what it printed, got {self.count[0]} of {self.count[1]}"
        return "" if ran else "expected tests, none ran"


def read_tests(outcome: Outcome, text: str) -> None:
    lines = text.split("\n")
    for line in lines:
        if found := TEST.match(line):
            verdict, test, why = found.groups()
            while test in outcome.tests:  # a test that is there twice is two
                test += "'"
            outcome.tests[test] = (verdict, why or "")
    last = next((line for line in reversed(lines) if line), "")
    if found := COUNT.match(last):
        outcome.count = int(found[1]), int(found[2])


def exports(library: str) -> frozenset[str]:
    """The functions that the library defines; some of its clients have names in ffi_ of their own."""
    text = subprocess.run(["readelf", "--dyn-syms", "-W", library], text=True, check=True, stdout=subprocess.PIPE).stdout
    return frozenset(re.findall(r"FUNC +GLOBAL +\S+ +\d+ (ffi_\w+)", text))


def read_bindings(outcome: Outcome, names: frozenset[str]) -> None:
    """Keeps, of what the dynamic linker told, the lines about libffi's functions."""
    kept = []
    for account in sorted(outcome.record.glob("bindings.*")):
        with open(account, errors="replace") as lines:
            for line in lines:
                if "`ffi_" in line and (found := BINDING.search(line)) and (
                        found[3] in names and not is_libffi(found[1])):
                    outcome.bound.setdefault(found[3], set()).add(os.path.realpath(found[2]))
                    kept.append(line)
        account.unlink()
    (outcome.record / "bindings").write_text("".join(kept))


def launch(program: Path, record: Path, library: str, policy: str, patience: float, more: dict[str, str],
           names: frozenset[str]) -> Outcome:
    """Runs `program` on `library` under `policy`, in the new folder `record`; ends all of it when its time is over.
    `names` are the functions whose bindings are looked for."""
    record.mkdir(parents=True)
    command, needed = host.start(program, library, policy, f"{record}/bindings")
    environment = dict(os.environ, RX_RECORD=str(record), HOME=str(record), TMPDIR=str(record),
                       XDG_RUNTIME_DIR=str(record), **needed, **more)
    record.chmod(0o700)
    began = time.monotonic()
    with open(record / "stdout", "wb") as out, open(record / "stderr", "wb") as err:
        process = subprocess.Popen(command, cwd=record, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=err, start_new_session=True)
        try:
            code = process.wait(patience)
            status = f"exit status {code}" if code >= 0 else f"signal {-code}"
        except subprocess.TimeoutExpired:
            status = f"no end within {patience:.0f} s"
        try:
            os.killpg(process.pid, signal.SIGKILL)  # also what it left behind
        except ProcessLookupError:
            pass
        process.wait()
    outcome = Outcome(status, record, time.monotonic() - began)
    read_tests(outcome, (record / "stdout").read_text(errors="replace"))
    read_bindings(outcome, names)
    if (record / "maps").exists():
        outcome.writable = writable_code(read_maps((record / "maps").read_text(errors="replace")))
    return outcome
