#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the source tree is built in layers, and that atomics go through one file.

    check-layers.py ROOT         checks ROOT/src and ROOT/include
    check-layers.py --self-test  seeds faults into small trees and checks that each is found

The rules:
  - a file of src/ includes only files of its own room (the folder under src/) or of rooms in lower layers; rooms of
    one layer do not include each other; only the files directly in src/ (runtime.c) may know all rooms;
  - public headers (include/coir) may be included by everyone and include only public headers;
  - no file includes itself by any way round;
  - what "..." names is found: in the including file's folder, or in src/;
  - <stdatomic.h>, __atomic_*, __sync_* and __c11_atomic_* stand in src/base/atomic.h alone, and in
    include/coir/task_fork.h, which programs inline and which must do without that.
"""
import re
import sys
import tempfile
from pathlib import Path

# From the top down. The files directly in src/, which put the rooms together, are the room "runtime".
LAYERS = [
    ["runtime"],
    ["debug"],
    ["task", "scope"],
    ["sync", "chan", "io", "block", "coro", "time"],
    ["sched"],
    ["poll", "timer", "topo", "stack"],
    ["arch"],
    ["trace"],
    ["base"],
]
RANK = {room: height for height, layer in enumerate(reversed(LAYERS)) for room in layer}

SUFFIXES = {".c", ".h", ".S", ".inc"}
ATOMICS_HOME = "src/base/atomic.h"
ATOMICS_ALLOWED = {ATOMICS_HOME, "include/coir/task_fork.h"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
ATOMICS = re.compile(r"<stdatomic\.h>|\b__atomic_\w+|\b__sync_\w+|\b__c11_atomic_\w+")
COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)


def without_comments(text):
    """Comments become blanks, their newlines stay; strings stay."""
    def blank(match):
        found = match.group()
        return found if found.startswith('"') else re.sub(r"[^\n]", " ", found)
    return COMMENT.sub(blank, text)


def room_of(path):
    """The room of a file given by its path below ROOT; None for a public header."""
    parts = path.parts
    if parts[0] == "include":
        return None
    return parts[1] if len(parts) > 2 else "runtime"


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        self.faults = []
        self.edges = {}  # file -> [(line, file)]
        self.files = sorted(path.relative_to(self.root) for top in ("src", "include")
                            for path in (self.root / top).rglob("*") if path.suffix in SUFFIXES)
        self.known = set(self.files)

    def fault(self, path, line, what):
        self.faults.append(f"{path}:{line}: {what}")

    def resolve(self, path, quoted, name):
        """The file of the tree that an #include means, or None for one of the system."""
        places = [Path("include")] if not quoted else [path.parent, Path("src"), Path("include")]
        for place in places:
            found = Path(*normal((place / name).parts))
            if found in self.known:
                return found
        return None

    def read(self, path):
        text = without_comments((self.root / path).read_text())
        for match in INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            quoted, name = match.group(1) == '"', match.group(2)
            target = self.resolve(path, quoted, name)
            if target:
                self.edges.setdefault(path, []).append((line, target))
                self.check_edge(path, line, target)
            elif quoted or name.startswith("coir/"):
                self.fault(path, line, f"there is no {name}")
        if str(path) not in ATOMICS_ALLOWED:
            for match in ATOMICS.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                self.fault(path, line, f"{match.group()} outside {ATOMICS_HOME}")

    def check_edge(self, path, line, target):
        source_room, target_room = room_of(path), room_of(target)
        if target_room is None or source_room == target_room:
            return
        if source_room is None:
            self.fault(path, line, f"a public header includes {target}")
        elif RANK[target_room] > RANK[source_room]:
            self.fault(path, line, f"{source_room} includes {target}, of a higher layer")
        elif RANK[target_room] == RANK[source_room]:
            self.fault(path, line, f"{source_room} includes {target}, of a room beside it")

    def check_rooms(self):
        for path in self.files:
            room = room_of(path)
            if room is not None and room not in RANK:
                self.fault(path, 1, f"{room} is in no layer: add it to LAYERS in tools/check-layers.py")
                return False
        return True

    def check_cycles(self):
        state = {}  # 1: on the way, 2: done

        def visit(path, way):
            state[path] = 1
            for line, target in self.edges.get(path, []):
                if state.get(target) == 1:
                    circle = way[way.index(target):] + [target]
                    self.fault(path, line, "a circle: " + " -> ".join(map(str, circle)))
                elif target not in state:
                    visit(target, way + [target])
            state[path] = 2

        for path in self.files:
            if path not in state:
                visit(path, [path])

    def check(self):
        if not self.files:
            self.fault(self.root, 0, "no sources here")
        if self.check_rooms():
            for path in self.files:
                self.read(path)
            self.check_cycles()
        return self.faults


