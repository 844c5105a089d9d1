# SPDX-License-Identifier: MIT
"""Runs consumers on a libffi.so.8 under every policy, and judges what came.

    runner.py [--library=PATH] [--policy=POLICY,...] [--all] [--table] [CONSUMER...]

First a consumer runs on the system's libffi without a policy: that is the reference. Then it runs on the
library under each policy. There every test that passed in the reference must pass, the functions that the
consumer names must have been bound to the library and none to another libffi (by the dynamic linker's
own account of that run), and nothing may have been writable and executable. What a policy stops whatever the
libffi, a consumer says itself, with the reason; that is believed only if the system's libffi gets no further.

--table also runs the system's libffi under each policy, and prints the comparison at the end. Without it, and without
--policy, a consumer may leave out policies that others try.
"""
import argparse
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import host
from launch import Consumer, Outcome, exports, launch
from proof import prove
from table import table

HERE = Path(__file__).resolve().parent
WORK = Path(os.environ["RX_WORK"])
POLICIES = ("none", "mdwe", "systemd", "strict")
PATIENCE = float(os.environ.get("RX_PATIENCE", 900 if host.CROSS else 240))  # seconds after which a consumer hangs
SHOWN = 12  # failures of one run
NO_SETUP = os.environ.get("RX_NO_SETUP", "0") not in ("", "0")  # nothing was installed


class Report:
    """What one consumer came to, or one policy of it. Lines are kept until they are printed together, since runs are
    side by side."""

    def __init__(self, consumer: Consumer):
        self.name = consumer.name
        self.lines: list[str] = []
        self.passed = self.failed = 0
        self.cells: dict[tuple[str, str], str] = {}  # (library or "system", policy) to what the table says
        self.reasons: dict[str, list[str]] = {}  # why a policy stops it, and which

    def take(self, part: "Report") -> None:
        self.lines += part.lines
        self.passed += part.passed
        self.failed += part.failed
        self.cells |= part.cells
        for reason, stopped in part.reasons.items():
            self.reasons.setdefault(reason, []).extend(stopped)

    def say(self, text: str) -> None:
        self.lines.append(text)

    def fail(self, texts: list[str], folder: object = WORK) -> None:
        self.failed += len(texts)
        for text in texts[:SHOWN]:
            self.say(f"FAIL: {self.name}: {text}")
        if len(texts) > SHOWN:
            self.say(f"FAIL: {self.name}: ... and {len(texts) - SHOWN} more; all is in {folder}")

    def tell(self, title: str, got: Outcome, note: str = "") -> None:
        self.say(f"{title:<34} {got.tally():>12} {got.seconds:6.1f} s  "
                 f"{' '.join(sorted(got.libraries())) or 'no libffi'}{note}")


