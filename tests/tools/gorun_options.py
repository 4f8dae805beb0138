#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""gorun's command line: what it answers by itself, what it refuses and how."""
import re
import subprocess
import sys

from gorun_support import check, equal, main, one_line

DEMOS = ["skynet", "wc", "primes", "ring", "nqueens"]
SHOW = """#include <coir/coir.h>
#include <stdio.h>
int main(void) { printf("%d\\n", coir_workers()); return 0; }
"""


def help_names_everything(bench):
    for option in ("--help", "-h"):
        done = bench.run(option)
        equal(done.code, 0, option)
        for word in ("--list", "--workers", "--pin", "--stack", "--stats", "--info", "--help", *DEMOS, "exit code", "127"):
            check(word in done.out, f"{word} is not in {option}")
        equal(max(map(len, done.out.splitlines())) <= 100, True, "short lines")


def list_names_the_demos(bench):
    done = bench.run("--list")
    equal(done.code, 0)
    equal([line.split()[0] for line in done.out.splitlines()], DEMOS)


def version_is_told(bench):
    done = bench.run("--version")
    equal(done.code, 0)
    check(re.search(r"\d+\.\d+\.\d+", done.out), done)


def info_shows_options_and_sources(bench):
    done = bench.run("--workers", "2", "--info", COIR_STACK="256k")
    equal(done.code, 0, done)
    for name in ("COIR_WORKERS", "COIR_PIN", "COIR_STACK", "COIR_GUARD"):
        check(name in done.out, f"{name} is not in {done.out}")
    sources = {words[0]: words[1:3] for words in map(str.split, done.out.splitlines()) if len(words) > 2}
    equal(sources["workers"], ["2", "config"])
    equal(sources["stack_size"], ["256K", "COIR_STACK"])
    equal(sources["guard"][1], "default")


def info_before_a_program_goes_to_stderr(bench):
    done = bench.run("--info", "skynet", "10")
    equal(done.code, 0)
    check("COIR_WORKERS" in done.err, done)
    check("COIR_WORKERS" not in done.out and "result" in done.out, done)


def bad_options_are_named(bench):
    for words, named in [(["--bogus"], "--bogus"), (["--bogus=3", "skynet"], "--bogus"), (["-z"], "-z"),
                         (["--workers"], "--workers"), (["--workers", "0", "ring"], "--workers"),
                         (["--workers", "-1", "ring"], "--workers"), (["--workers", "1025", "ring"], "1024"),
                         (["--workers=two", "ring"], "two"), (["--workers=", "ring"], "--workers"),
                         (["--pin", "north", "ring"], "--pin"), (["--pin", "1,,2", "ring"], "--pin"),
                         (["--pin", "3-1", "ring"], "--pin"), (["--pin=", "ring"], "scatter"),
                         (["--stack", "1", "ring"], "--stack"), (["--stack", "64q", "ring"], "64q"),
                         (["--stack", "99999999999999999999G", "ring"], "--stack"), (["--stack", "2G", "ring"], "1G"),
                         (["--stats=yes", "ring"], "--stats")]:
        done = bench.run(*words)
        equal(done.code, 2, words)
        one_line(done, named, "see gorun --help")


def nothing_to_run_is_bad_usage(bench):
    for words in ([], ["--stats"], ["--"], ["--workers", "2"]):
        done = bench.run(*words)
        equal(done.code, 2, words)
        one_line(done, "see gorun --help")


def bad_variables_are_named(bench):
    for name, value in [("COIR_WORKERS", "many"), ("COIR_STACK", "7"), ("COIR_PIN", "north"), ("COIR_GUARD", "dog")]:
        done = bench.run("skynet", "10", **{name: value})
        equal(done.code, 2, name)
        one_line(done, name, value)


def processors_that_are_not_there_are_refused(bench):
    done = bench.run("--pin", "100000", "--workers", "1", "skynet", "10")
    equal(done.code, 2, done)
    one_line(done, "100000")


def bad_arguments_of_demos_are_named(bench):
    for words, named in [(["skynet", "0"], "LEAVES"), (["skynet", "12"], "LEAVES"), (["skynet", "ten"], "ten"),
                         (["skynet", "10", "10"], "argument"), (["primes", "0"], "COUNT"), (["primes", "-3"], "-3"),
                         (["primes", "10001"], "10000"), (["ring", "0"], "FIBERS"), (["ring", "5", "x"], "PASSES"),
                         (["ring", "1", "2", "3"], "3"), (["nqueens", "17"], "QUEENS"), (["nqueens", "8q"], "8q"),
                         (["wc"], "DIR")]:
        done = bench.run(*words)
        equal(done.code, 2, words)
        one_line(done, words[0], named)


def demos_tell_about_themselves(bench):
    for name in DEMOS:
        done = bench.run(name, "--help")
        equal(done.code, 0, name)
        check(f"gorun {name}" in done.out, done)


def what_is_not_there_is_127(bench):
    for name in ("nothing", "./nothing", "nothing.c", "nothing.so", "no/thing"):
        done = bench.run(name)
        equal(done.code, 127, name)
        one_line(done, name)


def what_cannot_be_run_is_126(bench):
    bench.write("folder.c/file", "")
    bench.write("text", "hello\n")
    bench.write("text.so", "hello\n")
    for name in ("./folder.c", "./text", "text.so", "/bin/true"):
        done = bench.run(name)
        equal(done.code, 126, name)
        one_line(done, name.replace("./", ""))


def options_reach_the_runtime(bench):
    bench.write("show.c", SHOW)
    equal(bench.run("--workers", "3", "show.c").out, "3\n")
    equal(bench.run("--workers=2", "show.c", COIR_WORKERS="5").out, "2\n", "the option wins")
    equal(bench.run("show.c", COIR_WORKERS="5").out, "5\n")
    done = bench.run("--pin", "none", "--stack", "64k", "--workers", "1", "--", "show.c")
    equal((done.code, done.out), (0, "1\n"))


def stats_come_at_the_end_on_stderr(bench):
    done = bench.run("--stats", "--workers", "2", "skynet", "100")
    equal(done.code, 0)
    figures = dict(re.findall(r"^(\w+(?: \w+)?) +(\d+)  ", done.err, re.M))
    equal(figures.get("workers"), "2", done)
    check(int(figures["spawned"]) >= 110, done)
    equal(figures["finished"], figures["spawned"], done)
    check("spawned" not in done.out, done)
    equal(bench.run("--stats", "nothing.c").err.count("\n"), 1, "no figures where nothing ran")


def output_that_cannot_be_written_is_a_failure(bench):
    with open("/dev/full", "w") as full:
        done = subprocess.run([bench.gorun, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, env=bench.env)
    equal(done.returncode, 1)
    check("cannot write" in done.stderr, done.stderr)


if __name__ == "__main__":
    sys.exit(main([help_names_everything, list_names_the_demos, version_is_told, info_shows_options_and_sources,
                   info_before_a_program_goes_to_stderr, bad_options_are_named, nothing_to_run_is_bad_usage,
                   bad_variables_are_named, processors_that_are_not_there_are_refused,
                   bad_arguments_of_demos_are_named, demos_tell_about_themselves, what_is_not_there_is_127,
                   what_cannot_be_run_is_126, options_reach_the_runtime, stats_come_at_the_end_on_stderr,
                   output_that_cannot_be_written_is_a_failure]))