def normal(parts):
    """Takes "x/.." out of a path's parts."""
    out = []
    for part in parts:
        if part == ".." and out:
            out.pop()
        elif part != ".":
            out.append(part)
    return out


# ---- self-test ----

SOUND = {
    "include/coir/base.h": "#include <stdint.h>\n",
    "include/coir/fiber.h": "#include <coir/base.h>\n",
    "include/coir/task_fork.h": "int x = __atomic_load_n(&y, 0);\n",
    "src/base/atomic.h": "#include <stdatomic.h>\nint x = __atomic_load_n(&y, 0);\n",
    "src/base/list.h": '#include "atomic.h"\n',
    "src/arch/x86_64/switch.S": '#include "arch/offset.h"\n',
    "src/arch/offset.h": "/* __atomic_load_n and <stdatomic.h> are spoken of here */\n",
    "src/sched/park.c": '#include "sched/park.h"\n#include "stack/pool.h"\n#include <coir/fiber.h>\n',
    "src/sched/park.h": '#include "base/list.h"\n',
    "src/stack/pool.h": '#include "base/atomic.h"\n',
    "src/stack/pool.c": '#include "stack/pool.h"\n#include "../base/list.h"\n',
    "src/timer/wheel.h": "",
    "src/task/fork.h": "",
    "src/scope/scope.h": "",
    "src/runtime.c": '#include "sched/park.h"\n#include "base/list.h"\n',
    "src/debug/dump.h": '#include "sched/park.h"\n',
}
# A file, what it gets in addition, and a piece of the message.
FAULTS = [
    ("src/base/list.h", '#include "stack/pool.h"\n', "of a higher layer"),
    ("src/arch/x86_64/switch.S", '#include "stack/pool.h"\n', "of a higher layer"),
    ("src/debug/dump.h", '#include "../runtime.c"\n', "of a higher layer"),
    ("src/stack/pool.h", '#include "timer/wheel.h"\n', "of a room beside it"),
    ("src/scope/scope.h", '  #  include "task/fork.h"\n', "of a room beside it"),
    ("include/coir/base.h", '#include "../../src/base/list.h"\n', "a public header includes"),
    ("include/coir/base.h", "#include <coir/fiber.h>\n", "a circle"),
    ("src/base/atomic.h", '#include "base/list.h"\n', "a circle"),
    ("src/sched/park.h", '#include "park.h"\n', "a circle"),
    ("src/sched/park.c", '#include "sched/gone.h"\n', "there is no sched/gone.h"),
    ("src/sched/park.c", "#include <coir/gone.h>\n", "there is no coir/gone.h"),
    ("src/sched/park.c", "#include <stdatomic.h>\n", "<stdatomic.h> outside"),
    ("include/coir/fiber.h", "int n = __atomic_load_n(&x, 5);\n", "__atomic_load_n outside"),
    ("src/sched/park.c", "int n = __atomic_load_n(&x, 5);\n", "__atomic_load_n outside"),
    ("src/stack/pool.c", 'char *s = "/*"; int n = __sync_fetch_and_add(&x, 1);\n', "__sync_fetch_and_add outside"),
    ("src/attic/old.c", "\n", "attic is in no layer"),
]


def check_seeded(files):
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Tree(root).check()


def self_test():
    failed = 0
    faults = check_seeded(SOUND)
    if faults:
        failed += 1
        print("a sound tree is found faulty:", *faults, sep="\n  ")
    for name, text, message in FAULTS:
        faults = check_seeded({**SOUND, name: SOUND.get(name, "") + text})
        if len(faults) != 1 or message not in faults[0]:
            failed += 1
            print(f"{name} with {text!r}: wanted one fault, '{message}', got", *(faults or ["none"]), sep="\n  ")
    print(f"{len(FAULTS) + 1 - failed} of {len(FAULTS) + 1} self-tests passed")
    return 1 if failed else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    tree = Tree(arguments[0])
    faults = tree.check()
    for fault in faults:
        print(fault)
    edges = sum(map(len, tree.edges.values()))
    print(f"{len(tree.files)} files, {edges} includes, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
