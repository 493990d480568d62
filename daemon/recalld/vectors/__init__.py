"""Search by meaning: the embedding model, and an index derived from the memories."""

from recalld.vectors.embedding import VectorsUnavailable
from recalld.vectors.service import Source, Vectors

__all__ = ["Source", "Vectors", "VectorsUnavailable"]
