"""The marker of injected text, and what text costs in tokens: said once, for daemon and bridges. Pure.

What comes out of memories is data. Whoever shows it to an agent marks it, or at least escapes it, so that no memory can
close the marker it stands in, or open one of its own.
"""

from __future__ import annotations

import math
import re
import unicodedata

_MARKER = re.compile(r"\[(?=[\s\u200b-\u200f\u2060\ufeff]*/?[\s\u200b-\u200f\u2060\ufeff]*recalld)", re.IGNORECASE)
_WHITE = str.maketrans("\n\t", "  ")


def token_estimate(text: str) -> int:
    """What common tokenizers count at most for English and code: a third of the UTF-8 bytes, at least the words."""
    return max(math.ceil(len(text.encode()) / 3), len(text.split()))


def marked(text: str, origin: str) -> str:
    """A text inside its provenance marker; nothing in it can close or open a marker."""
    return f"[Recalld — retrieved for {escaped(origin)}]\n{escaped(text)}\n[/Recalld]"


def escaped(text: str) -> str:
    """Text in which no marker can be read, control characters gone."""
    if not text.translate(_WHITE).isprintable():  # seldom, and it takes twenty times as long to find out which
        text = "".join(
            c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") or c == "\u200d"
        )
    return _MARKER.sub("(", text)
