"""Rows about anchors to files, folders, lines and overloads, and about what git does to a tree."""

from __future__ import annotations

from tests.inproc.golden.rows import Row, Step, cut, lines_of, row, swap
from tests.inproc.golden.symbols import (
    EDIT,
    FILE,
    HELD,
    LOAD,
    LOAD_JSON,
    OTHER,
    SESSION,
    UNRELATED,
    py,
    renamed,
    saved,
    swapped,
)

# --- files and folders ---------------------------------------------------------------------------

SUBJECTS = ("orders", "users", "refunds", "parcels", "invoices", "coupons", "reviews", "brands", "stores", "returns")
TEN = "tools/ten.py"


def ten(rewritten: int = 0, edited: int = 0) -> str:
    """A file of ten functions, the first ones rewritten, those after them edited a little."""
    parts = []
    for number, what in enumerate(SUBJECTS):
        body = f"    found = database.{what}.filter(open=True)\n    return [{what}_row(each) for each in found]\n"
        if number < rewritten:
            loop = f"        while (line := pipe.readline()) != b'{what}':\n            tally.update(line)\n"
            body = f"    with lock_{what}:\n{loop}    return tally.most_common({number})\n"
        elif number < rewritten + edited:
            body = body.replace("open=True", "open=False")
        parts.append(f"def list_{what}():\n{body}")
    return "\n\n".join(parts)


README = "\n".join(
    [
        "# Sessions",
        "",
        *(
            f"{n}. The {what} are kept in a table of their own and are read by the nightly job."
            for n, what in enumerate(SUBJECTS)
        ),
        "",
    ]
)
NEW_README = "\n".join(
    f"Step {n}: turn the red handle until pump {n} stops, then wait for the green lamp." for n in range(12)
)
FILES = {TEN: ten(), "tools/misc.py": UNRELATED, "README.md": README, "data/rates.txt": "eur 1.0\nusd 1.1\nchf 0.9\n"}


def whole(name: str, anchor: str, *steps: Step) -> Row:
    return row(name, FILES, anchor, *steps)


WHOLE = [
    whole("one of a file's ten functions edited", TEN, Step("current", {TEN: ten(edited=1)}, TEN)),
    whole(
        "eight of a file's ten functions rewritten, and back",
        TEN,
        Step("changed", {TEN: ten(rewritten=8)}, TEN),
        Step("current", {TEN: ten()}, TEN),
    ),
    whole(
        "a file commented and reformatted",
        TEN,
        Step("current", {TEN: "# All of them.\n" + ten().replace("(open=True)", "(\n        open=True,\n    )")}, TEN),
    ),
    whole(
        "a file renamed",
        TEN,
        Step("moved", {}, "tools/lists.py", [(TEN, "tools/lists.py")]),
        Step("current", {}, TEN, [("tools/lists.py", TEN)]),
    ),
    whole("a file's folder renamed", TEN, Step("moved", {}, "lib/ten.py", [("tools", "lib")])),
    whole("a file deleted, and back again", TEN, Step("missing", {TEN: None}), Step("current", {TEN: ten()}, TEN)),
    whole("a file deleted while others stay", "data/rates.txt", Step("missing", {"data/rates.txt": None})),
    whole(
        "a line of a text edited",
        "README.md",
        Step("current", {"README.md": swap(README, "refunds are kept", "refunds were kept")}, "README.md"),
    ),
    whole("a text replaced wholly", "README.md", Step("changed", {"README.md": NEW_README}, "README.md")),
    whole("a text renamed", "README.md", Step("moved", {}, "docs/GUIDE.md", [("README.md", "docs/GUIDE.md")])),
    whole(
        "a folder renamed, and back",
        "tools/",
        Step("moved", {}, "lib/", [("tools", "lib")]),
        Step("current", {}, "tools/", [("lib", "tools")]),
    ),
    whole("a folder moved into another", "tools/", Step("moved", {}, "src/base/tools/", [("tools", "src/base/tools")])),
    whole(
        "a folder deleted, and back again",
        "tools/",
        Step("missing", {TEN: None, "tools/misc.py": None}),
        Step("current", {TEN: ten(), "tools/misc.py": UNRELATED}, "tools/"),
    ),
    row(
        "most files of a folder deleted, and back again",
        {**FILES, "tools/notes.txt": "what the tools are for\n"},
        "tools/",
        Step("changed", {TEN: None, "tools/misc.py": None}, "tools/"),
        Step("current", {TEN: ten(), "tools/misc.py": UNRELATED}, "tools/"),
    ),
]

