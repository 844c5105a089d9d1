# SPDX-License-Identifier: MIT
"""What the files of the packages say, beside what the stage and configure.ac say.

    files.py RESULTS     a line for each test is added to RESULTS, a line for each failure is printed
"""
import fnmatch
import os
import re
import subprocess
import sys
from pathlib import Path

SRCDIR, STAGE = Path(os.environ["RX_SRCDIR"]), {
    "lib": Path(os.environ["RX_LIBDIR"]), "include": Path(os.environ["RX_INCLUDEDIR"]),
    "bin": Path(os.environ["RX_BINDIR"]), "man": Path(os.environ["RX_MANDIR"]),
    "doc": Path(os.environ["RX_MANDIR"]).parent / "doc"}
# gdb looks there for the script of a library, by the library's whole name.
AUTO_LOAD = Path(os.environ["RX_MANDIR"]).parent / "gdb/auto-load"
FOR_GDB = sorted(AUTO_LOAD.rglob("*-gdb.py"))
STAGE["gdb"] = FOR_GDB[0].parent if FOR_GDB else AUTO_LOAD
DEBIAN, SPEC = SRCDIR / "debian", SRCDIR / "packaging/rpm/rxffi.spec"
APKBUILD = SRCDIR / "packaging/alpine/APKBUILD"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[os.environ["RX_HOST"].split("-")[0]]

# Where a package has what the stage has in these folders.
DEBIAN_PLACES = {"lib": "usr/lib/${DEB_HOST_MULTIARCH}", "include": "usr/include/${DEB_HOST_MULTIARCH}",
                 "bin": "usr/bin", "man": "usr/share/man", "doc": "usr/share/doc",
                 "gdb": "usr/share/gdb/auto-load/usr/lib/${DEB_HOST_MULTIARCH}"}
SPEC_PLACES = {"lib": "%{_libdir}", "include": "%{_includedir}", "bin": "%{_bindir}", "man": "%{_mandir}",
               "doc": "%{_docdir}", "gdb": "%{_datadir}/gdb/auto-load%{_libdir}"}


def same(what, expected, got):
    with open(sys.argv[1], "a") as results:
        print("passed" if expected == got else "failed", file=results)
    if expected != got:
        print(f"FAIL {what}: expected {expected!r}, got {got!r}")


def run(*command, **options):
    return subprocess.run(command, cwd=SRCDIR, text=True, capture_output=True, **options)


def lines(path):
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def configured(pattern):
    return re.search(pattern, (SRCDIR / "configure.ac").read_text())[1]


def staged(places):
    """Every file of the stage, by the name that a package has for it."""
    return sorted(f"{places[kind]}/{file.relative_to(top)}" for kind, top in STAGE.items()
                  for file in top.rglob("*") if not file.is_dir())


def check_list(what, patterns, files):
    """Each file is meant by one pattern, or more; each pattern means a file. A folder means all in it."""
    def means(pattern, file):
        return fnmatch.fnmatchcase(file, pattern) or fnmatch.fnmatchcase(file, pattern + "/*")
    same(f"{what}: files of the stage that no list has", [],
         [file for file in files if not any(means(pattern, file) for pattern in patterns)])
    same(f"{what}: what is listed and not staged", [],
         [pattern for pattern in patterns if not any(means(pattern, file) for file in files)])


def check_gdb():
    """The script for gdb has the library's name, in a folder that is named after the library's."""
    library = (STAGE["lib"] / "libffi.so.8").resolve()
    same("gdb: scripts", [f"{library.name}-gdb.py"], [file.name for file in FOR_GDB])
    same("gdb: the folder is one of the library's", True, STAGE["lib"].as_posix().endswith(
        "/" + STAGE["gdb"].relative_to(AUTO_LOAD).as_posix()))


# ---- Debian

def check_debian(version):
    log = run("dpkg-parsechangelog", "-l", str(DEBIAN / "changelog"), "-S", "Version")
    same("debian/changelog: complaints", "", log.stderr)
    same("debian/changelog: the version", version, log.stdout.strip().rpartition("-")[0])
    lists = [*DEBIAN.glob("*.install"), DEBIAN / "not-installed"]
    check_list("debian", [line.split()[0] for path in lists for line in lines(path)], staged(DEBIAN_PLACES))
    stanza = (DEBIAN / "copyright").read_text().split("\nLicense: Expat\n")[-1]
    text = "\n".join(line[1:].strip().removeprefix(".") for line in stanza.splitlines())
    licence = (SRCDIR / "LICENSE").read_text()
    same("debian/copyright: the licence", licence.split("\n\n", 2)[2].strip(), text.strip())
    same("debian/copyright: the holder", True, re.search(r"Copyright \(c\) (.*)", licence)[1] in
         (DEBIAN / "copyright").read_text())


