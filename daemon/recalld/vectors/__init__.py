"""Search by meaning: the embedding model, and an index derived from the memories."""

from recalld.vectors.embedding import VectorsUnavailable
from recalld.vectors.service import Alike, Near, Vectors
from recalld.vectors.upkeep import Source, Text

__all__ = ["Alike", "Near", "Source", "Text", "Vectors", "VectorsUnavailable"]