# --- lines ---------------------------------------------------------------------------------------

LINES = """    with path.open() as stream:
        given = json.load(stream)
    for key, value in given.items():
"""
FIRST, LAST = lines_of(SESSION, LINES)
AT_LINES = f"{FILE}:{FIRST}-{LAST}"

OF_LINES = [
    py(
        "the lines shifted",
        AT_LINES,
        Step("current", saved("# One\n# Two\n" + SESSION), LOAD, lines=(FIRST + 2, LAST + 2)),
    ),
    py(
        "the lines shifted inside their function",
        AT_LINES,
        Step(
            "current",
            swapped(
                ("    settings = dict(defaults)\n", "    # first\n    # the defaults\n    settings = dict(defaults)\n")
            ),
            LOAD,
            lines=(FIRST + 2, LAST + 2),
        ),
    ),
    py(
        "the function around the lines renamed",
        AT_LINES,
        Step("moved", renamed("load_json", "read_json"), f"{FILE}::read_json", lines=(FIRST, LAST)),
    ),
    py(
        "the function around the lines moved to another file",
        AT_LINES,
        Step(
            "moved",
            {FILE: cut(SESSION, LOAD_JSON), OTHER: HELD + LOAD_JSON},
            f"{OTHER}::load_json",
            lines=lines_of(HELD + LOAD_JSON, LINES),
        ),
    ),
    py(
        "the lines edited, and back",
        AT_LINES,
        Step("changed", swapped(("json.load(stream)", "json.loads(stream.read())")), LOAD),
        Step("current", saved(SESSION), LOAD, lines=(FIRST, LAST)),
    ),
    py(
        "other lines of their function edited",
        AT_LINES,
        Step("current", swapped(EDIT, ("return settings\n    with", "return {}\n    with")), LOAD, lines=(FIRST, LAST)),
    ),
    py("the function around the lines deleted", AT_LINES, Step("missing", saved(cut(SESSION, LOAD_JSON)))),
    py(
        "the file of the lines renamed",
        AT_LINES,
        Step("moved", {}, "web/client.py::load_json", [(FILE, "web/client.py")], lines=(FIRST, LAST)),
    ),
]

# --- overloads -----------------------------------------------------------------------------------

COPY_UTILS = "src/CopyUtils.java"
BYTES = """
    public static void copy(byte[] input, OutputStream output) throws IOException {
        int written = 0;
        while (written < input.length) {
            int size = Math.min(CHUNK, input.length - written);
            output.write(input, written, size);
            written += size;
        }
        output.flush();
    }
"""
READER = """
    public static int copy(Reader input, Writer output) throws IOException {
        char[] buffer = new char[CHUNK];
        int count = 0;
        for (int n = input.read(buffer); n >= 0; n = input.read(buffer)) {
            output.write(buffer, 0, n);
            count += n;
        }
        return count;
    }
"""


def copy_utils(*members: str) -> dict[str, str]:
    head = "package io;\n\npublic class CopyUtils {\n    private static final int CHUNK = 4096;\n"
    return {COPY_UTILS: head + "".join(members) + "}\n"}


BARE, OF_BYTES = f"{COPY_UTILS}::CopyUtils.copy", f"{COPY_UTILS}::CopyUtils.copy(byte[],OutputStream)"
BYTES_EDITED = swap(BYTES, "output.flush();", "output.close();")
READER_EDITED = swap(READER, "count += n;", "count = Math.addExact(count, n);")

