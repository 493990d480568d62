"""Rows about Python symbols, where the cases are told apart most finely; a few about how other languages differ."""

from __future__ import annotations

from tests.inproc.golden.rows import Row, Step, cut, lines_of, row, swap

FILE = "web/session.py"
OTHER = "web/other.py"

REBUILD = '''
    def rebuild_auth(self, request, response):
        """Take the credentials along, or not."""
        headers = request.headers
        url = request.url
        if "authorization" in headers and self.should_strip(response.url, url):
            del headers["authorization"]
        found = self.netrc(url) if self.trust_env else None
        if found is not None:
            user, password = found
            request.sign(user, password)
        return request
'''
MERGE = """
    @cached
    def merge_cookies(self, jar: Jar, extra: dict) -> Jar:
        merged = jar.copy()
        for name, value in extra.items():
            if value is None:
                merged.discard(name)
            else:
                merged.set(name, value, domain=self.domain)
        merged.expire(before=self.clock())
        return merged
"""
GETTER = """
    def label(self):
        return self._label
"""
STUB = """
    def adapter(self):
        raise NotImplementedError
"""
LOAD_JSON = '''

def load_json(path, defaults):
    """Settings of a JSON file over the defaults."""
    settings = dict(defaults)
    if not path.exists():
        log.info("no settings at %s", path)
        return settings
    with path.open() as stream:
        given = json.load(stream)
    for key, value in given.items():
        settings[key.lower()] = value
    return settings
'''
LOAD_INI = '''

def load_ini(path, defaults):
    """Settings of an INI file over the defaults."""
    settings = dict(defaults)
    if not path.exists():
        return settings
    parser = ConfigParser(interpolation=None)
    parser.read(path)
    for section in parser.sections():
        settings[section] = dict(parser.items(section))
    return settings
'''
UNRELATED = """

def percentile(samples, share):
    ordered = sorted(samples)
    rank = share * (len(ordered) - 1)
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (rank - below)
"""
HEAD = '''"""Sessions."""

import json
import logging
from configparser import ConfigParser

log = logging.getLogger(__name__)
TIMEOUT = 30


class Session(Transport):
    """Keeps what requests share."""

    retries = 3
'''
SESSION = HEAD + GETTER + STUB + REBUILD + MERGE + LOAD_JSON
HELD = '''"""Others."""


class Holder:
    """Holds."""

    def held(self):
        return len(self.things)
'''
TREE = {FILE: SESSION, OTHER: HELD, "README.md": "# Web\n\nSessions and what they share.\n"}
LABEL, REBUILD_AUTH, MERGE_COOKIES = (f"{FILE}::Session.{name}" for name in ("label", "rebuild_auth", "merge_cookies"))
LOAD = f"{FILE}::load_json"
CLASS = f"{FILE}::Session"


def saved(text: str) -> dict[str, str]:
    return {FILE: text}


def swapped(*edits: tuple[str, str]) -> dict[str, str]:
    text = SESSION
    for old, new in edits:
        text = swap(text, old, new)
    return saved(text)


def renamed(old: str, new: str) -> dict[str, str]:
    assert old in SESSION
    return saved(SESSION.replace(old, new))


def py(name: str, anchor: str, *steps: Step, in_git: bool = False) -> Row:
    return row(name, TREE, anchor, *steps, in_git=in_git)


EDIT = ("settings[key.lower()] = value", "settings[key.strip().lower()] = value")

SPACED = swapped(("import json\n", "import json\n\n\n"), ("    with path", "\n    with path"))
TYPESCRIPT = "export function pick(from: string[], at: number): string {\n  return from[at] ?? from[0];\n}\n"
GO = "package a\n\nfunc Pick(from []string, at int) string {\n\treturn from[at%len(from)]\n}\n"
RUST = "pub fn pick(from: &[String], at: usize) -> String {\n    from[at % from.len()].clone()\n}\n"
JAVA = """class A extends Base implements Closeable {
    int size() { return this.size; }
    void run() { this.head = start(this.queue); }
    @Override public void close() { stop(this.head); this.head = null; }
}
"""
IMPORTS = HEAD.partition("class ")[0]
CLASS_TEXT = "class " + cut(SESSION, LOAD_JSON).partition("class ")[2]
CLASS_MOVED = {FILE: IMPORTS + LOAD_JSON, OTHER: HELD + "\n\n" + CLASS_TEXT}
READ_JSON = LOAD_JSON.replace("load_json", "read_json")