class Session:
    def __init__(self, options: argparse.Namespace, policies: dict[str, str]):
        self.library = os.path.realpath(options.library)
        self.names = exports(self.library)
        self.policies = policies  # to why this machine cannot enforce it
        self.full = options.table
        self.every = options.table or bool(options.policy)
        self.slots = threading.Semaphore(int(os.environ.get("RX_JOBS", os.cpu_count() or 1)))  # runs at a time

    def start(self, consumer: Consumer, name: str, library: str, policy: str, patience: float = 0) -> Outcome:
        more = {"RX_PREPARED": str(WORK / consumer.name / "prepared")}
        patience = patience or PATIENCE * consumer.patience
        with self.slots:
            return launch(consumer.program, WORK / consumer.name / name, library, policy, patience, more, self.names)

    def policies_for(self, consumer: Consumer) -> list[str]:
        """All that this machine can enforce, or those that the consumer says are enough, if it can enforce these."""
        possible = [policy for policy, why in self.policies.items() if not why]
        enough = set(consumer.policies)
        if not enough or self.every or not enough <= set(possible):
            return possible
        return [policy for policy in possible if policy in enough]

    def prepare(self, consumer: Consumer, report: Report) -> bool:
        """Compiles or fetches what the consumer runs: without a policy, and without the library."""
        folder = WORK / consumer.name / "prepared"
        folder.mkdir(parents=True)
        if not (consumer.folder / "prepare").exists():
            return True
        with self.slots, open(WORK / consumer.name / "prepare.log", "wb") as log:
            status = subprocess.run([consumer.folder / "prepare"], cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                                    stderr=log, env=dict(os.environ, RX_PREPARED=str(folder)), check=False).returncode
        if status:
            text = (WORK / consumer.name / "prepare.log").read_text(errors="replace")
            report.fail([f"expected it to be prepared, got exit status {status}: {text[-600:]}"])
        return not status

    def wrong_with(self, consumer: Consumer, got: Outcome) -> list[str]:
        """Whether another library than ours came into it, or writable code."""
        # Who asks for such pages itself is who a policy stops.
        wrong = [] if consumer.stops else [f"writable and executable: {mapping}" for mapping in got.writable]
        for function in sorted({*consumer.functions, *got.bound}):
            libraries = got.bound.get(function, set())
            if libraries != {self.library}:
                wrong.append(f"expected {function} to be bound to {self.library}, "
                             f"got {', '.join(sorted(libraries)) or 'no binding'}")
        return wrong

    def check_stop(self, consumer: Consumer, policy: str, got: Outcome, expected: set[str], report: Report) -> str:
        """What is wrong with the consumer's word that the policy stops it, whatever the libffi."""
        system = self.start(consumer, f"system-{policy}-too", "none", policy)
        report.tell(f"{consumer.name}, system's, {policy}", system)
        report.cells["system", policy] = str(len(system.passed()))
        if further := (system.passed() & expected) - got.passed():
            return f"it says that {policy} stops it, and yet the system's libffi passes {', '.join(sorted(further))}"
        report.reasons.setdefault(consumer.stops[policy], []).append(policy)
        return ""

    def check(self, consumer: Consumer, policy: str, reference: Outcome, report: Report) -> None:
        title = f"{consumer.name}, {policy}"
        got = self.start(consumer, policy, self.library, policy)
        expected = reference.passed()
        missed = sorted(expected - got.passed())
        report.cells["ours", policy] = str(len(got.passed()))
        stopped = policy in consumer.stops and bool(missed)
        if stopped:
            report.tell(title, got, f"  ({policy} stops the rest: {consumer.stops[policy]})")
            wrong = [self.check_stop(consumer, policy, got, expected, report)]
            # Who does not come so far as to call binds nothing; what it binds must be ours all the same.
            wrong += [f"expected {function} to be bound to {self.library}, got {', '.join(sorted(libraries))}"
                      for function, libraries in got.bound.items() if libraries != {self.library}]
        else:
            report.tell(title, got)
            wrong = [got.untrue(), *self.wrong_with(consumer, got)]
            if not got.bound:  # said once
                wrong = [got.untrue(), "expected functions of libffi to be bound, got none"]
            if got.status != reference.status:
                wrong.append(f"expected {reference.status}, got {got.status}")
            if policy in consumer.stops:
                wrong.append(f"it says that {policy} stops it, and yet every test passed")
            told = [f"{test}: expected ok, got {' '.join(got.tests.get(test, ('nothing',))).strip()}" for test in missed]
            wrong += told if got.tests else [f"expected {len(missed)} tests to pass, got none"] * bool(missed)
        wrong = [f"{policy}: {text}" for text in wrong if text]
        report.fail(wrong, got.record)
        report.passed += len(got.passed() & expected)

    def compare(self, consumer: Consumer, policy: str, reference: Outcome, report: Report) -> None:
        """The system's libffi under the policy: for the table, and as the proof that policies bite."""
        if ("system", policy) in report.cells:
            return
        # Without closures some programs wait for ever.
        patience = min(PATIENCE * consumer.patience, max(20, 8 * reference.seconds))
        got = self.start(consumer, f"system-{policy}", "none", policy, patience)
        report.tell(f"{consumer.name}, system's, {policy}", got)
        report.cells["system", policy] = str(len(got.passed()))
        if self.library in got.libraries() and self.library not in reference.libraries():
            report.fail([f"{policy}: expected the system's libffi, got {self.library}"])
        if reference.writable and policy == "strict":
            if reference.passed() <= got.passed():
                report.fail(["strict: on the system's libffi it has writable code, and yet every test passed: "
                             "nothing is enforced"])
            else:
                report.passed += 1

    def run(self, consumer: Consumer) -> Report:
        report = Report(consumer)
        if not self.prepare(consumer, report):
            return report
        reference = self.start(consumer, "reference", "none", "none")
        report.tell(f"{consumer.name}, system's", reference)
        report.cells["system", "none"] = str(len(reference.passed()))
        wrong = reference.untrue()
        if wrong or not reference.passed():
            report.fail([f"reference: {wrong or 'no test passed'} (are Debian's packages "
                         f"{' '.join(consumer.packages)} there?)"], reference.record)
            return report
        for test, (verdict, why) in reference.tests.items():
            if verdict == "fail":
                report.say(f"  fails on the system's libffi too: {test}: {why[:120]}")
        def under(policy: str) -> Report:
            """The consumer under one policy. They need not wait for each other."""
            part = Report(consumer)
            part.cells |= report.cells
            self.check(consumer, policy, reference, part)
            if self.full or (reference.writable and policy == "strict"):
                self.compare(consumer, policy, reference, part)
            return part

        policies = self.policies_for(consumer)
        with ThreadPoolExecutor(len(policies)) as parts:
            for part in parts.map(under, policies):
                report.take(part)
        return report


