#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""The programs of the documentation: each compiles without a warning, runs, and prints what the text says.

    docs.py ROOT --library FILE --include DIR --gorun FILE --cc COMMAND [--cpp COMMAND]
    docs.py --self-test (the same options)      seeds faults into small documents and checks that each is found

A program is a ```c or ```cpp block with a main, in README.md and everywhere below docs/. What follows it at once, with
nothing but blank lines between, says what becomes of it:

    ```text             its output, compared to the byte, in each of a few runs
    ```text varies      an output that may be another one: not compared
    a plain block with  a session: the lines that begin so are done, and where lines follow, they are the output. Such
    "$ gorun NAME.c"    a program has no runtime of its own
    anything else       it shows no output; none is compared

In all cases it ends with exit code 0, and writes nothing to stderr (but what gorun is asked for: --stats). So that no
output goes unnoticed, another block right behind a program, and a text block that belongs to none, are faults.
"""
import argparse
import difflib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 3
SECONDS = 60
LINES = 40  # of a fault
FLAGS = ["-O2", "-g", "-Wall", "-Wextra", "-Werror"]
LANGUAGES = {"c": ["-std=gnu11"], "cpp": ["-std=gnu++17"]}
MAIN = re.compile(r"^(int|auto) main\(", re.M)


class Fault(Exception):
    """What is wrong with a document or a program."""


class Block:
    """A fenced block: its line, what stands behind the fence, its text, and whether only blank lines are before it."""

    def __init__(self, line, info, close):
        self.line, self.info, self.close, self.text = line, info, close, ""

    def is_program(self):
        return self.info in LANGUAGES and MAIN.search(self.text) is not None

    def is_session(self):
        return not self.info and self.text.startswith("$ gorun ")

    def is_output(self):
        return self.info in ("text", "text varies")


def blocks_of(text):
    """The blocks with the headings that they stand under."""
    found, inside, heading, close = [], None, "", False
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if inside is not None:
            if line.rstrip() == "```":
                inside, close = None, True
            else:
                inside.text += line
        elif line.startswith("```"):
            inside = Block(number, line[3:].strip(), close)
            found.append((heading, inside))
        elif line.startswith("#"):
            heading, close = line.strip("# \n"), False
        elif line.strip():
            close = False
    if inside is not None:
        raise Fault(f"line {inside.line}: the block has no end")
    return found


def programs_of(text):
    """(heading, program, the block that goes with it or None) of a document."""
    blocks = blocks_of(text)
    found, taken = [], set()
    for place, (heading, block) in enumerate(blocks):
        if not block.is_program():
            continue
        after = blocks[place + 1][1] if place + 1 < len(blocks) else None
        if after and after.close and not after.is_program():
            if not after.is_output() and not after.is_session():
                raise Fault(f"line {after.line}: right behind a program stands its output, in a block that begins "
                            "with ```text or ```text varies")
            taken.add(after.line)
        else:
            after = None
        found.append((heading, block, after))
    for _, block in blocks:
        if block.is_output() and block.line not in taken:
            raise Fault(f"line {block.line}: an output stands right behind its program")
    return found


def commands_of(session):
    """(words, output or None) of each line of a session that begins with "$ "."""
    for part in re.split(r"^\$ ", session, flags=re.M)[1:]:
        command, _, output = part.partition("\n")
        yield shlex.split(command), output or None


class Builder:
    """Compiles and runs in a folder."""

    def __init__(self, options, folder):
        self.options, self.folder = options, Path(folder)
        self.gorun = str(Path(options.gorun).resolve())
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith("COIR_") and name not in ("CFLAGS", "CPPFLAGS", "LDFLAGS", "LDLIBS")}
        self.env.update(XDG_CACHE_HOME=str(self.folder / "cache"), LC_ALL="C", CC=options.cc,
                        CFLAGS=" ".join(FLAGS))

    def run(self, words, what, may_report=False):
        try:
            done = subprocess.run(words, cwd=self.folder, env=self.env, capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise Fault(f"{what}: not done after {SECONDS} seconds") from None
        if done.returncode or (done.stderr and not may_report):
            raise Fault(f"{what}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def compile(self, program):
        source = self.folder / f"program.{program.info}"
        source.write_text(program.text)
        library = Path(self.options.library).resolve()
        command = self.options.cc if program.info == "c" else self.options.cpp
        self.run([*shlex.split(command), *LANGUAGES[program.info], *FLAGS, f"-I{Path(self.options.include).resolve()}",
                  source, library, f"-Wl,-rpath,{library.parent}", "-lm", "-pthread", "-o", self.folder / "program"],
                 "compiling")
        return [str(self.folder / "program")]

    def session(self, program, session):
        for words, output in commands_of(session.text):
            name = next((word for word in words if word.endswith(".c")), None)
            if words[0] != "gorun" or not name or "/" in name:
                raise Fault(f"line {session.line}: sessions are of gorun and a NAME.c")
            (self.folder / name).write_text(program.text)
            yield [self.gorun, *words[1:]], output


def compare(got, wanted):
    if wanted is not None and got != wanted:
        lines = difflib.unified_diff(wanted.splitlines(True), got.splitlines(True), "in the text", "printed")
        raise Fault("another output:\n" + "".join(line if line.endswith("\n") else line + "\n" for line in lines))


def check_program(builder, program, after):
    if after and after.is_session():
        for words, output in builder.session(program, after):
            compare(builder.run(words, "running", may_report=True), output)
        return
    words = builder.compile(program)
    for _ in range(RUNS):
        compare(builder.run(words, "running"), after.text if after and after.info == "text" else None)


def check_document(name, text, options):
    """Yields (what, fault or None, why skipped or None) for each program."""
    try:
        programs = programs_of(text)
    except Fault as fault:
        yield name, str(fault), None
        return
    for heading, program, after in programs:
        what = f"{name}:{program.line} {heading}"
        if program.info == "cpp" and not options.cpp:
            yield what, None, "no C++ compiler"
        else:
            with tempfile.TemporaryDirectory(prefix="coir-docs-") as folder:
                try:
                    check_program(Builder(options, folder), program, after)
                    yield what, None, None
                except Fault as fault:
                    yield what, str(fault), None


# ---- self-test ----

HELLO = """# One

