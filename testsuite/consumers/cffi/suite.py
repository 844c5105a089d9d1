# SPDX-License-Identifier: MIT
"""cffi's own tests, run by pytest in this process: a line for each as soon as it is over, and for each that is left
out."""
import os
import shutil
import sys

import pytest

# The files of which most tests compile a module of their own; those of a row run one after another, in this order: the
# second of two looks for what the first has compiled.
COMPILED = (
    ("testing/cffi0/test_verify.py", "testing/cffi0/test_verify2.py"),
    ("testing/cffi0/test_vgen.py", "testing/cffi0/test_vgen2.py"),
    ("testing/cffi1/test_recompiler.py",),
    ("testing/cffi1/test_verify1.py",),
    ("testing/cffi0/test_zintegration.py",),
    ("testing/embedding", "testing/cffi0/test_zdistutils.py", "testing/cffi1/test_zdist.py"),
)


# A part of the names of tests that are left out, and why.
LEFT_OUT = {
    "test_performance.py::": "it times calls, for seconds, and expects nothing of them",
    "::test_struct_float_vs_int": "144 modules that the compiler has to refuse: nothing is called",
}


class Results:
    passed = ran = 0

    def __init__(self, out):
        self.out = out

    def pytest_collection_modifyitems(self, items):
        chosen = []
        for item in items:
            why = next((why for name, why in LEFT_OUT.items() if name in item.nodeid), None)
            if why:
                print("skip", item.nodeid, "#", why, file=self.out, flush=True)
            else:
                chosen.append(item)
        items[:] = chosen

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or not report.passed and report.when == "setup" or report.failed:
            verdict = {"passed": "ok", "failed": "fail", "skipped": "skip"}[report.outcome]
            self.passed += verdict == "ok"
            self.ran += verdict != "skip"
            why = str(report.longrepr).strip().split("\n")[-1] if verdict != "ok" else ""
            print(verdict, report.nodeid, *(("#", why) if why else ()), file=self.out, flush=True)


def run(sources, *arguments):
    """Runs tests of the folder `sources`; prints their number, and returns pytest's status."""
    # pytest takes the standard output for itself.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    results = Results(out)
    os.chdir(sources)
    sys.path.insert(0, sources)
    status = pytest.main(["-q", "-p", "no:cacheprovider", "--tb=line", "-W", "ignore", "--import-mode=append",
                          "--continue-on-collection-errors", *arguments], [results])
    print(f"{results.passed} of {results.ran}", file=out, flush=True)
    shutil.copyfile("/proc/self/maps", os.environ["RX_RECORD"] + "/maps")
    return status
