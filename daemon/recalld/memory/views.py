"""Memories as the wire shows them: rows and verdicts become values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recall.protocol.values import Anchor, Brief, Memory, MemoryVersion, Rating
from recalld.memory.anchors import reference
from recalld.memory.judgement import worst
from recalld.memory.text import summary_of, type_named
from recalld.memory.trees import PERSONAL, Tree
from recalld.memory.verdicts import Verdicts
from recalld.store.rows import AnchorRow, MemoryRow, RatingRow, Verdict, VerdictRow, VersionRow


class Views:
    """Shows memories as one tree sees them."""

    def __init__(self, verdicts: Verdicts) -> None:
        self._verdicts = verdicts

    def brief(
        self,
        tree: Tree,
        row: MemoryRow,
        anchors: Sequence[AnchorRow],
        *,
        query_words: Sequence[str] = (),
        superseded_by: str | None = None,
    ) -> Brief:
        """A memory in a list."""
        verdict, reason = self.worst(tree, anchors)
        return Brief(
            id=row.id,
            title=row.title,
            memory_type=type_named(row.memory_type),
            importance_score=row.importance_score,
            summary=summary_of(row.narrative, query_words, row.title) or row.title,
            verdict=verdict,
            reason=reason,
            source_files=source_files(anchors),
            symbols=symbols(anchors),
            concepts=row.concepts,
            tags=row.tags,
            created_at=row.created_at,
            superseded_by=superseded_by,
            present_importance=round(row.present_importance, 4),
            personal=row.workspace_id == PERSONAL,
        )

    def memory(
        self, tree: Tree, row: MemoryRow, anchors: Sequence[AnchorRow], diffs: Mapping[int, str] | None = None
    ) -> Memory:
        """A memory, whole.

        Args:
            diffs: of the code of anchors, by their ids.
        """
        verdict, reason = self.worst(tree, anchors)
        return Memory(
            id=row.id,
            title=row.title,
            narrative=row.narrative,
            memory_type=type_named(row.memory_type),
            importance_score=row.importance_score,
            confidence=row.confidence,
            provenance=row.provenance,
            concepts=row.concepts,
            tags=row.tags,
            source_files=source_files(anchors),
            symbols=symbols(anchors),
            anchors=[self.anchor(tree, anchor, (diffs or {}).get(anchor.id, "")) for anchor in anchors],
            verdict=verdict,
            reason=reason,
            created_at=row.created_at,
            updated_at=row.updated_at,
            version=row.version,
            workspace_id=row.workspace_id,
            session_id=row.session_id,
            evidence=row.evidence,
            pinned=row.pinned,
            forgotten_at=row.forgotten_at,
            personal=row.workspace_id == PERSONAL,
        )

    def worst(self, tree: Tree, anchors: Sequence[AnchorRow]) -> tuple[Verdict | None, str]:
        """The worst of what the tree says of these anchors, and why."""
        return worst([self._verdicts.of(tree, anchor) for anchor in anchors])

    def verdict(self, tree: Tree, anchor: AnchorRow) -> VerdictRow:
        """What the tree says of an anchor."""
        return self._verdicts.of(tree, anchor)

    def anchor(self, tree: Tree, anchor: AnchorRow, diff: str = "") -> Anchor:
        """An anchor, with what the tree says of it."""
        said = self._verdicts.of(tree, anchor)
        return Anchor(
            kind=anchor.kind,
            path=said.path,
            symbol=said.symbol,
            verdict=said.verdict,
            reason=said.reason,
            line=said.line,
            end_line=said.end_line,
            stored_path=anchor.path,
            stored_symbol=anchor.symbol,
            likeness=said.likeness,
            candidates=said.candidates,
            trail=said.trail,
            diff=diff,
        )


def source_files(anchors: Sequence[AnchorRow]) -> list[str]:
    """The files, folders and lines among a memory's anchors, as stored."""
    return [reference(anchor) for anchor in anchors if anchor.kind != "symbol"]


def symbols(anchors: Sequence[AnchorRow]) -> list[str]:
    """The symbols among a memory's anchors, as stored."""
    return [reference(anchor) for anchor in anchors if anchor.kind == "symbol"]


def rating(row: RatingRow) -> Rating:
    """One rating of a memory."""
    return Rating(
        at=row.at,
        useful=row.useful,
        context=row.context,
        previous_importance=row.previous,
        updated_importance=row.updated,
        session_id=row.session_id,
    )


def version(row: VersionRow) -> MemoryVersion:
    """One state of a memory."""
    return MemoryVersion(
        version=row.version,
        at=row.at,
        cause=row.cause,
        title=row.title,
        narrative=row.narrative,
        memory_type=type_named(row.memory_type),
        importance_score=row.importance_score,
        concepts=row.concepts,
        tags=row.tags,
        source_files=row.source_files,
        symbols=row.symbols,
    )
