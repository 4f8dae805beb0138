#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tables of speed-ups from coir-sim: one row for each way, one column for each graph and machine.

    experiments.py COIR-SIM [TABLE]... [--machines 16,64,256] [--seeds 5] [--jobs 2] [--small]

Without names, all tables. The rows of docs/decisions/0010-scaling-policy.md come from here.
"""
import argparse
import csv
import subprocess
from concurrent.futures import ThreadPoolExecutor

GRAPHS = "fib:32,uts:10,for:4000000,skynet:7"
SMALL = "fib:30,uts:9,for:1000000,skynet:6"

# As it was before the decision, and with what it proposes for thefts and wakes.
NOW = "--policy stray=0 --policy wakers_divisor=1e9 --theft membarrier"
ASK = "--policy stray=0 --policy wakers_divisor=2 --theft ask"


def both(rows):
    ways = (("", NOW), (", ask", ASK))
    return [(f"{name}{way}", f"{base} {options}") for way, base in ways for name, options in rows]


THEFTS = [("membarrier", ""), ("the same without the kernel's lock", "--parallel-fences"),
          ("membarrier for one processor", "--theft targeted"),
          ("the same without the kernel's lock", "--theft targeted --parallel-fences"),
          ("a fence in every pop", "--theft fence"), ("ask, membarrier after 3 us", "--theft ask")]

TABLES = {
    "theft": [(name, f"{NOW} {options}") for name, options in THEFTS],
    "ask": [("ask", f"{ASK} --policy wakers_divisor=1e9"), ("wakes 1/4", f"{ASK} --policy wakers_divisor=4"),
            ("wakes 1/2", ASK), ("wakes 1/1", f"{ASK} --policy wakers_divisor=1"),
            ("half stray, wakes one", f"{ASK} --policy stray=50 --policy wakers_divisor=1e9"),
            ("half stray", f"{ASK} --policy stray=50"), ("all alike", f"{ASK} --order uniform")],
    "theft, wakes grow": [(name, f"{NOW} --policy wakers_divisor=2 {options}") for name, options in THEFTS],
    "patience": [(f"{ns} ns", f"{ASK} --policy patience={ns}") for ns in (500, 1000, 3000, 10000)],
    "wakes": both([("nobody searches", "--policy wakers_divisor=1e9")] + [
        (f"fewer than 1/{n} of those that run", f"--policy wakers_divisor={n}") for n in (8, 4, 2, 1)]),
    "order": both([("nearest first", "")] + [
        (f"nearest, {n} % stray", f"--policy stray={n}") for n in (10, 25, 50, 75)] + [
        ("uniform", "--order uniform"), ("nearest, 8 of a distance", "--looks 8"),
        ("nearest, 2 of a distance", "--looks 2")]),
    "amount": both([("one", ""), ("half", "--half")]),
    "searchers": both([(f"1/{n}", f"--policy searchers_divisor={n}") for n in (1, 2, 4, 8, 16)]),
    "spin": both([(f"{spin // 1000} us", f"--policy spin={spin}") for spin in (2000, 5000, 20000, 50000, 200000)]),
    "pause": both([(f"{quick} quick rounds, then {pause} ns",
                    f"--policy quick_rounds={quick} --policy spin_pause={pause}")
                   for quick, pause in ((4, 2000), (1, 2000), (16, 2000), (4, 500), (4, 10000))]),
    "watch": both([("50 us to 1 ms", ""), ("20 us", "--policy watch_min=20000 --policy watch_max=20000"),
                   ("200 us to 1 ms", "--policy watch_min=200000"),
                   ("none (1 s)", "--policy watch_min=1e9 --policy watch_max=1e9 --policy watch_drowsy=1e9")]),
    "backoff": both([("0.5 to 8 us, drowsy at 4", ""),
                     ("all loot is worth it", "--policy worth=0 --policy worth_each=0"),
                     ("worth 0.5 us", "--policy worth=250"), ("worth 5 us", "--policy worth=5000"),
                     ("worth 20 us", "--policy worth=20000"), ("never drowsy", "--policy drowsy=1e9"),
                     ("to 50 us, drowsy at 16", "--policy backoff_max=50000 --policy drowsy=16000")]),
}


def run(sim, graphs, seeds, machine, options):
    command = [sim, "--csv", "-g", graphs, "-m", machine, "--seeds", str(seeds)] + options.split()
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {row["graph"].split(":")[0]: row for row in csv.DictReader(lines)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sim")
    parser.add_argument("tables", nargs="*")
    parser.add_argument("--machines", default="16,64,256")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--more", default="", help="options for every run")
    arguments = parser.parse_args()
    graphs = SMALL if arguments.small else GRAPHS
    machines = arguments.machines.split(",")
    columns = [(machine, graph.split(":")[0]) for machine in machines for graph in graphs.split(",")]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for title in arguments.tables or TABLES:
            print(f"\n| {title} | " + " | ".join(f"{graph} {machine}" for machine, graph in columns) + " |")
            print("|---|" + "---|" * len(columns))
            rows = [(name, {machine: pool.submit(run, arguments.sim, graphs, arguments.seeds, machine,
                                                 f"{arguments.more} {options}") for machine in machines})
                    for name, options in TABLES[title]]
            for name, results in rows:
                cells = [float(results[machine].result()[graph]["speedup"]) for machine, graph in columns]
                print(f"| {name} | " + " | ".join(f"{x:.1f}" for x in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
