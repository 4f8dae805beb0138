#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""gorun with C files and shared objects: compiling, the cache, how the program's main is called."""
import os
import signal
import subprocess
import sys
import time

from gorun_support import Skip, check, equal, main, mode, one_line

JOIN = """#include <coir/coir.h>
#include <stdio.h>
static intptr_t twice(void *arg) { return 2 * (intptr_t)arg; }
int main(int argc, char **argv)
{
    coir_fiber fiber;
    intptr_t result = 0;
    if (coir_spawn(NULL, twice, (void *)20, &fiber) || coir_join(fiber, &result))
        return 99;
    printf("%s", argv[0]);
    for (int i = 1; i < argc; i++)
        printf("|%s", argv[i]);
    printf("\\n");
    return (int)result + (argv[argc] != NULL);
}
"""
EXIT = """#include <coir/coir.h>
#include <stdio.h>
#include <stdlib.h>
static intptr_t leave(void *arg) { printf("said"); exit(17); }
int main(int argc, char **argv)
{
    coir_fiber fiber;
    if (argc > 1)
        leave(NULL);
    return coir_spawn(NULL, leave, NULL, &fiber) || coir_join(fiber, NULL);
}
"""
OWN_RUNTIME = """#include <coir/coir.h>
#include <stdio.h>
static intptr_t start(void *arg) { printf("%d workers\\n", coir_workers()); return 6; }
int main(void)
{
    intptr_t result = 0;
    printf("%d\\n", coir_run(NULL, start, NULL, &result));
    return (int)result;
}
"""
OWN_NAMES = """#include <stdio.h>
int error(int n) { return n + 1; }      /* glibc has one */
int coir_demo, demos = 3, complain = 4; /* gorun has some */
int main(void) { int (*volatile p)(int) = error; return error(1) + p(2) + demos + complain; }
"""


def main_is_the_main_fiber(bench):
    bench.write("join.c", JOIN)
    done = bench.run("join.c", "a b", "--workers", "--", "-x", "")
    equal((done.code, done.out, done.err), (40, "join.c|a b|--workers|--|-x|\n", ""))


def options_end_where_the_program_is_named(bench):
    bench.write("join.c", JOIN)
    bench.write("-odd.c", JOIN)
    equal(bench.run("--", "join.c", "--help").out, "join.c|--help\n")
    equal(bench.run("--", "-odd.c").out, "-odd.c\n")


def exit_flushes_and_gives_its_code(bench):
    bench.write("exit.c", EXIT)
    for words in ([], ["main"]):
        done = bench.run("--stats", "exit.c", *words)
        equal((done.code, done.out), (17, "said"), words)
        check("spawned" in done.err, done)


def fibers_left_behind_do_not_hold_the_exit(bench):
    bench.write("left.c", """#include <coir/coir.h>
static intptr_t wait(void *arg) { for (;;) coir_park(); }
int main(void) { for (int i = 0; i < 10; i++) coir_go(wait, 0); coir_yield(); return 5; }
""")
    equal(bench.run("left.c").code, 5)


def a_program_may_start_the_runtime_itself(bench):
    bench.write("own.c", OWN_RUNTIME)
    equal(bench.run("--workers", "2", "own.c").out, "2 workers\n0\n")
    done = bench.run("--stats", "own.c", COIR_WORKERS="3")
    equal((done.code, done.out), (6, "3 workers\n0\n"))
    check("spawned" in done.err, done)


def a_signal_kills_gorun_as_it_would_the_program(bench):
    bench.write("abort.c", "#include <stdlib.h>\nint main(void) { abort(); }\n")
    equal(bench.run("abort.c").code, -signal.SIGABRT)


def the_program_has_names_of_its_own(bench):
    bench.write("names.c", OWN_NAMES)
    done = bench.run("names.c", CFLAGS="-O0 -w")
    equal(done.code, 12, done)


def the_math_library_is_there(bench):
    bench.write("math.c", "#include <math.h>\nint main(int n, char **v) { return (int)sqrt(n * 49.0); }\n")
    equal(bench.run("math.c").code, 7)


def stdin_belongs_to_the_program(bench):
    bench.write("cat.c", "#include <stdio.h>\nint main(void) { int c; while ((c = getchar()) != EOF) putchar(c); }\n")
    done = subprocess.run([bench.gorun, "cat.c"], input=b"for the program\n", stdout=subprocess.PIPE, env=bench.env,
                          cwd=bench.folder)
    equal(done.stdout, b"for the program\n")


