"""Whatever happens to code, in whatever order, each verdict is the one that the table asks for."""

from __future__ import annotations

import difflib
import itertools
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, seed, settings
from hypothesis import strategies as st

from recall import Client
from recall.protocol.values import Anchor
from tests.inproc.conftest import House
from tests.inproc.generated.code import BODIES, GO, JAVA, JAVASCRIPT, PYTHON, RUST, SYNTAXES, Syntax, render
from tests.inproc.generated.projects import OPERATIONS, Expected, Project

KINDS = [
    (PYTHON, False), (PYTHON, True), (JAVASCRIPT, False), (JAVASCRIPT, True), (JAVA, True), (GO, False),
    (RUST, False), (RUST, True),
]  # fmt: skip
Operation = tuple[str, int, int]
sequences = st.lists(
    st.tuples(st.sampled_from(sorted(OPERATIONS)), st.integers(0, 11), st.integers(0, 11)), min_size=5, max_size=12
)
split = [("copy", 0, 0), ("copy", 0, 0), ("reformat", 0, 0), ("delete", 0, 0), ("edit", 3, 0), ("revert", 0, 0)]
back = [("rewrite", 0, 0), ("rename", 0, 0), ("delete", 0, 0), ("rename_file", 0, 1), ("bring_back", 0, 0)]
always = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
bounded = settings(always, max_examples=2, phases=(Phase.explicit, Phase.generate))
thorough = settings(always, max_examples=200, phases=(Phase.generate, Phase.shrink))

languages = pytest.mark.parametrize(
    ("number", "syntax", "methods"),
    [(number, *kind) for number, kind in enumerate(KINDS)],
    ids=[f"{syntax.language} {'methods' if m else 'functions'}" for syntax, m in KINDS],
)


@languages
def test_any_sequence_of_changes_gives_the_verdicts_of_the_table(
    house: House, tmp_path: Path, number: int, syntax: Syntax, methods: bool
) -> None:
    @seed(number)
    @bounded
    @example(split)
    @example(back)
    @given(sequences)
    def run(sequence: list[Operation]) -> None:
        play(tmp_path, syntax, methods, sequence)

    run()


@pytest.mark.long
@pytest.mark.timeout(1800)
@languages
def test_many_sequences_of_changes_give_the_verdicts_of_the_table(
    house: House, tmp_path: Path, number: int, syntax: Syntax, methods: bool
) -> None:
    @seed(number)
    @thorough
    @given(sequences)
    def run(sequence: list[Operation]) -> None:
        play(tmp_path, syntax, methods, sequence)

    run()


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.language)
def test_the_generated_functions_are_unlike_each_other(syntax: Syntax) -> None:
    owner = "" if syntax.function else "Type"
    texts = [re.findall(r"\w+|\S", render(syntax, owner, [("name", body)], 0)) for body in BODIES]
    for one, other in itertools.combinations(texts, 2):
        assert difflib.SequenceMatcher(a=one, b=other, autojunk=False).ratio() < 0.7, (one, other)
        assert len({*one} & {*other}) / min(len({*one}), len({*other})) < 0.7


def play(folder: Path, syntax: Syntax, methods: bool, sequence: list[Operation]) -> None:
    """Let a sequence of operations happen to a project of its own, and check every verdict after each."""
    project = Project(syntax, methods=methods)
    root = folder / f"project {len(list(folder.iterdir()))}"
    (root / "shop").mkdir(parents=True)
    written: dict[str, str] = {}
    save(root, project, written)
    with Client(root) as client:
        client.sync()
        anchors = project.anchors()
        ids = dict(
            zip(
                anchors,
                client.store_many([{"title": key, "symbols": [place]} for key, place in anchors.items()]),
                strict=True,
            )
        )
        told = [f"{place} is stored" for place in anchors.values()]
        for operation in sequence:
            done = project.do(*operation)
            if not done:
                continue
            told.append(done)
            save(root, project, written)
            client.sync()
            verify(client, ids, project, told)
        # The same tree, looked at afresh.
        client.close_tree()
        client.sync()
        verify(client, ids, project, [*told, "the tree was closed and opened again"])
        client.close_tree()


def save(root: Path, project: Project, written: dict[str, str]) -> None:
    """Write what is not written yet; a file that was renamed is renamed first."""
    if project.renamed:
        old, new = project.renamed
        (root / old).rename(root / new)
        written[new] = written.pop(old)
    texts = project.texts()
    for path in written.keys() - texts.keys():
        (root / path).unlink()
        del written[path]
    for path, text in texts.items():
        if written.get(path) != text:
            (root / path).write_text(text)
            written[path] = text


def verify(client: Client, ids: dict[str, str], project: Project, told: list[str]) -> None:
    stored = project.anchors()
    for key, expected in project.expected().items():
        now = client.get(ids[key]).anchors[0]
        wrong = differences(now, expected, stored[key])
        if wrong:
            steps = "\n".join(f"  {number}. {step}" for number, step in enumerate(told, 1))
            files = "\n".join(f"=== {path}\n{text}" for path, text in project.texts().items())
            raise AssertionError(
                f"of {stored[key]}: {', '.join(wrong)}\nwanted {expected}\n   got {now}\nafter\n{steps}\n\n{files}"
            )


def differences(now: Anchor, expected: Expected, stored: str) -> list[str]:
    """What is not as the table has it."""
    place = f"{now.path}::{now.symbol}"
    moved = expected.verdict in ("moved", "moved+changed")
    checks = {
        "another verdict": now.verdict == expected.verdict,
        "another place": not expected.place or place == expected.place,
        "other candidates": set(now.candidates) == expected.candidates,
        "no trail from there to here": not moved or (now.trail[:1], now.trail[-1:]) == ([stored], [place]),
        "likeness where there is none to tell, or none": (now.likeness is not None)
        == (expected.verdict == "moved+changed"),
        "no reason": bool(now.reason) or expected.verdict == "current",
    }
    return [what for what, right in checks.items() if not right]
