"""The vectors as Chroma keeps them: one collection of pieces, each with what is said of it.

One collection holds the pieces of all workspaces: each open collection costs megabytes and descriptors that Chroma does
not give back. Whatever Chroma raises goes through.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from recalld.vectors.embedding import SCHEME

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

PAGE = 1_000

Said = Mapping[str, str | int | bool]
"""What is said of a piece."""


class Pieces:
    """All pieces, by id. To be opened first."""

    def __init__(self) -> None:
        self._folder = Path()
        self._url = ""
        self._inode = 0
        self._client: Any = None
        self._collection: Any = None

    def open(self, folder: Path, url: str = "") -> None:
        """Connect; what was embedded in another way is thrown away, because cosines of two models say nothing.

        Args:
            folder: of Chroma's files; made when missing. With `url` it only names the collection.
            url: of a Chroma server that keeps the index instead.
        """
        import chromadb  # noqa: PLC0415  # heavy, and wanted in the vectors' process only

        self._folder, self._url = folder, url
        if self._url:
            address = urlsplit(self._url)
            self._client = chromadb.HttpClient(
                host=address.hostname or "localhost",
                port=address.port or (443 if address.scheme == "https" else 80),
                ssl=address.scheme == "https",
                settings=_settings(),
            )
        else:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._client = chromadb.PersistentClient(self._folder, settings=_settings())
            self._inode = self._database().stat().st_ino
        self._collection = self._get_or_create()
        former = self._collection.metadata.get("scheme")
        if former != SCHEME:
            self._client.delete_collection(self._collection.name)
            self._collection = self._get_or_create()
            self._collection.modify(metadata={"scheme": SCHEME, "instead_of": str(former)})

    def close(self) -> None:
        """Let go of the files."""
        if self._client is not None:
            self._client.close()

    @property
    def of_new_scheme(self) -> bool:
        """Whether it was emptied for another way to embed, and nobody said since that it is full again."""
        return "instead_of" in self._collection.metadata

    def complete(self) -> None:
        """Note that it is full again."""
        self._collection.modify(metadata={"scheme": SCHEME})

    def require_files(self) -> None:
        """See that the files are there: Chroma goes on reading from files that were deleted under it.

        Raises:
            FileNotFoundError: they are not.
        """
        if not self._url and (not self._database().exists() or self._database().stat().st_ino != self._inode):
            raise FileNotFoundError(f"the index was removed from {self._folder}")

    def put(self, ids: list[str], said: list[Said], vectors: Matrix) -> None:
        """Put pieces in, each in place of one with its id."""
        self._collection.upsert(ids=ids, metadatas=said, embeddings=vectors)

    def say(self, ids: list[str], said: list[Said]) -> None:
        """Say something else of pieces that are there."""
        self._collection.update(ids=ids, metadatas=said)

    def delete(self, ids: Sequence[str]) -> None:
        """Take pieces out."""
        for start in range(0, len(ids), PAGE):
            self._collection.delete(ids=list(ids[start : start + PAGE]))

    def all(self) -> Iterator[tuple[str, Said]]:
        """The ids of all pieces, with what is said of each."""
        offset = 0
        while True:
            page = self._collection.get(limit=PAGE, offset=offset, include=["metadatas"])
            yield from zip(page["ids"], page["metadatas"], strict=True)
            offset += len(page["ids"])
            if len(page["ids"]) < PAGE:
                return

    def vectors(self, ids: list[str]) -> tuple[list[str], Matrix]:
        """The vectors of those of the pieces that are there, float32 [n, 384], with their ids."""
        import numpy as np  # noqa: PLC0415

        answer = self._collection.get(ids=ids, include=["embeddings"])
        return answer["ids"], np.asarray(answer["embeddings"], dtype=np.float32)

    def nearest(self, vectors: Matrix, n: int, ids: list[str] | None = None) -> list[dict[str, float]]:
        """The n pieces nearest to each of these vectors, with their cosines, the nearest first.

        Args:
            vectors: float32 [m, 384].
            n: no more than there are.
            ids: look at these alone.
        """
        answer = self._collection.query(query_embeddings=vectors, n_results=n, ids=ids, include=["distances"])
        return [
            {piece_id: 1.0 - distance for piece_id, distance in zip(found, distances, strict=True)}
            for found, distances in zip(answer["ids"], answer["distances"], strict=True)
        ]

    def _get_or_create(self) -> Any:
        # A server may serve several daemons.
        name = "memories"
        if self._url:
            name = f"recalld-{hashlib.blake2b(str(self._folder).encode(), digest_size=8).hexdigest()}"
        return self._client.get_or_create_collection(
            name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}, metadata={"scheme": SCHEME}
        )

    def _database(self) -> Path:
        return self._folder / "chroma.sqlite3"


def _settings() -> Any:
    from chromadb.config import Settings  # noqa: PLC0415

    # Said one by one, because Chroma would take each from the environment, and from a file `.env` besides.
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # every pydantic settings class takes it
        anonymized_telemetry=False,
        chroma_otel_collection_endpoint="",
        chroma_otel_granularity="none",
        allow_reset=False,
    )