def choose(options: argparse.Namespace) -> tuple[list[Consumer], list[str]]:
    """Who runs, and who of the core set is left out. What a set-up was to install and did not is not left out: it
    fails."""
    names = options.consumers or sorted(path.parent.name for path in HERE.glob("*/run"))
    chosen, absent = [], []
    for consumer in (Consumer(Path(name) if "/" in name else HERE / name) for name in names):
        core = consumer.group == "clients"
        missing = [] if options.consumers or options.all else consumer.missing()
        if consumer.patience > 1 and not (options.consumers or options.all):
            print(f"{consumer.name:<34} not run: it takes long; ALL=1 runs it")
            continue
        if not missing or core and not (host.CROSS or NO_SETUP):
            chosen.append(consumer)
            continue
        why = f"no {', '.join(missing)} here{'' if core else '; ALL=1 installs it'}"
        if host.CROSS:
            why = "no package of the host's (../sysroot)"
            if consumer.starts:
                why = f"it starts {' '.join(consumer.starts)}, as a program of this machine"
        print(f"{consumer.name:<34} not run: {why}")
        absent += [f"{consumer.name} is not here"] if core and not host.CROSS else []
    return chosen, absent


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--library", default=os.environ["RX_LIBDIR"] + "/libffi.so.8")
    parser.add_argument("--policy")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("consumers", nargs="*")
    options = parser.parse_args()
    policies = options.policy.split(",") if options.policy else POLICIES
    session = Session(options, {policy: host.cannot_enforce(policy) for policy in policies})

    def proof() -> tuple[int, list[str]]:
        with session.slots:
            return prove(WORK / "proof", session.library)

    reports: list[Report] = []
    chosen, absent = choose(options)
    with ThreadPoolExecutor(len(chosen) + 1) as jobs:
        proved = None if options.consumers else jobs.submit(proof)
        for done in as_completed([jobs.submit(session.run, consumer) for consumer in chosen]):
            reports.append(done.result())
            print("\n".join(reports[-1].lines), flush=True)
        proven, wrong = proved.result() if proved else (0, [])
    if proved:
        print(f"{proven} faults of consumers and of a library are seen", *(f"FAIL: {text}" for text in wrong),
              sep="\n")
    reports.sort(key=lambda report: report.name)
    print(*table(reports, list(session.policies), options.table), sep="\n")
    passed, failed = proven + sum(r.passed for r in reports), len(wrong) + sum(r.failed for r in reports)
    skipped = [*absent, *(why for why in session.policies.values() if why)]
    why = f", {len(skipped)} skipped ({'; '.join(sorted(set(skipped)))})" if skipped else ""
    print(f"consumers: {passed} passed, {failed} failed{why}")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
