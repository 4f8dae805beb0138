#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""coir-bench --scaling: `scaling_test.py COIR-BENCH`, speaks TAP.

coir-bench looks for its peers beside itself. Most cases put a copy of it beside peers that only print figures, so that
every number of the answer is known; the last one measures the real peers, at a tiny scale.
"""
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
import xml.etree.ElementTree as xml
from pathlib import Path

COLUMNS = "workload,system,params,workers,cores,oversubscribed,metric,unit,median,min,max,speedup,efficiency".split(",")

# The n-th call prints the n-th run's line. No lines: it fails. It writes down how many processors it may use.
PEER = """#!{python} -IS
import os, sys
from pathlib import Path
figures = {figures!r}
if sys.argv[1] == "--list":
    for workload, workers in figures:
        print(workload, workers, workers)
    sys.exit()
workload, workers = sys.argv[1], int(sys.argv[2])
calls = Path({folder!r}) / f"{name}-{{workload}}-{{workers}}"
with calls.open("a") as f:
    print(len(os.sched_getaffinity(0)), file=f)
runs = figures[workload, workers]
if not runs:
    sys.exit(1)
print(runs[(len(calls.read_text().splitlines()) - 1) % len(runs)])
"""

# A time, with memory beside it, which has no speed-up; another size, which compares with coir's by item; a rate.
COIR = {("fib", 1): ["ns/spawn ns 30 n=30\npeak KiB 70 n=30", "ns/spawn ns 10 n=30\npeak KiB 50 n=30",
                     "ns/spawn ns 20 n=30\npeak KiB 60 n=30"],
        ("fib", 2): ["ns/spawn ns 12.5 n=30\npeak KiB 90 n=30"],
        ("fib", 3): ["ns/spawn ns 8 n=30\npeak KiB 95 n=30"],
        ("fib", 4): ["ns/spawn ns 40 n=30\npeak KiB 99 n=30"],
        ("nqueens", 1): ["Mnodes/s 1e6/s 10 -"],
        ("nqueens", 2): ["Mnodes/s 1e6/s 15 -"],
        ("timers", 1): ["cpu s 2 -\np50 us 30 -"],
        ("timers", 2): ["cpu s 1 -\np50 us 10 -"],
        ("mem", 1): ["bytes/fiber bytes 4437 -"]}
TBB = {("skynet", workers): [f"ms ms {600 / workers} order=spawn\nms ms {300 / workers} order=it's"]
       for workers in (1, 2, 3, 4)}
SEQ = {("fib", 1): ["ns/spawn ns 5 n=34"], ("nqueens", 1): ["Mnodes/s 1e6/s 20 -"], ("skynet", 1): ["ms ms 5 n=7"]}


class Skip(Exception):
    """Raised by a case that cannot be done here."""


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(map(str, what)))


def equal(got, wanted, what=""):
    check(got == wanted, f"{what}: got {got!r}, wanted {wanted!r}")


class Bench:
    """A temporary folder with coir-bench and peers that only print."""

    def __init__(self, program, folder):
        self.real, self.folder = program, Path(folder)
        self.program, self.out = self.folder / "coir-bench", self.folder / "out"
        shutil.copy(program, self.program)
        (self.folder / "peers").mkdir()
        for name, figures in {"peer-coir": COIR, "peers/peer-tbb": TBB, "peers/peer-seq": SEQ}.items():
            self.peer(name, figures)

    def peer(self, name, figures):
        path = self.folder / name
        path.write_text(PEER.format(python=sys.executable, figures=figures, folder=str(self.folder), name=path.name))
        path.chmod(0o755)

    def run(self, *arguments, program=None, processors=None, **env):
        """Runs coir-bench --scaling on the first so many processors."""
        def pin():
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:processors])
        return subprocess.run([program or self.program, "--scaling", *map(str, arguments)], cwd=self.folder,
                              env={**os.environ, **env}, capture_output=True, text=True, timeout=100,
                              preexec_fn=pin if processors else None)

    def measure(self, *arguments, status=0, **run):
        done = self.run("--out", self.out, "--runs", 1, *arguments, **run)
        equal(done.returncode, status, done)
        return done

    def rows(self):
        with (self.out / "scaling.csv").open() as f:
            reader = csv.DictReader(f)
            equal(reader.fieldnames, COLUMNS)
            return list(reader)

    def of(self, workload, system, metric):
        """The rows of one series by their workers."""
        return {int(row["workers"]): row for row in self.rows()
                if (row["workload"], row["system"], row["metric"]) == (workload, system, metric)}


def wanted(row, median, speedup):
    """Checks a row's median, its speed-up, and what follows from that."""
    workers, cores = int(row["workers"]), int(row["cores"])
    equal(float(row["median"]), median, row)
    equal(row["oversubscribed"], str(int(workers > cores)), row)
    equal(row["speedup"], f"{speedup:.4f}" if speedup else "", row)
    equal(row["efficiency"], f"{speedup / min(workers, cores):.4f}" if speedup else "", row)


