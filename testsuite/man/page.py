# SPDX-License-Identifier: MIT
"""Manual pages, as a reader has them: found by a name, rendered, taken apart by section."""

import os
import re
import subprocess


def render(path, width=None):
    """Plain text. With a width, long lines and no hyphenation: for looking at words."""
    wide = [f"-rLL={width}n", "-rHY=0"] if width else []
    command = ["groff", "-t", "-man", "-Tutf8", "-P-cbou", *wide, path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Page:
    def __init__(self, path):
        self.path = path
        self.file = os.path.basename(path)
        self.name, self.section = self.file.rsplit(".", 1)
        # Without the first and the last line, which have the title in capitals.
        self.text = "\n".join(render(path, 1000).strip().split("\n")[1:-1])
        # A heading begins at the margin, and is in capitals.
        self.sections, heading = {}, None
        for line in render(path).split("\n")[1:]:
            if re.fullmatch(r"[A-Z][A-Z -]*", line):
                heading = line
                self.sections[heading] = []
            elif heading:
                self.sections[heading].append(line)

    def names(self):
        """Of the NAME section."""
        line = re.search(r"^NAME\n +(.*) [\u2010\u2212-] ", self.text, re.M)
        return re.split(r", +", line[1].replace("\u2010", "-")) if line else []

    def synopsis(self):
        return "\n".join(self.sections.get("SYNOPSIS", []))

    def words(self):
        """What looks like a name of the interface."""
        return set(re.findall(r"\b(?:ffi|FFI)_\w*\w", self.text))

    def references(self):
        """(name, section) of other pages. In a program, it would be a call."""
        text = re.sub(r"^EXAMPLES?\n.*?(?=^[A-Z])", "", self.text, flags=re.M | re.S)
        return set(re.findall(r"([\w.-]+)\((\d)\)", text.replace("\u2010", "-")))

    def examples(self):
        """The programs of the page, each from its first #include to the end of main."""
        lines = self.sections.get("EXAMPLE", []) + self.sections.get("EXAMPLES", [])
        program, in_main = None, False
        for line in lines:
            text = line[11:]
            if program is None and text.startswith("#include"):
                program, in_main = [], False
            if program is not None:
                program.append(text)
                in_main = in_main or text.startswith("int main(")
                if in_main and text == "}":
                    yield "\n".join(program) + "\n"
                    program = None
        if program is not None:
            yield "\n".join(program) + "\n"


def pages(mandir):
    """(pages by file name, the page that each other file refers to by the file's name)"""
    found, links = {}, {}
    for section in ("man1", "man3"):
        folder = os.path.join(mandir, section)
        for file in sorted(os.listdir(folder) if os.path.isdir(folder) else []):
            path = os.path.join(folder, file)
            with open(path) as content:
                first = content.readline()
            if first.startswith(".so "):
                links[file] = os.path.basename(first[4:].strip())
            elif file.startswith(("ffi", "rxffi")):
                found[file] = Page(path)
    return found, links
