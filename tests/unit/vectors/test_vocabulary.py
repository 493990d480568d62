from __future__ import annotations

import numpy as np
import pytest

from recalld.vectors.embedding import DIMENSIONS, Embedder
from recalld.vectors.vocabulary import MAX_LIKE, UNLIKE_COSINE, Vocabulary

from .conftest import rows


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    made = Embedder()
    made.load(1)
    return made


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary()


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


def test_nothing_is_like_anything_before_a_word_was_learned(vocabulary: Vocabulary) -> None:
    assert vocabulary.like(rows(2)) == [[], []]
    assert not vocabulary.knows("one")


def test_it_grows_past_its_first_room(vocabulary: Vocabulary) -> None:
    vectors = rows(5_000)
    words = [f"w{n}" for n in range(5_000)]
    for start in range(0, 5_000, 1_000):
        vocabulary.learn(words[start : start + 1_000], vectors[start : start + 1_000])
    assert vocabulary.like(vectors[4_321:4_322])[0][0][0] == "w4321"


def test_a_known_word_is_like_the_same_words_as_a_stranger_with_its_vector(vocabulary: Vocabulary) -> None:
    chance = np.random.default_rng(3)
    meanings = chance.standard_normal((10, DIMENSIONS))
    near = np.repeat(meanings, 90, axis=0) + 0.7 * chance.standard_normal((900, DIMENSIONS))
    vectors = (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)
    order = chance.permutation(900)
    learned = 0
    while learned < 900:  # in blocks of any size, so that each comes before and after words like it
        block = order[learned : learned + int(chance.integers(1, 17))]
        vocabulary.learn([f"w{n}" for n in block], vectors[block])
        learned += len(block)
    assert len(vocabulary.like_word(f"w{order[0]}")) == MAX_LIKE  # of some 90
    for number in range(0, 900, 7):
        (like,) = vocabulary.like(vectors[number : number + 1])
        known = vocabulary.like_word(f"w{number}")
        assert [round(how, 4) for _, how in known] == [round(how, 4) for _, how in like]
        assert known[0] == (f"w{number}", 1.0)


def test_in_a_large_vocabulary_the_likest_words_are_those_that_comparing_all_finds(vocabulary: Vocabulary) -> None:
    chance = np.random.default_rng(7)
    meanings = chance.standard_normal((500, DIMENSIONS))
    near = np.repeat(meanings, 12, axis=0) + 0.8 * chance.standard_normal((6_000, DIMENSIONS))
    vectors = (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)
    for start in range(0, 6_000, 500):
        vocabulary.learn([f"w{n}" for n in range(start, start + 500)], vectors[start : start + 500])
    missed = 0
    for number in range(0, 6_000, 100):
        cosines = vectors @ vectors[number]
        likest = np.argsort(-cosines)[:4]
        found = [word for word, _ in vocabulary.like(vectors[number : number + 1])[0]]
        assert found[0] == f"w{number}"
        missed += len({f"w{each}" for each in likest if cosines[each] > UNLIKE_COSINE} - set(found))
    assert missed <= 6  # of 240