def speed_up_of_a_time_and_of_a_rate(bench):
    for processors in (1, 2):
        if len(os.sched_getaffinity(0)) < processors:
            break
        bench.measure("--runs", 3, "--max-workers", 4, processors=processors)
        fib = bench.of("fib", "coir", "ns/spawn")
        for workers, median, speedup in ((1, 20, 1), (2, 12.5, 1.6), (3, 8, 2.5), (4, 40, 0.5)):
            wanted(fib[workers], median, speedup)
            check(1 <= int(fib[workers]["cores"]) <= processors, fib[workers])
        equal([fib[1][key] for key in ("min", "max", "unit", "params")], ["10", "30", "ns", "n=30"])
        rate = bench.of("nqueens", "coir", "Mnodes/s")
        wanted(rate[1], 10, 1)
        wanted(rate[2], 15, 1.5)


def memory_latency_and_cpu_time_have_no_speed_up(bench):
    bench.measure("--runs", 3, "--max-workers", 4)
    for workers, row in bench.of("fib", "coir", "peak").items():
        wanted(row, {1: 60, 2: 90, 3: 95, 4: 99}[workers], None)
    for metric, medians in (("cpu", (2, 1)), ("p50", (30, 10))):
        rows = bench.of("timers", "coir", metric)
        wanted(rows[1], medians[0], None)
        wanted(rows[2], medians[1], None)


def all_rows_and_no_others(bench):
    bench.measure("--max-workers", 3)
    got = [(row["workload"], row["system"], row["metric"], int(row["workers"])) for row in bench.rows()]
    series = [("skynet", "tbb", "ms", (1, 2, 3)), ("skynet", "tbb", "ms", (1, 2, 3)), ("skynet", "seq", "ms", (1,)),
              ("fib", "coir", "ns/spawn", (1, 2, 3)), ("fib", "seq", "ns/spawn", (1,)),
              ("fib", "coir", "peak", (1, 2, 3)), ("nqueens", "coir", "Mnodes/s", (1, 2)),
              ("nqueens", "seq", "Mnodes/s", (1,)), ("timers", "coir", "cpu", (1, 2)),
              ("timers", "coir", "p50", (1, 2))]
    equal(got, [(*what, n) for *what, workers in series for n in workers])


def the_table(bench):
    done = bench.measure("-w", "fib,nqueens,skynet", "--runs", 3, "--max-workers", 4, processors=1)
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    equal(lines[0], "skynet on 1 processor (*: more workers than that)")
    check("coir n=30 ns/spawn 1 20.00 10.00 .. 30.00 1.00 100 0.250" in lines, done.stdout)
    check("coir n=30 ns/spawn 3* 8.000 8.000 .. 8.000 2.50 250 0.625" in lines, done.stdout)
    check("seq n=34 ns/spawn 1 5.000 5.000 .. 5.000 1.00 100 1.000" in lines, done.stdout)
    check("coir - Mnodes/s 2* 15.00 15.00 .. 15.00 1.50 150 0.750" in lines, done.stdout)
    check("tbb order=spawn ms 4* 150.0 150.0 .. 150.0 4.00 400" in lines, "no other size's seq", done.stdout)


