#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""gorun's demos: their results, their reports, and that wc counts as coreutils does."""
import os
import pty
import random
import re
import subprocess
import sys

from gorun_support import Skip, check, equal, main

WORKERS = ("1", "2", "5")


def report(done):
    """The report's lines by their labels."""
    return dict(re.findall(r"^(result|time|fibers|steals|workers) +(.*)$", done.out, re.M))


def coreutils_total(bench, *folders):
    """Lines, words, bytes over all regular files, each counted by itself."""
    names = subprocess.run(["find", "-H", *map(str, folders), "-type", "f", "-print0"], stdout=subprocess.PIPE,
                           cwd=bench.folder, check=True).stdout
    env = {**os.environ, "LC_ALL": "C"}
    # A file more, empty, so that there is a totals line also for one.
    done = subprocess.run(["wc", "--files0-from=-"], input=names + b"/dev/null\0", stdout=subprocess.PIPE, env=env,
                          cwd=bench.folder, check=True)
    last = done.stdout.splitlines()[-1].split()
    return [int(word) for word in last[:3]]


def counted(done):
    match = re.match(r" *(\d+) +(\d+) +(\d+) total\n", done.out)
    check(match, done)
    return [int(word) for word in match.groups()]


def same_as_coreutils(bench, *folders, **run):
    wanted = coreutils_total(bench, *folders)
    for workers in WORKERS:
        done = bench.run("--workers", workers, "wc", *folders, **run)
        equal((done.code, done.err), (0, ""), done)
        equal(counted(done), wanted, f"{workers} workers")


def odd_bytes(seed, size):
    """Bytes as they are in text, in binaries, and at the edges of wc's rules."""
    chance = random.Random(seed)
    alphabets = [bytes(range(256)), b" \n\ta\x01\x7f\x80", b"word word\n", b"\0\0\0a", b" \v\f\r\n\x85\xa0x"]
    alphabet = chance.choice(alphabets)
    return bytes(chance.choice(alphabet) for _ in range(size))


def make_tree(bench):
    tree = bench.folder / "tree"
    bench.write("tree/empty", b"")
    bench.write("tree/no newline", b"no newline at the end")
    bench.write("tree/begins.here", b"words end where files do")
    bench.write("tree/a\nname\nof lines", b"a\nb\n")
    bench.write("tree/\xff\xfe".encode("utf-8", "surrogateescape").decode(), b"x y\n")
    os.close(os.open(os.fsencode(tree) + b"/\xff\xfe raw", os.O_CREAT | os.O_WRONLY, 0o644))
    bench.write("tree/.hidden/deep/er", b"hidden words\n")
    (tree / "empty folder").mkdir()
    for i in range(256):
        bench.write(f"tree/bytes/{i:03}", bytes([i]) + b"a" + bytes([i, i]) + b"b c" + bytes([i]))
    for i in range(60):
        bench.write(f"tree/odd/{i % 7}/{i}", odd_bytes(i, (i % 9) * 1000 + i))
    for i, size in enumerate((131071, 131072, 131073, 1000000)):
        bench.write(f"tree/big/{i}", odd_bytes(100 + i, size))
    os.link(tree / "big/0", tree / "big/linked")
    return tree


def wc_counts_as_coreutils(bench):
    tree = make_tree(bench)
    same_as_coreutils(bench, tree)
    same_as_coreutils(bench, f"{tree}/", tree / "odd", tree / "empty")
    same_as_coreutils(bench, "tree")


def wc_of_nothing_is_zero(bench):
    bench.write("none/below/empty", b"")
    same_as_coreutils(bench, "none")


def wc_counts_a_deep_tree(bench):
    bench.write("deep/" + "d/" * 300 + "file", b"one two\n")
    same_as_coreutils(bench, "deep")


def wc_counts_a_wide_folder(bench):
    for i in range(2000):
        bench.write(f"wide/{i}", b"%d words\n" % i)
    same_as_coreutils(bench, "wide")
    done = bench.run("wc", "wide")
    check(int(report(done)["fibers"]) >= 2001, done)


def wc_opens_few_files_at_once(bench):
    for i in range(500):
        bench.write(f"many/{i}", b"a\n")
    done = subprocess.run(["sh", "-c", 'ulimit -n 32 && exec "$0" --workers 2 wc many', bench.gorun], env=bench.env,
                          cwd=bench.folder, capture_output=True, text=True)
    equal((done.returncode, done.stderr), (0, ""))
    equal(done.stdout.split()[:3], ["500", "500", "1000"])


def wc_does_not_follow_links(bench):
    bench.write("outside/file", b"not to be counted\n")
    bench.write("links/file", b"counted\n")
    (bench.folder / "links/to file").symlink_to("../outside/file")
    (bench.folder / "links/to folder").symlink_to("../outside")
    (bench.folder / "links/circle").symlink_to(".")
    (bench.folder / "links/nowhere").symlink_to("nothing")
    same_as_coreutils(bench, "links")
    (bench.folder / "given").symlink_to("links")
    same_as_coreutils(bench, "given")


