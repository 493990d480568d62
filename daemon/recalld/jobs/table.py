"""The table: what runs, when, and how long it may take."""

from __future__ import annotations

from recalld.jobs.jobs import Job
from recalld.memory.audit import Audit
from recalld.memory.backups import Backups
from recalld.memory.decay import Decay
from recalld.memory.memories import Memories
from recalld.memory.sessions import Sessions


def table(memories: Memories, decay: Decay, sessions: Sessions, audit: Audit, backups: Backups) -> list[Job]:
    """All jobs of the daemon."""
    return [
        Job(
            name="decay",
            what="computes what memories are worth as days of work go by",
            every_hours=24,
            run=decay.run,
            max_s=600,
        ),
        Job(
            name="audit",
            what="looks for memories that somebody should look at",
            every_hours=3,
            run=audit.run,
            max_s=600,
        ),
        Job(
            name="close-sessions",
            what="ends sessions that are quiet, and has them extracted",
            every_hours=0.25,
            run=sessions.close_quiet,
            max_s=60,
        ),
        Job(
            name="purge-forgotten",
            what="erases what was forgotten longer ago than it can be restored",
            every_hours=24,
            run=memories.purge_expired,
            max_s=600,
        ),
        Job(
            name="backup",
            what="copies all memories into the folder of the daily backups",
            every_hours=24,
            run=backups.run,
            max_s=600,
        ),
    ]
