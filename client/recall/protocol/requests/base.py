"""What all requests are made of: limits, types, base classes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from recall.protocol.values import Value

MAX_TITLE = 300
MAX_NARRATIVE = 50_000
MAX_LABEL = 100
MAX_LABELS = 50
MAX_PATHS = 50
MAX_PATH = 4096
MAX_TEXT = 2_000_000
MAX_BATCH = 2000
MAX_LIMIT = 500
MAX_DAYS = 36_500
MAX_OFFSET = 1_000_000_000

Title = Annotated[str, msgspec.Meta(max_length=MAX_TITLE)]
Narrative = Annotated[str, msgspec.Meta(max_length=MAX_NARRATIVE)]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_LABEL)]
Labels = Annotated[list[Label], msgspec.Meta(max_length=MAX_LABELS)]
Path = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_PATH)]
Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Paths = Annotated[list[Path], msgspec.Meta(max_length=MAX_PATHS)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)]
Days = Annotated[float, msgspec.Meta(ge=0, le=MAX_DAYS)]
TokenBudget = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Ids = Annotated[list[Id], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]
Sort = Literal["importance", "age", "used"]


class Reply(Value):
    """Base of all replies."""


class Done(Reply):
    """There is nothing more to say."""


class Request(msgspec.Struct, kw_only=True):
    """Base of all requests."""

    method: ClassVar[str]
    reply: ClassVar[type[Value]]