def wc_leaves_out_what_is_no_file(bench):
    bench.write("mixed/file", b"a b\n")
    os.mkfifo(bench.folder / "mixed/pipe")
    same_as_coreutils(bench, "mixed")


def wc_reports_what_it_cannot_read(bench):
    bench.write("some/good", b"a b\n")
    done = bench.run("wc", "some", "missing")
    equal((done.code, counted(done)), (1, [1, 2, 4]))
    check("missing: No such file" in done.err and done.err.count("\n") == 1, done)
    check("1 unreadable" in report(done)["result"], done)


def wc_reports_what_it_may_not_read(bench):
    bench.write("some/good", b"a b\n")
    bench.write("some/secret", b"a b\n").chmod(0)
    bench.write("some/closed/file", b"a b\n").parent.chmod(0)
    command = [bench.gorun, "wc", "some"]
    if not os.geteuid():
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
        bench.folder.chmod(0o755)
        if subprocess.run([*command[:4], bench.gorun, "--version"], capture_output=True).returncode:
            raise Skip("another user cannot run gorun here")
    done = subprocess.run(command, env=bench.env, cwd=bench.folder, capture_output=True, text=True)
    (bench.folder / "some/closed").chmod(0o755)
    equal((done.returncode, done.stdout.split()[:3]), (1, ["1", "2", "4"]), done.stderr)
    equal(sorted(done.stderr.splitlines()), ["gorun: wc: some/closed: Permission denied",
                                             "gorun: wc: some/secret: Permission denied"])


def wc_counts_usr_include(bench):
    if bench.small or not os.path.isdir("/usr/include"):
        raise Skip("too much for this build")
    same_as_coreutils(bench, "/usr/include")


def skynet_sums_right(bench):
    for leaves in (1, 10, 1000) if bench.small else (1, 10, 1000, 1000000):
        for workers in WORKERS:
            done = bench.run("--workers", workers, "skynet", leaves)
            equal((done.code, done.err), (0, ""), done)
            check(report(done)["result"].startswith(f"{leaves * (leaves - 1) // 2}, right"), done)
            equal(report(done)["workers"], workers)


def primes_are_right(bench):
    for count in (1, 2, 100) if bench.small else (1, 2, 100, 1000):
        for workers in WORKERS:
            done = bench.run("--workers", workers, "primes", count)
            equal((done.code, done.err), (0, ""), done)
            check(f"{count} primes, right" in report(done)["result"], done)
    check("the last 541, their sum 24133" in bench.run("primes", "100").out)


def the_ring_passes_right(bench):
    for fibers, passes in ((1, 1), (1, 100), (2, 1001), (503, 10000)):
        for workers in WORKERS:
            done = bench.run("--workers", workers, "ring", fibers, passes)
            equal((done.code, done.err), (0, ""), done)
            check(f"{passes} passes, right: round {fibers} fibers" in report(done)["result"], done)


def queens_are_right(bench):
    for queens, solutions in ((1, 1), (2, 0), (3, 0), (4, 2), (6, 4), (8, 92)) + (() if bench.small else ((11, 2680),)):
        for workers in WORKERS:
            done = bench.run("--workers", workers, "nqueens", queens)
            equal((done.code, done.err), (0, ""), done)
            check(report(done)["result"].startswith(f"{solutions} solutions, right"), done)


def reports_are_whole(bench):
    for words in (["skynet", "10"], ["primes", "10"], ["ring", "10", "10"], ["nqueens", "5"], ["wc", "."]):
        found = report(bench.run(*words))
        equal(list(found), ["result", "time", "fibers", "steals", "workers"], words)
        check(re.fullmatch(r"\d+\.\d{4} s", found["time"]), found)
        check(int(found["fibers"]) > 1, found)


def on_a_terminal(bench, *words):
    """What gorun writes to stderr when that is a terminal."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen([bench.gorun, *words], stdout=subprocess.DEVNULL, stderr=theirs,
                             env={**bench.env, "TERM": "xterm"})
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    equal(child.wait(), 0)
    return shown.decode()


def long_runs_show_progress_on_a_terminal(bench):
    if bench.small:
        raise Skip("too long for this build")
    shown = on_a_terminal(bench, "ring", "100", "50000000")
    lines = re.findall(r"\r\x1b\[Kring: \d+ % of 50000000 passes", shown)
    check(lines, f"no progress in {shown!r}")
    check(shown.endswith("\r\x1b[K"), f"the line is not erased: {shown!r}")
    equal("".join(lines) + "\r\x1b[K", shown)


def short_runs_show_none(bench):
    equal(on_a_terminal(bench, "ring", "10", "1000"), "")


if __name__ == "__main__":
    sys.exit(main([wc_counts_as_coreutils, wc_of_nothing_is_zero, wc_counts_a_deep_tree, wc_counts_a_wide_folder,
                   wc_opens_few_files_at_once, wc_does_not_follow_links, wc_leaves_out_what_is_no_file,
                   wc_reports_what_it_cannot_read, wc_reports_what_it_may_not_read, wc_counts_usr_include,
                   skynet_sums_right, primes_are_right, the_ring_passes_right, queens_are_right, reports_are_whole,
                   long_runs_show_progress_on_a_terminal, short_runs_show_none]))
