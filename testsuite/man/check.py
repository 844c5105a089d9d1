# SPDX-License-Identifier: MIT
"""The installed manual pages: well-formed, none missing, nothing said of what does not exist, and examples
that compile and do what they say."""

import glob
import os
import re
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0:0] = [HERE, os.path.join(HERE, "..", "elf")]
from elf import SharedObject
from page import pages

SRCDIR, MANDIR, WORK = os.environ["RX_SRCDIR"], os.environ["RX_MANDIR"], os.environ["RX_WORK"]
LIBDIR, INCLUDEDIR, BINDIR = os.environ["RX_LIBDIR"], os.environ["RX_INCLUDEDIR"], os.environ["RX_BINDIR"]
LIBRARY = os.path.realpath(os.path.join(LIBDIR, "libffi.so.8"))
EMULATOR = shlex.split(os.environ["RX_EMULATOR"])
SANITIZER = shlex.split(os.environ.get("RX_SANITIZER", ""))

# In this order; a page may have others between them.
SECTIONS = ["NAME", "LIBRARY", "SYNOPSIS", "DESCRIPTION", "RETURN VALUE", "ERRORS", "NOTES", "EXAMPLE", "SEE ALSO"]
# Pages of section 3 that are about no function, and have no RETURN VALUE.
OVERVIEWS = {"ffi", "ffi_type", "ffi_rx"}

passed = failed = 0


def test(what, good, found=""):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {what}; found: {found}")


def said(command):
    """What a command has to complain about."""
    result = subprocess.run(command, capture_output=True, text=True, errors="replace")
    return (result.stdout + result.stderr).strip() or (f"status {result.returncode}" if result.returncode else "")


# ---- Form

def check_form(page):
    for command in (["mandoc", "-T", "lint", "-W", "style"],
                    ["groff", "-t", "-man", "-ww", "-rCHECKSTYLE=3", "-Tutf8", "-z"]):
        complaints = said([*command, page.path])
        test(f"{page.file}: {command[0]} has nothing to say", not complaints, complaints)
    if page.section != "3":
        return
    wanted = [s for s in SECTIONS if s in page.sections or
              not (page.name in OVERVIEWS and s in ("RETURN VALUE", "EXAMPLE"))]
    headings = [s for s in page.sections if s in SECTIONS]
    test(f"{page.file}: its sections are these, in this order", headings == wanted, headings)


# ---- What there is

def declared():
    """Every name that the installed headers have, and those of the other architectures."""
    words = set()
    for path in glob.glob(os.path.join(INCLUDEDIR, "ffi*.h")) + glob.glob(f"{SRCDIR}/src/*/ffitarget.h"):
        with open(path) as file:
            words |= set(re.findall(r"\b\w+\b", file.read()))
    return words


def check_names(found, links, exports):
    """A page for each symbol that the library exports, and for nothing else."""
    for symbol in sorted(exports):
        file = f"{symbol}.3"
        page = found.get(links.get(file, file))
        test(f"`man {symbol}` finds a page", page and symbol in page.names(), page and page.names())
    words = declared()
    for page in found.values():
        for name in page.names():
            file = f"{name}.{page.section}"
            test(f"`man {name}` finds {page.file}", links.get(file, file) == page.file, links.get(file))
            if page.section == "3" and name not in OVERVIEWS:
                test(f"{page.file}: {name} is exported", name in exports)
                test(f"{page.file}: {name} is in the synopsis", re.search(rf"\b{name}\b", page.synopsis()))
        unknown = page.words() - exports.keys() - words
        test(f"{page.file}: speaks of nothing that there is not", not unknown, sorted(unknown))
        dead = [f"{name}.{section}" for name, section in page.references()
                if name.startswith(("ffi", "rxffi")) and
                not {f"{name}.{section}"} & (found.keys() | links.keys())]
        test(f"{page.file}: refers to no page that there is not", not dead, dead)
    sources = {os.path.basename(path) for path in glob.glob(os.path.join(SRCDIR, "man", "*.[0-9]"))}
    test("every page of the sources is installed", sources and sources == found.keys(),
         sorted(sources ^ found.keys()))


# ---- What is said in C

def compiled(name, text, *options, also=()):
    """What the compilers say of a program; it is in WORK afterwards, under its name."""
    source, words = os.path.join(WORK, f"{name}.c"), ""
    with open(source, "w") as file:
        file.write(text)
    for compiler in (os.environ["CLANG"], os.environ["CC"]):
        if compiler:
            words += said([*shlex.split(compiler), "-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{INCLUDEDIR}",
                           *SANITIZER, source, *also, "-o", os.path.join(WORK, name), *options])
    return words


def check_synopsis(page):
    """What a synopsis declares is what the header declares: C takes the same declaration twice, and no other."""
    header = "ffi_rx.h" if "ffi_rx.h" in page.synopsis() else "ffi.h"
    text = f"#include <{header}>\n{page.synopsis()}\n"
    complaints = compiled(f"synopsis-{page.name}", text, "-c")
    test(f"{page.file}: its synopsis is the header's", not complaints and "#include" in page.synopsis(), complaints)


def check_examples(page):
    examples = list(page.examples())
    test(f"{page.file}: has an example", examples)
    for number, text in enumerate(examples):
        name = f"{page.name}-{number}"
        test(f"{page.file}: its example has no other characters than C", text.isascii(),
             re.findall(r"[^\x00-\x7f]", text))
        complaints = compiled(name, text, f"-L{LIBDIR}", "-lffi", "-lm", "-ldl", "-pthread",
                              also=[os.path.join(HERE, "witness.c")])
        test(f"{page.file}: its example compiles", not complaints, complaints)
        if complaints:
            continue
        command = [os.path.join(SRCDIR, "testsuite", "host-env"), f"LD_LIBRARY_PATH={LIBDIR}",
                   os.path.join(WORK, name)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        test(f"{page.file}: its example runs, and says something", result.returncode == 0 and result.stdout,
             (result.returncode, result.stdout, result.stderr))
        loaded = result.stderr.split("\n")[0]
        test(f"{page.file}: its example runs on this library", os.path.realpath(loaded) == LIBRARY, loaded)


def check_options(page):
    """Those of --help and those of the page."""
    command = [*EMULATOR, os.path.join(BINDIR, "rxffi-run"), "--help"]
    helped = set(re.findall(r"--[a-z]+", subprocess.run(command, capture_output=True, text=True).stdout))
    paged = set(re.findall(r"--[a-z]+", re.sub("[\u2010\u2212]", "-", page.text)))
    test("rxffi-run --help and the page have the same options", helped and helped == paged, (helped, paged))


def main():
    found, links = pages(MANDIR)
    exports = {name.split("@")[0]: kind for name, kind in SharedObject(LIBRARY).exports().items()}
    for page in found.values():
        check_form(page)
        if page.section == "3":
            check_synopsis(page)
            check_examples(page)
    check_names(found, links, exports)
    test("there is a page of rxffi-run", "rxffi-run.1" in found)
    if "rxffi-run.1" in found:
        check_options(found["rxffi-run.1"])
    print(f"man: {passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


sys.exit(main())
