"""The prose that the measurements of search are made of."""

from __future__ import annotations

from tests.bench.recall import prose

SENTENCES = prose.sentences(enough=500)


def test_sentences_are_different_and_of_the_length_that_people_write() -> None:
    assert len(SENTENCES) == len(set(SENTENCES)) == 500
    assert all(5 <= len(sentence.split()) <= 40 and sentence.endswith(".") for sentence in SENTENCES)


def test_memories_are_different_and_the_same_at_each_call() -> None:
    texts = prose.memories(SENTENCES, 300)
    assert len(texts) == len(set(texts)) == 300
    assert texts == prose.memories(SENTENCES, 300)
    assert texts != prose.memories(SENTENCES, 300, seed=5)


def test_queries_are_different_and_made_of_words_of_the_sentences() -> None:
    asked = prose.queries(SENTENCES, 200)
    plain = asked[::2]
    text = " ".join(SENTENCES)
    assert len(asked) == len(set(asked)) == 200
    assert all(3 <= len(query.split()) <= 8 and all(word in text for word in query.split()) for query in plain)