def compile_errors_are_the_compilers(bench):
    bench.write("bad.c", "int main(void)\n{\n    return nonsense;\n}\n")
    bench.write("link.c", "int missing(void);\nint main(void) { return missing(); }\n")
    for name, word in [("bad.c", "nonsense"), ("link.c", "missing")]:
        done = bench.run(name)
        equal((done.code, done.out), (1, ""), name)
        check(word in done.err and name in done.err and "gorun:" not in done.err, done)
    equal(bench.cached(), [], "leaves nothing behind")


def no_main_is_a_failure_too(bench):
    bench.write("empty.c", "int x;\n")
    done = bench.run("empty.c")
    equal(done.code, 1)
    one_line(done, "empty.c", "main")


def warnings_do_not_mix_with_the_output(bench):
    bench.write("warn.c", "#warning watch out\n#include <stdio.h>\nint main(void) { puts(\"out\"); return 0; }\n")
    done = bench.run("warn.c")
    equal((done.code, done.out), (0, "out\n"))
    check("watch out" in done.err, done)


def a_compiler_that_is_not_there_is_named(bench):
    bench.write("join.c", JOIN)
    for compiler, code in [("no-such-cc", 1), ("", 2), ('"', 2), ("false", 1)]:
        done = bench.run("join.c", CC=compiler)
        equal(done.code, code, compiler)
        check(compiler == "false" or "$CC" in done.err, done)


def flags_are_split_as_a_shell_does(bench):
    bench.write("flag.c", "#include <string.h>\nint main(void) { return (int)strlen(WORD) + N; }\n")
    equal(bench.run("flag.c", CFLAGS="-DWORD='\"a b c\"'", CPPFLAGS="-DN=2").code, 7)


def an_unchanged_file_is_not_compiled_again(bench):
    path = bench.write("join.c", JOIN)
    equal((bench.run("join.c").code, bench.calls()), (40, 1))
    equal((bench.run("join.c", "x").code, bench.calls()), (40, 0))
    os.utime(path)
    equal((bench.run("join.c").code, bench.calls()), (40, 0), "touched")
    path.write_text(JOIN.replace("2 *", "3 *"))
    equal((bench.run("join.c").code, bench.calls()), (60, 1), "changed")
    path.write_text(JOIN)
    equal((bench.run("join.c").code, bench.calls()), (40, 0), "changed back")
    equal((bench.run("--rebuild", "join.c").code, bench.calls()), (40, 1), "--rebuild")
    equal((bench.run("join.c").code, bench.calls()), (40, 0))


def what_a_file_includes_counts(bench):
    bench.write("main.c", '#include "a folder/in.h"\nint main(void) { return VALUE; }\n')
    header = bench.write("a folder/in.h", '#include "deep#$.h"\n')
    deep = bench.write("a folder/deep#$.h", "#define VALUE 1\n")
    equal((bench.run("main.c").code, bench.calls()), (1, 1))
    equal((bench.run("main.c").code, bench.calls()), (1, 0))
    deep.write_text("#define VALUE 2\n")
    equal((bench.run("main.c").code, bench.calls()), (2, 1))
    header.unlink()
    equal((bench.run("main.c").code, bench.calls()), (1, 1), "a compile error")


def flags_compiler_and_folder_count(bench):
    bench.write("n.c", "#ifndef N\n#define N 0\n#endif\nint main(void) { return N; }\n")
    for flags in ("-DN=1", "-DN=2", None):
        code = int(flags[-1]) if flags else 0
        equal((bench.run("n.c", CFLAGS=flags).code, bench.calls()), (code, 1), flags)
        equal((bench.run("n.c", CFLAGS=flags).code, bench.calls()), (code, 0), flags)
    (bench.folder / "logged-cc").touch()
    equal((bench.run("n.c").code, bench.calls()), (0, 1), "a new compiler")
    (bench.folder / "below").mkdir()
    equal((bench.run("../n.c", cwd=bench.folder / "below").code, bench.calls()), (0, 1), "another folder")


def many_at_once_are_safe(bench):
    bench.write("join.c", JOIN)
    runs = [subprocess.Popen([bench.gorun, "join.c"], env=bench.env, cwd=bench.folder, stdout=subprocess.PIPE)
            for _ in range(8)]
    for run in runs:
        equal((run.communicate()[0], run.returncode), (b"join.c\n", 40))
    equal(len(bench.cached()), 2, bench.cached())