def each_run_is_pinned_to_its_number_of_processors(bench):
    processors = len(os.sched_getaffinity(0))
    bench.measure("-w", "fib", "--runs", 2, "--max-workers", 4)
    for workers in (1, 2, 3, 4):
        equal((bench.folder / f"peer-coir-fib-{workers}").read_text().split(), [str(min(workers, processors))] * 2)


def workers_up_to_twice_the_processors(bench):
    bench.measure("-w", "skynet", "-s", "tbb", processors=1)
    equal(list(bench.of("skynet", "tbb", "ms")), [1, 2])
    bench.measure("-w", "skynet", "-s", "tbb", "--workers", "4,1")
    equal(list(bench.of("skynet", "tbb", "ms")), [1, 4])


def a_failed_run_leaves_out_its_figure(bench):
    bench.peer("peer-coir", {**COIR, ("fib", 3): [], ("nqueens", 1): []})
    done = bench.measure("-w", "fib,nqueens", "--max-workers", 4, status=1)
    check("FAILED: fib, coir, 3 workers: failed with status 1\n" in done.stderr, done)
    equal(list(bench.of("fib", "coir", "ns/spawn")), [1, 2, 4])
    equal(bench.of("nqueens", "coir", "Mnodes/s")[2]["speedup"], "", "without one worker's")
    equal(sorted(path.name for path in bench.out.glob("*.gp")), ["fib.gp"])


def without_gnuplot_the_scripts_stay(bench):
    done = bench.measure("-w", "fib,timers", PATH=str(bench.folder))
    equal(done.stderr.count("\n"), 1, done.stderr)
    check("install gnuplot-nox" in done.stderr, done)
    equal(sorted(path.name for path in bench.out.iterdir()), ["fib.gp", "scaling.csv"])


def texts(svg):
    found = xml.parse(svg).iter("{http://www.w3.org/2000/svg}text")
    return [" ".join("".join(text.itertext()).split()) for text in found]


def the_plots(bench):
    if not shutil.which("gnuplot"):
        raise Skip("gnuplot is not installed")
    bench.out.mkdir()
    (bench.out / "timers.svg").write_text("of an older run")
    done = bench.measure("-w", "fib,skynet,timers", "--max-workers", 4, processors=1)
    equal(done.stderr, "")
    equal(sorted(path.name for path in bench.out.glob("*.svg")), ["fib.svg", "skynet.svg"])
    fib, skynet = (texts(bench.out / name) for name in ("fib.svg", "skynet.svg"))
    check(any(text.startswith("fib: ") for text in fib), fib)
    check(any(text.endswith(", 1 processor") for text in fib), fib)
    for text in ("workers", "speed-up over one worker", "ideal", "coir", "more workers than processors", "4"):
        check(text in fib, text, "not in", fib)
    check("seq" not in fib, fib)
    check("tbb order=spawn" in skynet and "tbb order=it's" in skynet, skynet)
    for svg in bench.out.glob("*.svg"):
        text = svg.read_text()
        check(len(text) < 40000 and "base64" not in text and 'fill="#ffffff"' in text, svg)


def a_failed_plot_is_told(bench):
    gnuplot = bench.folder / "gnuplot"
    gnuplot.write_text('#!/bin/sh\n[ "$2" = --version ]\n')
    gnuplot.chmod(0o755)
    done = bench.measure("-w", "fib", status=1, PATH=str(bench.folder))
    equal(done.stderr, "coir-bench: FAILED: fib: gnuplot fib.gp failed with status 1\n")


def a_folder_within_folders(bench):
    bench.out = bench.folder / "docs/of/scaling"
    bench.measure("-w", "fib")
    check(bench.rows())