```c
#include <stdio.h>
int main(void)
{
	return puts("hello") < 0;
}
```
"""
SAYS = "\n```text\nhello\n```\n"
# Documents, and a piece of the fault that each has; None: it has none.
SEEDED = [
    (HELLO, None),
    (HELLO + SAYS, None),
    (HELLO + "\n```text varies\nbye\n```\n", None),
    (HELLO + "\nIt greets.\n\n```\ncc hello.c\n```\n", None),
    (HELLO + "\n```\n$ gorun hello.c\nhello\n$ gorun --stats hello.c\n```\n", None),
    (HELLO.replace("int main(void)", "static int part(void)"), "no program"),
    (HELLO + SAYS.replace("hello", "hullo"), "-hullo"),
    (HELLO + SAYS.replace("hello", "hello "), "another output"),
    (HELLO + SAYS.replace("hello", "hello\n"), "another output"),
    (HELLO + "\n```\n$ gorun hello.c\nhullo\n```\n", "-hullo"),
    (HELLO.replace("puts", "put"), "compiling"),
    (HELLO.replace("return", "int unused;\nreturn"), "compiling"),
    (HELLO.replace("< 0", ">= 0"), "exit code 1"),
    (HELLO.replace("puts(", "fputs(").replace('"hello"', '"hello", stderr'), "hello"),
    (HELLO + SAYS.replace("text", ""), "right behind a program stands its output"),
    (HELLO + "\nIt prints:\n" + SAYS, "stands right behind its program"),
    (HELLO + SAYS[:-5], "has no end"),
]


def self_test(options):
    failed = 0
    for text, wanted in SEEDED:
        faults = [fault for _, fault, _ in check_document("seeded.md", text, options)] or ["no program"]
        good = faults == [None] if wanted is None else len(faults) == 1 and wanted in (faults[0] or "")
        if not good:
            failed += 1
            print(f"wanted {wanted!r}, got {faults!r} for:\n{text}")
    print(f"{len(SEEDED) - failed} of {len(SEEDED)} self-tests passed")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?")
    parser.add_argument("--self-test", action="store_true")
    for name in ("--library", "--include", "--gorun", "--cc"):
        parser.add_argument(name, required=True)
    parser.add_argument("--cpp", default="")
    options = parser.parse_args()
    if options.self_test:
        return self_test(options)
    root = Path(options.root)
    number = failed = 0
    for path in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        for what, fault, skipped in check_document(str(path.relative_to(root)), path.read_text(), options):
            number += 1
            failed += fault is not None
            print("not ok" if fault else "ok", number, "-", what, f"# SKIP {skipped}" if skipped else "")
            print("".join(f"# {line}\n" for line in (fault or "").splitlines()[:LINES]), end="", flush=True)
    print(f"1..{number}")
    return 1 if failed or not number else 0


if __name__ == "__main__":
    sys.exit(main())
