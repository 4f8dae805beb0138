#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The peer program of Python: its generators. Speaks the protocol of bench/harness/peer.h."""
import sys
import time

WORD = (1 << 64) - 1
STAGES = 10

scale = 1.0
warming = False
peak_before = 0  # before the warm-up


def fail(text):
    sys.exit(f"peer-python: {text}")


def check(what, got, want):
    if got != want:
        fail(f"WRONG RESULT: {what} is {got}, not {want}")


def result(metric, unit, value, params):
    """Prints one figure, except while warming up."""
    if not warming:
        print(f"{metric} {unit} {value:.6g} {params}")


def sized(n, full):
    return "-" if n == full else f"n={n}"


def rounds(full):
    """A tenth of the rounds warms up."""
    return max(int(full * scale * (0.1 if warming else 1)), 10)


def status_kib(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field + ":"))


def peak_memory():
    """The greatest VmRSS so far in KiB, without pages of files."""
    return status_kib("VmHWM") - status_kib("RssFile")


def forget_peak():
    """Makes the kernel forget the greatest VmRSS. Where it cannot, growth counts from that."""
    try:
        with open("/proc/self/clear_refs", "w") as clear:
            clear.write("5")
    except OSError:
        pass


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        yield a
        a, b = b, (a + b) & WORD


def generator():
    n = rounds(10_000_000)
    total = 0
    start = time.perf_counter_ns()
    for v in fibonacci(n):
        total += v
    ns = time.perf_counter_ns() - start
    a, b = 0, 1
    for _ in range(n + 1):
        a, b = b, (a + b) & WORD
    check("sum of the values", total & WORD, (a - 1) & WORD)
    result("ns/value", "ns", ns / n, "-")


def integers(n):
    for i in range(n):
        yield i


def plus_one(below):
    for v in below:
        yield v + 1


def pipeline10():
    n = rounds(1_000_000)
    total = 0
    start = time.perf_counter_ns()
    last = integers(n)
    for _ in range(STAGES - 1):
        last = plus_one(last)
    for v in last:
        total += v
    ms = (time.perf_counter_ns() - start) / 1e6
    check("sum", total, n * (n - 1) // 2 + n * (STAGES - 1))
    result("ms", "ms", ms, sized(n, 1_000_000))
    result("peak", "KiB", peak_memory() - peak_before, sized(n, 1_000_000))


WORKLOADS = {"generator": generator, "pipeline10": pipeline10}


def main(argv):
    global scale, warming, peak_before
    if argv[1:] == ["--list"]:
        for name in WORKLOADS:
            print(name, 1, 1)
        return
    if len(argv) not in (3, 4) or argv[1] not in WORKLOADS or argv[2] != "1":
        fail("usage: WORKLOAD 1 [SCALE], or --list")
    if len(argv) == 4:
        scale = float(argv[3])
    forget_peak()
    peak_before = peak_memory()
    for warming in (True, False):
        WORKLOADS[argv[1]]()


main(sys.argv)
