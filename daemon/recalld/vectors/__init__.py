"""Search by meaning: the embedding model, and an index derived from the memories."""

from recalld.vectors.embedding import VectorsUnavailable
from recalld.vectors.service import Alike, Vectors
from recalld.vectors.upkeep import Source, Text
from recalld.vectors.whole import Near

__all__ = ["Alike", "Near", "Source", "Text", "Vectors", "VectorsUnavailable"]
