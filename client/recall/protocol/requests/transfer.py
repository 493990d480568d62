"""Requests that take memories out and bring them in, a page at a time."""

from __future__ import annotations

from typing import Annotated

import msgspec

from recall.protocol.requests.base import Limit, Reply, Request
from recall.protocol.requests.records import Records


class ExportReply(Reply):
    """What `ExportPage` is answered with."""

    records: Records
    """Memories first, then what ties them, then sessions."""
    after: str
    """What to ask for next; empty after the last page."""
    total: int
    """How many memories are exported in all, as of now."""


class ExportPage(Request):
    """The next records of an export of the tree's workspace."""

    method = "export_page"
    reply = ExportReply
    after: Annotated[str, msgspec.Meta(max_length=100)] = ""
    """As the page before said; empty for the first."""
    limit: Limit = 200
    """Records of a page at most; a page is cut where it grows beyond 4 MiB."""
    personal: bool = False
    """Personal memories too."""
    forgotten: bool = False
    """What was forgotten and can be restored too."""


class RefusedRecord(msgspec.Struct, kw_only=True):
    """A record that was not taken in."""

    index: int
    id: str
    code: str
    message: str


class ImportReply(Reply):
    """What `ImportPage` is answered with."""

    stored: int
    """Memories that are here now and were not before."""
    known: int
    """Memories that were here already, just so."""
    tied: int = 0
    """Links, associations and sessions that were not here before."""
    differing: list[str] = []
    """Ids of memories that are here in another state; what is here stays."""
    renamed: dict[str, str] = {}
    """New ids of memories whose own belong to a memory of another workspace here."""
    left_out: int = 0
    """Personal memories that were not asked for, and what ties memories of which one is not here."""
    refused: list[RefusedRecord] = []
    warnings: list[str] = []


class ImportPage(Request):
    """Take in records of an export, in one transaction; those of one page that are refused do not stop the others."""

    method = "import_page"
    reply = ImportReply
    records: Records
    personal: bool = False
    """Personal memories too."""
