"""Text → vectors of meaning, by the model that ships with the package.

Runs in the vectors' process; onnxruntime, tokenizers and numpy are imported when the model is loaded.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

MODEL_FOLDER = Path(__file__).parent / "all-MiniLM-L6-v2"
_MODEL = ("model_int8.onnx", "a6c0245ed7cef4c7b7b8ac068841d2d47c4c230e461a121bdb4341d712e04da8")
_TOKENIZER = ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037")

DIMENSIONS = 384
MAX_TOKENS = 256
"""What the model reads at once, with the two tokens that mark begin and end."""
OVERLAP_TOKENS = 32
MAX_PIECES = 64
"""Of one text; what lies beyond (some 60,000 characters) is found by words only."""
SCHEME = f"{_MODEL[1][:12]}-{MAX_TOKENS}-{OVERLAP_TOKENS}-{MAX_PIECES}-3"
"""Names everything that decides which vectors a text gets: an index made under another name is of no use.

The last number is that of what is embedded: a memory's text, and the same with what stands beside it.
"""

# On one thread a batch is no faster than its texts one by one, while its activations stay with the process
# (8 x 256 tokens: 110 MB), and a query that comes meanwhile waits for its end.
_BATCH_TEXTS = 8
_BATCH_TOKENS = 256


class VectorsUnavailable(Exception):  # noqa: N818  # a state rather than a mistake
    """There is no search by meaning now; the message says why."""


class ModelUnusable(VectorsUnavailable):
    """The model's files are missing or damaged; the message says what to do."""


class Embedder:
    """The embedding model. To be used by one thread, `load` first."""

    def __init__(self, folder: Path = MODEL_FOLDER) -> None:
        self._folder = folder
        self._session: Any = None
        self._tokenizer: Any = None

    def load(self, threads: int) -> None:
        """Read the model.

        Args:
            threads: that one computation may use.

        Raises:
            ModelUnusable: a file is missing or is not the one that was shipped.
        """
        model = self._shipped(*_MODEL)
        tokenizer = self._shipped(*_TOKENIZER)
        # Its builds report their use over the network and keep an id of the machine, unless told so beforehand.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        # Heavy, and wanted in the vectors' process only.
        import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415  # it has no stubs
        import tokenizers  # noqa: PLC0415

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS, stride=OVERLAP_TOKENS)

    def pieces(self, text: str) -> list[str]:
        """The text cut into overlapping pieces that the model can read whole; a short text is its only piece."""
        windows = self._windows(text)
        if len(windows) == 1:
            return [text]
        return [text[_begin(window) : _end(window)] for window in windows]

    def embed(self, texts: Sequence[str]) -> Matrix:
        """One vector for each text; for a text longer than the model reads at once, the mean of its pieces' vectors.

        Returns:
            float32 [texts, 384], each row of length 1.
        """
        import numpy as np  # noqa: PLC0415

        pieces = [(owner, window.ids) for owner, text in enumerate(texts) for window in self._windows(text)]
        windows = [ids for _, ids in pieces]
        sums = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for batch in _batches(windows):
            np.add.at(sums, [pieces[index][0] for index in batch], self._run([windows[index] for index in batch]))
        # A sum points where the mean does.
        vectors: Matrix = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        return vectors

    def _windows(self, text: str) -> list[Any]:
        first = self._tokenizer.encode(text)
        return [first, *first.overflowing][:MAX_PIECES]

    def _run(self, windows: Sequence[Sequence[int]]) -> Matrix:
        import numpy as np  # noqa: PLC0415

        longest = max(len(window) for window in windows)
        ids = np.zeros((len(windows), longest), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, window in enumerate(windows):
            ids[row, : len(window)] = window
            mask[row, : len(window)] = 1
        vectors: Matrix = self._session.run(["embedding"], {"input_ids": ids, "attention_mask": mask})[0]
        return vectors

    def _shipped(self, name: str, sha256: str) -> Path:
        path = self._folder / name
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ModelUnusable(
                f"the embedding model cannot be read ({path}: {error.strerror}): install recalld anew"
            ) from error
        if found != sha256:
            raise ModelUnusable(f"the embedding model is damaged ({path}): install recalld anew")
        return path


def _batches(windows: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Indices of the windows in batches of like length, so that little of a batch is padding."""
    batch: list[int] = []
    for index in sorted(range(len(windows)), key=lambda index: len(windows[index])):
        if batch and (len(batch) == _BATCH_TEXTS or (len(batch) + 1) * len(windows[index]) > _BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _begin(window: Any) -> int:
    return min(begin for (begin, end), special in _content(window) if not special and end > begin)


def _end(window: Any) -> int:
    return max(end for (_, end), special in _content(window) if not special)


def _content(window: Any) -> Iterator[tuple[tuple[int, int], int]]:
    return zip(window.offsets, window.special_tokens_mask, strict=True)
