"""A store from before the normalisation changed: its memories are as true after the upgrade as they were before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from recall import Client
from recalld.memory.renewal import BATCH
from recalld.outline import FINGERPRINT_VERSION
from tests.e2e.running import commit, git
from tests.inproc.conftest import House

SETTINGS: dict[str, Any] = {}
"""A daemon of its own, whose databases are made older."""
TREE = {
    "web/session.py": """class Session:
    @cached(size=10)
    def load(self, key: str) -> str:
        '''Load one,

        or none.'''
        found = self.store.get(key, 'nothing')
        self.log.info('loaded %s as %s', key, found)
        return found.strip() or self.fallback(key)

    def make(self):
        class Made:
            size = 1
            name = 'made'

        return Made


def connect(url):
    return Session(url)
""",
    "src/CopyUtils.java": """package org.example;

public class CopyUtils {
    public static void copy(byte[] input, OutputStream output) throws IOException {
        output.write(input);
        output.flush();
    }

    public static void copy(Reader input, Writer output) throws IOException {
        output.write(input.readAll());
    }
}
""",
    "cmd/store.go": """package store

type Store struct {
\titems map[string]string
}

func (s *Store) Get(key string) (string, error) {
\tif found, ok := s.items[key]; ok {
\t\treturn found, nil
\t}
\treturn "", ErrNotFound
}
""",
    "ui/cart.ts": """export class Cart {
  total(items: Item[], tax = 0.1): number {
    log('total of', items);
    return items.reduce((sum, item) => sum + item.price, 0) * (1 + tax);
  }
}
""",
    "README.md": "# Cart\n\n## Use\n\nPut things in.\n",
    "notes.txt": "One.\nTwo.\n",
}
SYMBOLS = [
    "web/session.py::Session",
    "web/session.py::Session.load",
    "web/session.py::Session.make.Made",
    "src/CopyUtils.java::CopyUtils.copy(byte[],OutputStream)",
    "src/CopyUtils.java::CopyUtils.copy(Reader,Writer)",
    "cmd/store.go::Store.Get",
    "ui/cart.ts::Cart.total",
    "README.md::Cart.Use",
]
PLACES = ["web/session.py", "web/session.py:7-8", "notes.txt", "web/"]
Forms = dict[int, dict[str, Any]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for path, text in TREE.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "init", "-q")
    commit(root, f"of {tmp_path}")
    return root


@pytest.fixture
def stored(client: Client) -> list[str]:
    """A memory for each place."""
    given = [{"title": f"of {symbol}", "symbols": [symbol]} for symbol in SYMBOLS]
    given += [{"title": f"of {place}", "source_files": [place]} for place in PLACES]
    # More than are read at once.
    given += [{"title": f"{n} of connect", "symbols": ["web/session.py::connect"]} for n in range(BATCH)]
    return client.store_many(given)


def forms(house: House, ids: list[str]) -> Forms:
    with closing(sqlite3.connect(house.paths.data / "memory.db")) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute(
            "SELECT anchor_forms.* FROM anchor_forms JOIN anchors ON anchors.id = anchor_id"
            f" WHERE memory_id IN ({','.join('?' * len(ids))})",
            ids,
        )
        return {row["id"]: dict(row) for row in rows}


def age(house: House, ids: list[str]) -> None:
    """Leave the store as an older release would have: with fingerprints and a code.db that are of its version."""
    with closing(sqlite3.connect(house.paths.data / "memory.db")) as connection, connection:
        connection.execute("UPDATE anchor_forms SET fingerprint_version = 1")
        for form_id, form in forms(house, ids).items():
            old: dict[str, Any] = {
                "beside": "\n".join(f"{line.rpartition(' ')[0]} old" for line in form["beside"].splitlines())
            }
            if form["symbol"]:
                old |= {"fingerprint": f"old {form_id}", "header": "old", "size": 1, "marks": "[]"}
            elif form["beside"]:
                old |= {"fingerprint": f"old {form_id}"}
            names = ", ".join(f"{name} = ?" for name in old)
            connection.execute(f"UPDATE anchor_forms SET {names} WHERE id = ?", (*old.values(), form_id))
    with closing(sqlite3.connect(house.paths.data / "code.db")) as connection, connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute(f"PRAGMA user_version = {version - 1}")


def verdicts(client: Client, ids: list[str]) -> dict[str, str | None]:
    client.sync()
    return {memory.title: memory.anchors[0].verdict for memory in map(client.get, ids)}


def test_memories_are_current_after_the_normalisation_has_changed(
    house: House, client: Client, project: Path, stored: list[str]
) -> None:
    before = forms(house, stored)
    assert len(before) == len(stored)
    house.stop()
    age(house, stored)
    # So that the file is judged by what it declares, not by its bytes.
    file = project / "web/session.py"
    file.write_text(file.read_text() + "\n\nTIMEOUT = 10\n")
    house.start()
    said = verdicts(client, stored)
    assert said == dict.fromkeys(said, "current")
    for form_id, form in forms(house, stored).items():
        changed = {name for name, value in form.items() if value != before[form_id][name]}
        # Fingerprints of what stood beside a symbol cannot be made of its code.
        assert changed <= ({"beside"} if form["symbol"] else set()), form


def test_forms_that_cannot_be_read_keep_what_they_have_and_hinder_no_other(
    house: House, client: Client, stored: list[str]
) -> None:
    before = forms(house, stored)
    house.stop()
    age(house, stored)
    broken = {
        next(i for i, form in before.items() if form["symbol"] == "Store.Get"): "}} (",
        next(i for i, form in before.items() if form["symbol"] == "Cart.Use"): "* - + " * 100,  # crashes its grammar
    }
    with closing(sqlite3.connect(house.paths.data / "memory.db")) as connection, connection:
        connection.executemany(
            "UPDATE anchor_forms SET code = ? WHERE id = ?", [(code, form_id) for form_id, code in broken.items()]
        )
    house.start()
    said = verdicts(client, stored)
    assert said.pop("of cmd/store.go::Store.Get") == "changed"
    assert said.pop("of README.md::Cart.Use") == "changed"
    assert said == dict.fromkeys(said, "current")
    kept = {form_id: form for form_id, form in forms(house, stored).items() if form_id in broken}
    assert {form_id: form["fingerprint"] for form_id, form in kept.items()} == {i: f"old {i}" for i in broken}
    # Nothing is left to be tried again at the next start, until the version is another one.
    assert {form["fingerprint_version"] for form in kept.values()} == {-FINGERPRINT_VERSION}