def check_symbols(ffi_version, version):
    """The list of symbols is true of the library, and asks for the libffi that had each first, as far as
    Debian 12 and the interface that this is tell; for what is in no libffi, for the package itself."""
    # In a version of its own, as in debian/rules: what the present one brought would only be forgotten.
    listed = DEBIAN / "libffi8-rxffi.symbols"
    made = run("dpkg-gensymbols", f"-a{ARCHITECTURE}", "-plibffi8-rxffi", f"-v{ffi_version}+rxffi", f"-I{listed}", "-O",
               f"-e{STAGE['lib'] / 'libffi.so.8'}", "-c4")
    same("debian: dpkg-gensymbols compares the list with the library", (0, ""), (made.returncode, made.stderr))
    for line in lines(listed):
        if line.startswith(" "):
            name, *rest = line.split()
            node = name.partition("@")[2]
            same(f"debian: what {name} asks for", {"8.0": ["3.4"], "1.0": [version, "1"]}.get(
                node.rpartition("_")[2], [ffi_version]), rest)


# ---- The others

def check_spec(ffi_version, version):
    text = SPEC.read_text()
    same("spec: the version", version, re.search(r"^Version: *(\S+)", text, re.M)[1])
    same("spec: the version of libffi", ffi_version, re.search(r"^%global ffi_version (\S+)", text, re.M)[1])
    files = re.findall(r"^(?:%exclude )?(%\{_(?:lib|include|bin|man|doc|data)dir\}/\S+)$", text, re.M)
    check_list("spec", [f for f in files if not f.endswith("%{_libdir}/rxffi/")], staged(SPEC_PLACES))


def check_apkbuild(ffi_version, version):
    """Sourced by a shell, it sets what abuild asks for, and has its functions."""
    same("APKBUILD: the shell's complaints", (0, ""),
         (lambda done: (done.returncode, done.stderr))(run("sh", "-n", str(APKBUILD))))
    fields = ["pkgname", "pkgver", "pkgrel", "pkgdesc", "url", "arch", "license", "source", "sha512sums",
              "subpackages"]
    said = run("sh", "-euc", '. "$0"; for name; do eval "value=\\$$name"; printf "%s\\n" $name="$(echo $value)"; done',
               str(APKBUILD), *fields)
    value = dict(line.split("=", 1) for line in said.stdout.splitlines())
    same("APKBUILD: fields without a value", [], [name for name in fields if not value.get(name)])
    same("APKBUILD: the name", "rxffi", value["pkgname"])
    same("APKBUILD: the version", version, value["pkgver"])
    same("APKBUILD: the release is a number", True, value["pkgrel"].isdigit())
    same("APKBUILD: the description is a line", True, 0 < len(value["pkgdesc"]) <= 128)
    same("APKBUILD: the licence, as SPDX has it", "MIT", value["license"])
    same("APKBUILD: architectures", {"x86_64", "aarch64"}, set(value["arch"].split()))
    names = [source.split("::")[0].rpartition("/")[2] for source in value["source"].split()]
    same("APKBUILD: a sum for each source", names, value["sha512sums"].split()[1::2])
    text = APKBUILD.read_text()
    wanted = ["build", "check", "package"] + re.findall(r":(\w+)", value["subpackages"])
    same("APKBUILD: functions that are missing", [],
         [name for name in wanted if not re.search(rf"^{name}\(\) \{{$", text, re.M)])
    same("APKBUILD: the version of libffi", ffi_version, re.search(r"^_ffi=(\S+)", text, re.M)[1])
    same("APKBUILD: lines that begin with blanks, or end with them", [],
         [line for line in text.splitlines() if line.startswith(" ") or line != line.rstrip()])


# A release has no debian/ in it: Debian's own comes with Debian's source package.
version, ffi_version = configured(r"AC_INIT\(\[rxffi\], \[([^]]+)\]"), configured(r"FFI_VERSION\], \[([^]]+)\]")
if DEBIAN.is_dir():
    check_debian(version)
    check_symbols(ffi_version, version)
check_gdb()
check_spec(ffi_version, version)
check_apkbuild(ffi_version, version)