def the_cache_is_private(bench):
    bench.write("join.c", JOIN)
    equal(bench.run("join.c").code, 40)
    equal(mode(bench.folder / "cache/coir"), 0o700)
    equal(mode(bench.folder / "cache"), 0o700)


def a_cache_that_others_may_write_is_not_used(bench):
    bench.write("join.c", JOIN)
    folder = bench.folder / "cache/coir"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    equal((bench.run("join.c").code, bench.calls()), (40, 1))
    equal((bench.run("join.c").code, bench.calls()), (40, 1))
    equal(bench.cached(), [])
    equal(list((bench.folder / "tmp").iterdir()), [], "nothing stays in TMPDIR")


def a_cache_of_another_user_is_not_used(bench):
    if os.geteuid():
        raise Skip("only root can give a folder away")
    bench.write("join.c", JOIN)
    folder = bench.folder / "cache/coir"
    folder.mkdir(parents=True, mode=0o755)
    os.chown(folder, 65534, 65534)
    equal((bench.run("join.c").code, bench.calls()), (40, 1))
    equal(bench.cached(), [])


def without_a_home_it_still_runs(bench):
    bench.write("join.c", JOIN)
    done = bench.run("join.c", XDG_CACHE_HOME=None, HOME="/proc/1/nothing")
    equal((done.code, done.err), (40, ""))
    home = bench.folder / "home"
    home.mkdir()
    equal(bench.run("join.c", XDG_CACHE_HOME="relative", HOME=str(home)).code, 40)
    equal(len(list((home / ".cache/coir").iterdir())), 2)


def a_damaged_cache_heals(bench):
    bench.write("join.c", JOIN)
    bench.run("join.c")
    for path in (bench.folder / "cache/coir").glob("*.list"):
        path.write_bytes(b"")
    bench.calls()
    equal((bench.run("join.c").code, bench.calls()), (40, 1))
    for path in (bench.folder / "cache/coir").glob("*.so"):
        path.unlink()
    equal((bench.run("join.c").code, bench.calls()), (40, 1))


def what_is_long_unused_is_removed(bench):
    bench.write("join.c", JOIN)
    bench.run("join.c")
    old = bench.write("cache/coir/0123.so", "old")
    left = bench.write("cache/coir/work-abc/object", "left by a killed one").parent
    month_ago = time.time() - 31 * 24 * 3600
    for path in (old, left):
        os.utime(path, (month_ago, month_ago))
    bench.write("other.c", "int main(void) { return 0; }\n")
    equal(bench.run("other.c").code, 0)
    check(not old.exists() and not left.exists(), bench.cached())
    equal((bench.calls(), bench.run("join.c").code, bench.calls()), (2, 40, 0), "what is used stays")


def shared_objects_run(bench):
    path = bench.compile(bench.write("join.c", JOIN))
    equal(bench.run("join.so", "x").out, "join.so|x\n", "not searched for")
    equal(bench.run(path, "x").code, 40)
    path.rename(bench.folder / "plain")
    equal(bench.run("./plain", "x").code, 40)
    equal(bench.calls(), 0)
    path = bench.compile(bench.write("own.c", OWN_RUNTIME))
    equal(bench.run("--workers", "2", path).out, "2 workers\n0\n")
    path = bench.compile(bench.write("nomain.c", "int x;\n"))
    done = bench.run(path)
    equal(done.code, 126)
    one_line(done, "nomain.so", "main")


if __name__ == "__main__":
    sys.exit(main([main_is_the_main_fiber, options_end_where_the_program_is_named, exit_flushes_and_gives_its_code,
                   fibers_left_behind_do_not_hold_the_exit, a_program_may_start_the_runtime_itself,
                   a_signal_kills_gorun_as_it_would_the_program, the_program_has_names_of_its_own,
                   the_math_library_is_there, stdin_belongs_to_the_program, compile_errors_are_the_compilers,
                   no_main_is_a_failure_too, warnings_do_not_mix_with_the_output,
                   a_compiler_that_is_not_there_is_named, flags_are_split_as_a_shell_does,
                   an_unchanged_file_is_not_compiled_again, what_a_file_includes_counts,
                   flags_compiler_and_folder_count, many_at_once_are_safe, the_cache_is_private,
                   a_cache_that_others_may_write_is_not_used, a_cache_of_another_user_is_not_used,
                   without_a_home_it_still_runs, a_damaged_cache_heals, what_is_long_unused_is_removed,
                   shared_objects_run]))