FORMATTING = [
    py(
        "comments written",
        LOAD,
        Step("current", swapped(("        given = json", "        # all of it\n        given = json")), LOAD),
    ),
    py("a docstring rewritten", LOAD, Step("current", swapped(("a JSON file over the", "JSON, else the")), LOAD)),
    py(
        "a docstring added",
        MERGE_COOKIES,
        Step(
            "current", swapped(("        merged = jar", '        """One jar."""\n        merged = jar')), MERGE_COOKIES
        ),
    ),
    py(
        "blank lines put in above and inside",
        LOAD,
        Step(
            "current", SPACED, LOAD, lines=lines_of(SPACED[FILE], LOAD_JSON.strip().replace("    with", "\n    with"))
        ),
    ),
    py(
        "imports put in another order",
        LOAD,
        Step("current", swapped(("import json\nimport logging", "import logging\nimport json")), LOAD),
    ),
    py("a member's body edited, seen from its class", CLASS, Step("current", swapped(("    url = r", "    uri = r")))),
    py("the class's docstring rewritten", CLASS, Step("current", swapped(("Keeps what requests", "What they")), CLASS)),
    py(
        "members put in another order, seen from their class",
        CLASS,
        Step("current", saved(HEAD + MERGE + STUB + REBUILD + GETTER + LOAD_JSON), CLASS),
    ),
    py(
        "a function moved up in its file",
        LOAD,
        Step("current", saved(swap(cut(SESSION, LOAD_JSON), "\n\nclass", LOAD_JSON + "\n\nclass")), LOAD),
    ),
    py("files edited, seen from their folder", "web/", Step("current", {FILE: "", OTHER: HELD + "\nX = 1\n"}, "web/")),
]

MOVING = [
    py(
        "a file renamed, seen from its one-line getter",
        LABEL,
        Step("moved", {}, "web/client.py::Session.label", [(FILE, "web/client.py")]),
    ),
    py(
        "a file moved to another folder, seen from its one-line getter",
        LABEL,
        Step("moved", {}, "net/http/session.py::Session.label", [(FILE, "net/http/session.py")]),
    ),
    py(
        "a folder renamed, seen from a one-line getter",
        LABEL,
        Step("moved", {}, "net/session.py::Session.label", [("web", "net")]),
    ),
    py(
        "a folder moved into another, seen from a stub",
        f"{FILE}::Session.adapter",
        Step("moved", {}, "lib/net/session.py::Session.adapter", [("web", "lib/net")]),
    ),
    py(
        "a file renamed by git mv and committed",
        LABEL,
        Step(
            "moved", {}, "web/client.py::Session.label", git=["mv web/session.py web/client.py", "commit -qam renamed"]
        ),
        in_git=True,
    ),
    py(
        "a file renamed and a line of the function edited",
        LOAD,
        Step("moved+changed", {"web/client.py": swap(SESSION, *EDIT), FILE: None}, "web/client.py::load_json"),
    ),
    py(
        "a method renamed, and a call of it elsewhere",
        MERGE_COOKIES,
        Step(
            "moved",
            {FILE: SESSION.replace("merge_cookies", "combine"), OTHER: HELD + "\nSession().combine({})\n"},
            f"{FILE}::Session.combine",
        ),
    ),
    py("a class renamed", CLASS, Step("moved", renamed("class Session", "class Client"), f"{FILE}::Client")),
    py(
        "a class renamed, seen from its method",
        REBUILD_AUTH,
        Step("moved", renamed("class Session", "class Client"), f"{FILE}::Client.rebuild_auth"),
    ),
    py(
        "a class moved to another file, seen from its method",
        REBUILD_AUTH,
        Step(
            "moved",
            CLASS_MOVED,
            f"{OTHER}::Session.rebuild_auth",
        ),
    ),
    py(
        "a class moved to another file",
        CLASS,
        Step(
            "moved",
            CLASS_MOVED,
            f"{OTHER}::Session",
        ),
    ),
    py(
        "a method moved to a class of another file",
        REBUILD_AUTH,
        Step("moved", {FILE: cut(SESSION, REBUILD), OTHER: HELD + REBUILD}, f"{OTHER}::Holder.rebuild_auth"),
    ),
    py(
        "a method moved to another class of its file",
        MERGE_COOKIES,
        Step("moved", saved(cut(SESSION, MERGE) + "\n\nclass Jars:\n" + MERGE), f"{FILE}::Jars.merge_cookies"),
    ),
    py(
        "renamed, and renamed back",
        LOAD,
        Step("moved", renamed("load_json", "read_json"), f"{FILE}::read_json"),
        Step("current", saved(SESSION), LOAD),
    ),
    py(
        "renamed, then moved, then edited a little",
        LOAD,
        Step("moved", renamed("load_json", "read_json"), f"{FILE}::read_json"),
        Step(
            "moved",
            {FILE: cut(SESSION, LOAD_JSON), OTHER: HELD + READ_JSON},
            f"{OTHER}::read_json",
        ),
        Step(
            "moved+changed",
            {OTHER: HELD + swap(READ_JSON, *EDIT)},
            f"{OTHER}::read_json",
        ),
        Step("current", {FILE: SESSION, OTHER: HELD}, LOAD),
    ),
    py(
        "edited a little, then renamed",
        LOAD,
        Step("changed", swapped(EDIT), LOAD, says="body"),
        Step("moved+changed", saved(swap(SESSION, *EDIT).replace("load_json", "read_json")), f"{FILE}::read_json"),
    ),
    py(
        "rewritten, then renamed as it was",
        LOAD,
        Step(
            "changed", saved(cut(SESSION, LOAD_JSON) + UNRELATED.replace("percentile", "load_json")), LOAD, says="body"
        ),
        Step(
            "moved+changed",
            saved(cut(SESSION, LOAD_JSON) + UNRELATED.replace("percentile", "read_json")),
            f"{FILE}::read_json",
        ),
    ),
]

