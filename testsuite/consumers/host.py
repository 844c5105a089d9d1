# SPDX-License-Identifier: MIT
"""Where consumers are, and how one is started on a libffi.

On this machine that is rxffi-run's work. In a cross build they come out of Debian's packages for the host
(../sysroot) and are run by the emulator, the interpreter in a script's first line that is; no policy is tried
there, since an emulator is itself what the kernel would keep to it.
"""
import os
import subprocess
from functools import cache
from pathlib import Path

RUN = os.environ["RX_BINDIR"] + "/rxffi-run"
CROSS = bool(os.environ["RX_TOOLS"])
TESTSUITE = Path(__file__).resolve().parent.parent
CANNOT = 125  # rxffi-run could not do what was asked


def interpreter(program: Path) -> list[str]:
    """The words of a script's first line."""
    return program.read_text(errors="replace").split("\n", 1)[0].removeprefix("#!").split()


@cache
def root() -> Path:
    """The root of the file system that consumers are looked for in."""
    if not CROSS:
        return Path("/")
    return Path(subprocess.run([TESTSUITE / "sysroot"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


def system_library() -> Path:
    """The libffi that the compiler, and Debian's programs, find by themselves."""
    if CROSS:
        return next(root().glob("usr/lib/*/libffi.so.8"))
    return Path(subprocess.run([*os.environ["CC"].split(), "-print-file-name=libffi.so.8"], text=True, check=True,
                               stdout=subprocess.PIPE).stdout.strip())


def has(need: str) -> bool:
    """Whether a command is there, or a file, if there is a slash in it."""
    paths = ["/usr/bin"] if CROSS else os.environ["PATH"].split(":")
    patterns = [need] if need[0] == "/" else [f"{path}/{need}" for path in paths]
    return any(True for pattern in patterns for _ in root().glob(pattern[1:]))


def cannot_enforce(policy: str) -> str:
    """Why this machine cannot enforce the policy; nothing if it can."""
    if policy == "none":
        return ""
    if CROSS:
        return "policies: under an emulator the kernel would not keep the program to them"
    trial = subprocess.run([RUN, f"--wx={policy}", "--lib=none", "--", "/bin/true"], text=True, check=False,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return trial.stdout.strip() if trial.returncode == CANNOT else ""


def start(program: Path, library: str, policy: str, account: str) -> tuple[list[str], dict[str, str]]:
    """The command that runs `program` on `library` ("none": the system's), and what it needs in its environment.
    The dynamic linker tells of each process what it binds, in the files `account`.PID."""
    told = {"LD_DEBUG": "bindings", "LD_DEBUG_OUTPUT": account}
    if CROSS:
        command, *options = interpreter(program)
        if library != "none":
            told["LD_LIBRARY_PATH"] = os.path.dirname(library)
        variables = [f"{name}={value}" for name, value in told.items()]
        return ([str(TESTSUITE / "host-env"), *variables, f"{root()}{command}", *options, str(program)],
                {"RX_EMULATOR": f"{os.environ['RX_EMULATOR']} -L {root()}"})
    prefix = [] if (library, policy) == ("none", "none") else [RUN, f"--wx={policy}", f"--lib={library}", "--"]
    return [*prefix, str(program)], told