OVERLOADS = [
    row(
        "the other overload edited",
        copy_utils(BYTES, READER),
        OF_BYTES,
        Step("current", copy_utils(BYTES, READER_EDITED), OF_BYTES),
    ),
    row(
        "this overload edited, and back",
        copy_utils(BYTES, READER),
        OF_BYTES,
        Step("changed", copy_utils(BYTES_EDITED, READER), OF_BYTES, says="body"),
        Step("current", copy_utils(BYTES, READER), OF_BYTES),
    ),
    row(
        "overloads put in another order",
        copy_utils(BYTES, READER),
        OF_BYTES,
        Step("current", copy_utils(READER, BYTES), OF_BYTES),
    ),
    row(
        "an overload added beside a bare name, and taken away",
        copy_utils(BYTES),
        BARE,
        Step("current", copy_utils(BYTES, READER)),
        Step("current", copy_utils(READER, BYTES)),
        Step("changed", copy_utils(BYTES_EDITED, READER), says="body"),
        Step("current", copy_utils(BYTES), BARE),
    ),
    row(
        "the other overload removed, so that the bare name stands alone, and back",
        copy_utils(BYTES, READER),
        OF_BYTES,
        Step("current", copy_utils(BYTES)),
        Step("changed", copy_utils(BYTES_EDITED), says="body"),
        Step("current", copy_utils(BYTES, READER), OF_BYTES),
    ),
    row(
        "this overload deleted while the other stays",
        copy_utils(BYTES, READER),
        OF_BYTES,
        Step("missing", copy_utils(READER)),
    ),
    row(
        "this overload renamed while the other stays",
        copy_utils(BYTES, READER),
        OF_BYTES,
        Step("moved", copy_utils(BYTES.replace("copy", "writeAll"), READER), f"{COPY_UTILS}::CopyUtils.writeAll"),
    ),
]

# --- git -----------------------------------------------------------------------------------------

TO_SIDE, BACK = ["checkout -q side"], ["checkout -q -"]
SIDE = ["checkout -q -b side"]

GIT = [
    py(
        "a branch that edits it left and entered again",
        LOAD,
        Step("current", {}, LOAD, git=SIDE),
        Step("changed", swapped(EDIT), LOAD),
        Step("current", {}, LOAD, git=["commit -qam edited", *BACK]),
        Step("changed", {}, LOAD, git=TO_SIDE),
        Step("current", {}, LOAD, git=BACK),
        in_git=True,
    ),
    py(
        "a branch that renames it left and entered again",
        LOAD,
        Step("moved", renamed("load_json", "read_json"), f"{FILE}::read_json", git=SIDE),
        Step("current", {}, LOAD, git=["commit -qam renamed", *BACK]),
        Step("moved", {}, f"{FILE}::read_json", git=TO_SIDE),
        Step("current", {}, LOAD, git=BACK),
        in_git=True,
    ),
    py(
        "a branch that deletes its file left again",
        LOAD,
        Step("missing", {}, git=[*SIDE, "rm -q web/session.py", "commit -qm deleted"]),
        Step("current", {}, LOAD, git=BACK),
        in_git=True,
    ),
    py(
        "an edit stashed and popped",
        LOAD,
        Step("changed", swapped(EDIT), LOAD),
        Step("current", {}, LOAD, git=["stash -q"]),
        Step("changed", {}, LOAD, git=["stash pop -q"]),
        Step("current", {}, LOAD, git=["checkout -q ."]),
        in_git=True,
    ),
    py(
        "a move stashed and popped",
        LOAD,
        Step("moved", {FILE: cut(SESSION, LOAD_JSON), OTHER: HELD + LOAD_JSON}, f"{OTHER}::load_json"),
        Step("current", {}, LOAD, git=["stash -q"]),
        Step("moved", {}, f"{OTHER}::load_json", git=["stash pop -q"]),
        in_git=True,
    ),
]

PLACES = [*WHOLE, *OF_LINES, *OVERLOADS, *GIT]
