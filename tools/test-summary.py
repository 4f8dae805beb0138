#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds up single test cases from what the last `meson test` left behind.

    test-summary.py BUILD...     for each build folder; the last line is "N passed, N failed"
    test-summary.py --self-test

A case is a TAP line, or one that Criterion's last line counts, or a whole program that speaks neither. A program
that failed in a way that none of its cases shows (a crash, a time-out) counts as one failed case more. Exit code 1
if a case failed or none ran.
"""
import json
import re
import sys
from pathlib import Path

TAP = re.compile(r"^(not )?ok\b([^\n]*)", re.M)
CRITERION = re.compile(r"Synthesis: Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) \| Crashing: (\d+)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
GOOD = {"OK", "EXPECTEDFAIL"}


def cases(test):
    """(passed, failed, skipped) of one entry of meson's log."""
    out, err = (COLOUR.sub("", test.get(name) or "") for name in ("stdout", "stderr"))
    passed = failed = skipped = 0
    tap = TAP.findall(out) if re.search(r"^1\.\.\d", out, re.M) else []
    criterion = CRITERION.search(err)
    if tap:
        for bad, rest in tap:
            if re.search(r"#\s*skip", rest, re.I):
                skipped += 1
            elif bad and not re.search(r"#\s*todo", rest, re.I):
                failed += 1
            else:
                passed += 1
    elif criterion:
        passed, failed = int(criterion.group(2)), int(criterion.group(3))
    elif test["result"] == "SKIP":
        skipped = 1
    elif test["result"] in GOOD:
        passed = 1
    if test["result"] not in GOOD | {"SKIP"} and not failed:
        failed = 1
    return passed, failed, skipped


def read(build):
    # With a wrapper the name has the wrapper's in it.
    logs = sorted(Path(build, "meson-logs").glob("testlog*.json"), key=lambda log: log.stat().st_mtime)
    if not logs:
        return []
    return [json.loads(line) for line in logs[-1].read_text().splitlines() if line.strip()]


def summary(builds):
    passed = failed = skipped = 0
    for build in builds:
        for test in read(build):
            counts = cases(test)
            if counts[1]:
                print(f"failed: {test['name']} ({test['result']})")
            passed, failed, skipped = passed + counts[0], failed + counts[1], skipped + counts[2]
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def self_test():
    wrong = 0
    for result, out, err, wanted in [
        ("OK", "", "", (1, 0, 0)),
        ("FAIL", "", "", (0, 1, 0)),
        ("SKIP", "", "", (0, 0, 1)),
        ("TIMEOUT", "TAP version 13\n1..3\nok 1 - a\n", "", (1, 1, 0)),
        ("OK", "1..3\nok 1 - a\nok - b # SKIP no\nnot ok 3 # TODO later\n", "", (2, 0, 1)),
        ("FAIL", "1..2\nnot ok - a::d unexpected signal\nok - a::b  (0.00s)\n", "", (1, 1, 0)),
        ("OK", "ok, so this is no TAP\n", "", (1, 0, 0)),
        ("OK", "", "[\x1b[0;34m====\x1b[0m] \x1b[0;1mSynthesis: Tested: \x1b[0;34m3\x1b[0m | Passing: 3 | Failing: 0 | "
                   "Crashing: 0 ", (3, 0, 0)),
        ("FAIL", "", "[====] Synthesis: Tested: 3 | Passing: 1 | Failing: 2 | Crashing: 1 ", (1, 2, 0)),
        ("ERROR", "", "[====] Synthesis: Tested: 3 | Passing: 3 | Failing: 0 | Crashing: 0 ", (3, 1, 0)),
    ]:
        got = cases({"name": "x", "result": result, "stdout": out, "stderr": err})
        if got != wanted:
            wrong += 1
            print(f"{result} {out!r} {err!r}: got {got}, wanted {wanted}")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(self_test())
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(summary(sys.argv[1:]))