def the_folder_without_a_name(bench):
    equal(bench.run("-w", "fib", "--runs", 1).returncode, 0)
    check((bench.folder / "scaling/scaling.csv").exists())


def what_cannot_be_done_is_one_line(bench):
    file = bench.folder / "file"
    file.write_text("")
    for words, *arguments in (("--max-workers: 1", "--max-workers", 1), ("--max-workers: 2x", "--max-workers", "2x"),
                              ("--max-workers: --workers", "--max-workers", 2, "--workers", "1,2"),
                              ("speed-up needs 1", "--workers", "2,4"), ("--csv", "--csv"), ("mem", "-w", "fib,mem"),
                              ("seq", "-s", "seq"), ("no such workload: fob", "-w", "fob"),
                              ("no such system: cour", "-s", "cour"), ("no processor from", "--core", 1000),
                              ("file/scaling.csv: Not a directory", "--out", file),
                              ("file/below: Not a directory", "--out", file / "below"),
                              ("cannot write /proc/coir", "--out", "/proc/coir"),
                              ("No such file", "--out", "")):
        done = bench.run(*arguments)
        equal((done.returncode, done.stdout, done.stderr.count("\n")), (2, "", 1), done)
        check(words in done.stderr, words, "not in", done.stderr)
    for option in ("--out=here", "--max-workers=2"):
        done = subprocess.run([bench.program, option], capture_output=True, text=True, timeout=100)
        equal((done.returncode, done.stdout, done.stderr.count("\n")), (2, "", 1), done)
        check("only with --scaling" in done.stderr, done)


def the_real_peers(bench):
    bench.measure("-w", "fib,spawnjoin1000,pingpong", "--runs", 2, "--max-workers", 3, "--scale", 0.0001,
                  program=bench.real)
    rows = bench.rows()
    for workload, metric in (("fib", "ns/spawn"), ("spawnjoin1000", "ns/fiber"), ("pingpong", "ns/roundtrip")):
        equal(list(bench.of(workload, "coir", metric)), [1, 2, 3], workload)
    for row in rows:
        workers, cores = int(row["workers"]), int(row["cores"])
        least, median, most = (float(row[key]) for key in ("min", "median", "max"))
        equal(row["oversubscribed"], str(int(workers > cores)), row)
        if row["metric"] == "peak":
            equal(row["speedup"], "", row)
            continue
        check(0 < least <= median <= most < 1e9, row)
        speedup, efficiency = float(row["speedup"]), float(row["efficiency"])
        check(0 < speedup < 1e4 and (workers > 1 or speedup == 1), row)
        check(abs(efficiency - speedup / min(workers, cores)) <= 1e-4, row)
    if shutil.which("gnuplot"):
        equal(sorted(path.name for path in bench.out.glob("*.svg")), ["fib.svg", "pingpong.svg", "spawnjoin1000.svg"])


CASES = [speed_up_of_a_time_and_of_a_rate, memory_latency_and_cpu_time_have_no_speed_up, all_rows_and_no_others,
         the_table, each_run_is_pinned_to_its_number_of_processors, workers_up_to_twice_the_processors,
         a_failed_run_leaves_out_its_figure, without_gnuplot_the_scripts_stay, the_plots, a_failed_plot_is_told,
         a_folder_within_folders, the_folder_without_a_name, what_cannot_be_done_is_one_line, the_real_peers]


def main():
    program, failed = str(Path(sys.argv[1]).resolve()), 0
    print(f"1..{len(CASES)}", flush=True)
    for number, case in enumerate(CASES, 1):
        name = case.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory(prefix="scaling-test-") as folder:
            try:
                case(Bench(program, folder))
                print(f"ok {number} - {name}", flush=True)
            except Skip as why:
                print(f"ok {number} - {name} # SKIP {why}", flush=True)
            except Exception:  # a broken case is a failed one
                failed += 1
                print(f"not ok {number} - {name}")
                print("\n".join("# " + line for line in traceback.format_exc().splitlines()), flush=True)
    return 1 if failed else 0


sys.exit(main())
