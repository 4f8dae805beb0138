# SPDX-License-Identifier: MIT
"""What the tests of gorun share: running it in a clean environment, a compiler that logs its calls, TAP output."""
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path


class Skip(Exception):
    """Raised by a test that cannot be done here."""


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(map(str, what)))


def equal(got, wanted, what=""):
    check(got == wanted, f"{what}: got {got!r}, wanted {wanted!r}")


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __repr__(self):
        return f"code {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"


class Bench:
    """A temporary folder with a cache of its own, and gorun."""

    def __init__(self, gorun, folder, small):
        self.gorun, self.folder, self.small = gorun, Path(folder), small
        self.log = self.folder / "cc.log"
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith("COIR_") and name not in ("CFLAGS", "CPPFLAGS", "LDFLAGS", "LDLIBS")}
        tmp = self.folder / "tmp"
        tmp.mkdir()
        self.env.update(XDG_CACHE_HOME=str(self.folder / "cache"), TMPDIR=str(tmp), LC_ALL="C",
                        CC=str(self.make_compiler(self.env.get("CC", "cc"))))

    def make_compiler(self, compiler):
        """A script that logs each call and then compiles."""
        path = self.folder / "logged-cc"
        path.write_text(f'#!/bin/sh\necho call >>"{self.log}"\nexec {compiler} "$@"\n')
        path.chmod(0o755)
        return path

    def calls(self):
        """How often the compiler was called since the last look."""
        count = len(self.log.read_text().splitlines()) if self.log.exists() else 0
        self.log.unlink(missing_ok=True)
        return count

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text)
        return path

    def run(self, *arguments, cwd=None, **env):
        """Runs gorun. A variable that is None is unset."""
        merged = {**self.env, **env}
        merged = {name: value for name, value in merged.items() if value is not None}
        return Result(subprocess.run([self.gorun, *map(str, arguments)], cwd=cwd or self.folder, env=merged,
                                     capture_output=True, text=True, errors="surrogateescape", timeout=120,
                                     stdin=subprocess.DEVNULL))

    def cached(self):
        return sorted(path.name for path in (self.folder / "cache/coir").glob("*"))

    def compile(self, source, *flags):
        """Compiles a file to a shared object as a user would, against what `gorun --info` names."""
        paths = dict(line.split(None, 1) for line in self.run("--info").out.splitlines()
                     if line.startswith(("  headers", "  library")))
        target = source.with_suffix(".so")
        subprocess.run([*os.environ.get("CC", "cc").split(), "-shared", "-fPIC", "-o", str(target), str(source),
                        "-I" + paths["headers"], "-L" + paths["library"], "-lcoir", *flags], check=True)
        return target


def one_line(result, *words):
    """gorun's own failure: nothing on stdout, one line that holds all words."""
    equal(result.out, "", "stdout")
    equal(result.err.count("\n"), 1, f"lines in {result.err!r}")
    for word in words:
        check(word in result.err, f"no {word!r} in {result.err!r}")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def main(tests):
    """Runs (name, function) pairs: `script GORUN [--small] [NAME...]`, and speaks TAP."""
    arguments = sys.argv[1:]
    small = "--small" in arguments
    arguments = [argument for argument in arguments if argument != "--small"]
    gorun = str(Path(arguments[0]).resolve())
    chosen = [test for test in tests if not arguments[1:] or test.__name__ in arguments[1:]]
    failed = 0
    print(f"1..{len(chosen)}", flush=True)
    for number, test in enumerate(chosen, 1):
        folder = tempfile.mkdtemp(prefix="gorun-test-")
        name = test.__name__.replace("_", " ")
        try:
            test(Bench(gorun, folder, small))
            print(f"ok {number} - {name}", flush=True)
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}", flush=True)
        except Exception:  # a broken test is a failed one
            failed += 1
            print(f"not ok {number} - {name}")
            print("\n".join("# " + line for line in traceback.format_exc().splitlines()), flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0