CHANGING = [
    py(
        "two lines of the body edited",
        LOAD,
        Step("changed", swapped(EDIT, ("settings = dict(defaults)", "settings = {}")), LOAD, says="body"),
    ),
    py(
        "a parameter added",
        LOAD,
        Step("changed", swapped(("(path, defaults)", "(path, defaults, strict)")), LOAD, says="parameter"),
    ),
    py(
        "a parameter renamed",
        MERGE_COOKIES,
        Step(
            "changed",
            swapped(("extra: dict)", "more: dict)"), ("in extra", "in more")),
            MERGE_COOKIES,
            says="parameter",
        ),
    ),
    py(
        "a parameter's default changed",
        LOAD,
        Step("changed", swapped(("(path, defaults)", "(path, defaults=())")), LOAD, says="parameter"),
    ),
    py(
        "a parameter's type changed",
        MERGE_COOKIES,
        Step("changed", swapped(("extra: dict", "extra: Mapping")), MERGE_COOKIES, says="parameter"),
    ),
    py(
        "the return annotation changed",
        MERGE_COOKIES,
        Step("changed", swapped((") -> Jar:", ") -> CookieJar:")), MERGE_COOKIES, says="return"),
    ),
    py(
        "a decorator taken away",
        MERGE_COOKIES,
        Step("changed", swapped(("    @cached\n", "")), MERGE_COOKIES, says="decorator"),
    ),
    py(
        "a decorator added",
        REBUILD_AUTH,
        Step("changed", swapped(("    def rebuild", "    @traced\n    def rebuild")), REBUILD_AUTH, says="decorator"),
    ),
    py("the base class changed", CLASS, Step("changed", swapped(("(Transport)", "(Channel)")), CLASS, says="base")),
    py(
        "a member added, seen from its class",
        CLASS,
        Step(
            "changed",
            swapped((STUB, STUB + "\n    def close(self):\n        self.pool.clear()\n")),
            CLASS,
            says="member",
        ),
    ),
    py(
        "a member renamed, seen from its class",
        CLASS,
        Step("changed", renamed("merge_cookies", "combine"), CLASS, says="member"),
    ),
    py(
        "a constant's value changed", f"{FILE}::TIMEOUT", Step("changed", swapped(("= 30", "= 60")), f"{FILE}::TIMEOUT")
    ),
    py(
        "a one-line getter's body changed",
        LABEL,
        Step("changed", swapped(("self._label", "self._label.title()")), LABEL, says="body"),
    ),
    row(
        "a TypeScript parameter's type changed",
        {"a.ts": TYPESCRIPT},
        "a.ts::pick",
        Step("changed", {"a.ts": swap(TYPESCRIPT, "at: number", "at: bigint")}, says="parameter"),
    ),
    row(
        "a Go function's result changed",
        {"a.go": GO},
        "a.go::Pick",
        Step("changed", {"a.go": swap(GO, "int) string", "int) any")}, says="return"),
    ),
    row(
        "a Rust function's result changed",
        {"a.rs": RUST},
        "a.rs::pick",
        Step("changed", {"a.rs": swap(RUST, "-> String", "-> Option<String>")}, says="return"),
    ),
    row(
        "a Java method's annotation taken away",
        {"A.java": JAVA},
        "A.java::A.close",
        Step("changed", {"A.java": swap(JAVA, "@Override ", "")}),
    ),
    row(
        "a Java class's parent changed",
        {"A.java": JAVA},
        "A.java::A",
        Step("changed", {"A.java": swap(JAVA, "extends Base", "extends Root")}, says="base"),
    ),
]

