"""What is tried: the labelled commits, commits that leave a symbol's code alone, whole histories in a row."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

from tests.bench.history.labels import History, Kind, Label, Place
from tests.bench.history.scoring import Outcome, Replay, Said
from tests.bench.history.source import python_functions, same_code
from tests.bench.history.trial import Tree

QUIET_PER_HISTORY = 3
MAX_TRIES = 12
"""How many commits are tried in search of quiet ones where only the daemon can read the language."""
MAX_STEPS = 400


def labelled(tree: Tree, labels: list[Label]) -> Iterator[Outcome]:
    """Each labelled commit by itself."""
    by_commit: defaultdict[str, list[Label]] = defaultdict(list)
    for label in labels:
        by_commit[label.commit].append(label)
    for commit in tree.repository.in_order(list(by_commit)):
        for label in by_commit[commit]:
            yield from tree.try_labels([label])


def quiet(tree: Tree, history: History) -> Iterator[Outcome]:
    """Commits that touch the file and leave the symbol as it is, to the letter; the latest of them."""
    found = 0
    for label in itertools.islice(_quiet_candidates(tree, history), MAX_TRIES):
        for outcome in tree.try_labels([label]):
            if outcome.same_text:
                found += 1
                yield outcome
        if found == QUIET_PER_HISTORY:
            return


def _quiet_candidates(tree: Tree, history: History) -> Iterator[Label]:
    known = {event.commit for event in history.events}
    for commit, place in _touching(tree, history):
        if commit in known:
            continue
        before, after = _functions(tree, f"{commit}^1", place.path), _functions(tree, commit, place.path)
        if history.language == "python" and before and after:
            text = before.get(place.symbol)
            if text is None or text != after.get(place.symbol):
                continue
        known.add(commit)
        yield _label("quiet", history, commit, place)


def formatting(tree: Tree, histories: list[History]) -> Iterator[Outcome]:
    """Commits that change the text of a function and not its code. Python only: `ast` is the judge."""
    found: dict[str, dict[Place, Label]] = {}
    for history in histories:
        if history.language != "python":
            continue
        for commit, place in _touching(tree, history):
            before, after = _functions(tree, f"{commit}^1", place.path), _functions(tree, commit, place.path)
            for name, text in (before or {}).items():
                then = (after or {}).get(name)
                if then is not None and then != text and same_code("python", text, name, then, name):
                    here = Place(place.path, name)
                    found.setdefault(commit, {})[here] = _label("format", history, commit, here)
    for commit in tree.repository.in_order(list(found)):
        yield from tree.try_labels(list(found[commit].values()))


def replay(tree: Tree, history: History, *, every: bool) -> Replay:
    """Anchor before the oldest labelled commit, go through all to the newest, and see where the anchor stands.

    Args:
        tree: of the history's repository.
        history: what to go through.
        every: go through all commits that touch the files, not only the labelled ones.
    """
    repository = tree.repository
    commits = repository.in_order([event.commit for event in history.events])
    events = sorted(history.events, key=lambda event: commits.index(event.commit))
    steps = commits
    if every:
        between = repository.commits(
            "--reverse", events[-1].commit, f"^{commits[0]}", paths=[place.path for place in history.places]
        )
        steps = repository.in_order(commits + _thinned(between, MAX_STEPS - len(commits)))
    memory, started, said = "", None, Said(None)
    for event in events:
        for commit, place in ((repository.parent(event.commit), event.before), (event.commit, event.after)):
            if memory or commit is None:
                continue
            tree.stand_at(commit)
            memory, said = tree.anchor(place, f"{history.id} replayed")
            started = place if memory else None
            first = event.commit
    if memory:
        for commit in steps[steps.index(first) :]:
            tree.stand_at(commit)
        said = tree.said(memory)
        tree.let_go(memory)
    return Replay(history.repository, history.language, history.id, len(steps), every, started, events[-1].after, said)


def _touching(tree: Tree, history: History) -> Iterator[tuple[str, Place]]:
    """Commits that touch a file of the history, newest first, with each place of the symbol that was in it."""
    repository = tree.repository
    for commit in repository.commits(history.start_commit, paths=[place.path for place in history.places]):
        for place in history.places:
            before, after = repository.content(f"{commit}^1", place.path), repository.content(commit, place.path)
            if before is not None and after is not None and before != after:
                yield commit, place


def _functions(tree: Tree, commit: str, path: str) -> dict[str, str] | None:
    content = tree.repository.content(commit, path)
    return None if content is None else python_functions(content)


def _label(kind: Kind, history: History, commit: str, place: Place) -> Label:
    return Label(kind, history.repository, history.language, commit, (kind,), place, place)


def _thinned(commits: list[str], limit: int) -> list[str]:
    """At most so many, evenly spread."""
    if len(commits) <= limit:
        return commits
    return [commits[position * len(commits) // limit] for position in range(limit)]
