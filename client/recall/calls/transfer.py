"""Calls that take memories out and bring them in."""

from __future__ import annotations

from collections.abc import Iterable

from recall.calls.base import Call
from recall.protocol import requests as wire
from recall.protocol.requests.records import Record


def export_page(
    after: str = "", *, limit: int = 200, personal: bool = False, forgotten: bool = False
) -> Call[wire.ExportReply]:
    """The next records of an export of the workspace: memories, then what ties them, then sessions.

    Args:
        after: as the page before said; empty for the first. Over after the page whose own is empty.
        limit: at most so many records; a page is cut where it grows beyond 4 MiB.
        personal: personal memories too.
        forgotten: what was forgotten and can be restored too.
    """
    return Call(wire.ExportPage(after=after, limit=limit, personal=personal, forgotten=forgotten))


def import_page(
    records: Iterable[Record], *, personal: bool = False, timeout_s: float = 120.0
) -> Call[wire.ImportReply]:
    """Take in records of an export, in one transaction. What is here already stays as it is.

    Args:
        records: in the order of the export; at most 2,000, and 16 MiB.
        personal: personal memories too.
        timeout_s: seconds it may take.
    """
    return Call(wire.ImportPage(records=list(records), personal=personal), work_s=timeout_s)
