from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recalld.vectors.embedding import MAX_PIECES, MODEL_FOLDER, Embedder, ModelUnusable, VectorsUnavailable


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    embedder = Embedder()
    embedder.load(threads=1)
    return embedder


def test_a_question_is_nearer_to_its_answer_than_to_other_memories(embedder: Embedder) -> None:
    question, answer, *others = embedder.embed(
        [
            "database relationship loading strategy",
            "SQLAlchemy lazy loading: every relationship raises unless it is loaded explicitly with selectinload",
            "The HNSW index of pgvector is not transactional; a rollback leaves its entries behind",
            "Status fields are string enums, never bare strings",
            "Deploy on Tuesdays only, after the smoke tests have passed",
        ]
    )
    assert all(question @ answer > question @ other + 0.2 for other in others)


def test_vectors_have_length_one_whatever_the_text(embedder: Embedder) -> None:
    vectors = embedder.embed(["", "a", "naïve café 日本語 🦀", "word " * 3000])
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_a_text_gets_the_same_vector_alone_and_among_others(embedder: Embedder) -> None:
    texts = [f"note {number}: " + "the parser keeps its state " * number for number in range(12)]
    together = embedder.embed(texts)
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    # The int8 model scales activations by the whole batch, so not to the last digit.
    assert np.all(np.sum(together * alone, axis=1) > 0.98)


def test_a_short_text_is_its_only_piece(embedder: Embedder) -> None:
    assert embedder.pieces("short") == ["short"]


def test_the_pieces_of_a_long_text_overlap_and_cover_it(embedder: Embedder) -> None:
    text = " ".join(f"sentence{number} über café." for number in range(400))
    pieces = embedder.pieces(text)
    assert len(pieces) > 3
    covered = 0
    for piece in pieces:
        start = text.index(piece)
        assert start <= covered
        assert start == 0 or start < covered, "no overlap"
        covered = start + len(piece)
    assert covered == len(text)
    assert all(embedder.pieces(piece) == [piece] for piece in pieces)


def test_what_stands_late_in_a_long_text_is_near_to_its_last_piece(embedder: Embedder) -> None:
    text = "The meeting was long and nothing was decided. " * 150 + "Kubernetes pods restart when the probe times out."
    question, *pieces = embedder.embed(["why do kubernetes pods restart", *embedder.pieces(text)])
    *others, last = (question @ piece for piece in pieces)
    assert last > max(others) + 0.2


def test_a_huge_text_has_a_bounded_number_of_pieces(embedder: Embedder) -> None:
    assert len(embedder.pieces("a.b " * 12_500)) == MAX_PIECES


@pytest.mark.parametrize("name", ["model_int8.onnx", "tokenizer.json"])
def test_a_missing_or_damaged_model_file_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(MODEL_FOLDER, tmp_path / "model")
    with (folder / name).open("r+b") as file:
        file.seek(5000)
        file.write(b"damage")
    with pytest.raises(ModelUnusable, match=rf"damaged.*{name}.*install recalld anew"):
        Embedder(folder).load(threads=1)
    (folder / name).unlink()
    with pytest.raises(VectorsUnavailable, match=rf"cannot be read.*{name}.*install recalld anew"):
        Embedder(folder).load(threads=1)


def test_the_model_runs_without_leaving_an_id_of_the_machine_anywhere(tmp_path: Path) -> None:
    code = "from recalld.vectors.embedding import Embedder; e = Embedder(); e.load(1); e.embed(['x'])"
    environ = {k: v for k, v in os.environ.items() if k not in {"XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY"}}
    for name in ("HOME", "TMPDIR"):
        (tmp_path / name).mkdir()
        environ[name] = str(tmp_path / name)
    subprocess.run([sys.executable, "-c", code], env=environ, check=True, cwd=tmp_path)
    assert [file for file in tmp_path.rglob("*") if file.name not in {"HOME", "TMPDIR"}] == []