COPIES = [
    py("a copy made in another file", LOAD, Step("current", {OTHER: HELD + LOAD_JSON}, LOAD)),
    py(
        "a copy made beside it under another name",
        LOAD,
        Step("current", saved(SESSION + READ_JSON), LOAD),
    ),
    py(
        "a copy made, and the original edited",
        LOAD,
        Step("current", {OTHER: HELD + LOAD_JSON}, LOAD),
        Step("changed", swapped(EDIT), LOAD, says="body"),
    ),
    py(
        "copied under another name, then the original deleted",
        LOAD,
        Step("current", saved(SESSION + READ_JSON), LOAD),
        Step("moved", saved(cut(SESSION, LOAD_JSON) + READ_JSON), f"{FILE}::read_json"),
        Step("current", saved(SESSION), LOAD),
    ),
    py(
        "split into two equal copies at once",
        LOAD,
        Step(
            "ambiguous",
            {FILE: cut(SESSION, LOAD_JSON), OTHER: HELD + LOAD_JSON, "web/third.py": LOAD_JSON},
            candidates=frozenset({f"{OTHER}::load_json", "web/third.py::load_json"}),
        ),
        Step("moved", {"web/third.py": None}, f"{OTHER}::load_json"),
    ),
    py(
        "copied twice, then the original deleted",
        LOAD,
        Step("current", {OTHER: HELD + LOAD_JSON, "web/third.py": LOAD_JSON}, LOAD),
        Step(
            "ambiguous",
            saved(cut(SESSION, LOAD_JSON)),
            candidates=frozenset({f"{OTHER}::load_json", "web/third.py::load_json"}),
        ),
        Step("current", saved(SESSION), LOAD),
    ),
    py(
        "a one-line getter renamed alone",
        LABEL,
        Step("ambiguous", swapped(("def label(", "def caption(")), candidates=frozenset({f"{FILE}::Session.caption"})),
    ),
    py(
        "a stub renamed alone",
        f"{FILE}::Session.adapter",
        Step("ambiguous", swapped(("def adapter(", "def bridge(")), candidates=frozenset({f"{FILE}::Session.bridge"})),
    ),
    row(
        "a Java getter renamed alone",
        {"A.java": JAVA},
        "A.java::A.size",
        Step("ambiguous", {"A.java": swap(JAVA, "size()", "count()")}, candidates=frozenset({"A.java::A.count"})),
    ),
]

DELETING = [
    py(
        "its file deleted, and back again",
        LOAD,
        Step("missing", {FILE: None}),
        Step("current", saved(SESSION), LOAD),
    ),
    py(
        "its folder gone, and back again",
        LOAD,
        Step("missing", {FILE: None, OTHER: None}),
        Step("current", {FILE: SESSION, OTHER: HELD}, LOAD),
    ),
    py(
        "deleted, then written again in another file",
        LOAD,
        Step("missing", saved(cut(SESSION, LOAD_JSON))),
        Step("moved", {OTHER: HELD + LOAD_JSON}, f"{OTHER}::load_json"),
    ),
    row(
        "deleted beside a function that is merely similar",
        {FILE: SESSION + LOAD_INI, OTHER: HELD},
        LOAD,
        Step("missing", saved(cut(SESSION, LOAD_JSON) + LOAD_INI)),
        Step("current", saved(SESSION + LOAD_INI), LOAD),
    ),
    row(
        "deleted while another file has one of its name",
        {FILE: SESSION, OTHER: UNRELATED.replace("percentile", "load_json")},
        LOAD,
        Step("missing", saved(cut(SESSION, LOAD_JSON))),
    ),
    py(
        "deleted, and something unrelated written in its place",
        LOAD,
        Step("missing", saved(cut(SESSION, LOAD_JSON) + UNRELATED)),
    ),
    py("a one-line getter deleted with nothing like it about", LABEL, Step("missing", saved(cut(SESSION, GETTER)))),
]

SYMBOLS = [*FORMATTING, *MOVING, *CHANGING, *COPIES, *DELETING]
