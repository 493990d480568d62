from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from recalld.vectors.embedding import DIMENSIONS, Embedder
from recalld.vectors.vocabulary import Vocabulary

from .conftest import Matrix, rows


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    made = Embedder()
    made.load(1)
    return made


@pytest.fixture
def vocabulary(tmp_path: Path) -> Iterator[Vocabulary]:
    made = Vocabulary()
    made.open(tmp_path)
    yield made
    made.close()


def reopened(vocabulary: Vocabulary, folder: Path) -> Vocabulary:
    vocabulary.close()
    again = Vocabulary()
    again.open(folder)
    return again


def test_a_word_is_like_words_that_mean_nearly_the_same(vocabulary: Vocabulary, embedder: Embedder) -> None:
    words = ["cache", "payment", "authentication", "banana"]
    vocabulary.learn(words, embedder.embed(words))
    (like,) = vocabulary.like(embedder.embed(["caching"]))
    assert like[0][0] == "cache"
    assert like[0][1] > 0.5
    assert "banana" not in dict(like)


def test_the_word_itself_is_wholly_like_itself(vocabulary: Vocabulary) -> None:
    vectors = rows(3)
    vocabulary.learn(["a", "b", "c"], vectors)
    assert vocabulary.like(vectors[1:2])[0] == [("b", 1.0)]


def test_what_was_learned_is_known_and_not_to_be_learned_again(vocabulary: Vocabulary) -> None:
    assert vocabulary.unknown(["one", "two", "one"]) == ["one", "two"]
    vocabulary.learn(["one"], rows(1))
    assert vocabulary.unknown(["one", "two"]) == ["two"]


def test_words_are_there_after_a_restart(vocabulary: Vocabulary, tmp_path: Path) -> None:
    vectors = rows(2)
    vocabulary.learn(["eins", "zwölf"], vectors)
    again = reopened(vocabulary, tmp_path)
    assert again.unknown(["eins", "zwölf"]) == []
    assert known(again, "zwölf") == pytest.approx(vectors[1], abs=1e-3)
    again.close()


@pytest.mark.parametrize("lost", ["words", "vectors"])
def test_what_a_crash_left_of_one_file_without_the_other_is_cut_off(
    vocabulary: Vocabulary, tmp_path: Path, lost: str
) -> None:
    vectors = rows(3)
    vocabulary.learn(["one", "two", "three"], vectors)
    (file,) = tmp_path.glob("*.txt" if lost == "words" else "*.f16")
    content = file.read_bytes()
    file.write_bytes(content[: len(content) - 3])  # in the middle of the last
    again = reopened(vocabulary, tmp_path)
    assert again.unknown(["one", "two", "three"]) == ["three"]
    again.learn(["three"], vectors[2:])
    last = reopened(again, tmp_path)
    assert [known(last, word) @ vector for word, vector in zip(["one", "two", "three"], vectors, strict=True)] == (
        pytest.approx([1.0, 1.0, 1.0], abs=1e-2)
    )
    last.close()


def test_it_grows_past_its_first_room(vocabulary: Vocabulary) -> None:
    vectors = rows(5_000)
    words = [f"w{n}" for n in range(5_000)]
    for start in range(0, 5_000, 1_000):
        vocabulary.learn(words[start : start + 1_000], vectors[start : start + 1_000])
    assert vocabulary.like(vectors[4_321:4_322])[0][0][0] == "w4321"


def known(vocabulary: Vocabulary, word: str) -> Matrix:
    vector = vocabulary.vector(word)
    assert vector is not None
    assert vector.shape == (DIMENSIONS,)
    return np.asarray(vector)
