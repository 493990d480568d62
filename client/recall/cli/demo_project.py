"""The sample project and the memories of `recall demo`."""

from __future__ import annotations

import shlex

from recall.protocol.values import Verdict

MODEL = "api/models/memory.py"
DECISION = "SQLAlchemy lazy loading strategy"
QUESTION = "database relationship loading strategy"

MODEL_CODE = '''"""Models of what is remembered."""

from api.database import Base, relationship


def related(target):
    """A relationship that must be loaded on purpose."""
    return relationship(target, lazy="raise", back_populates=None)


class Workspace(Base):
    name: str
    memories = related("Memory")


class Memory(Base):
    workspace_id: str
    title: str
    workspace = related("Workspace")
'''

_FUNCTION = MODEL_CODE[MODEL_CODE.index("def related") : MODEL_CODE.index("\n\nclass Workspace")]
RENAMED_CODE = (MODEL_CODE.replace(_FUNCTION + "\n\n", "") + "\n\n" + _FUNCTION).replace("related(", "relation_to(")

FILES = {
    MODEL: MODEL_CODE,
    "api/database.py": '''"""Sessions and queries."""

from sqlalchemy.orm import DeclarativeBase as Base, relationship


def memories_of(session, workspace_id):
    return session.query("Memory").filter_by(workspace_id=workspace_id)
''',
    "api/workers/embed.py": '''"""Background jobs."""


async def embed_memory(context, memory_id: str):
    memory = await context.session.get("Memory", memory_id)
    await memory.embed()
''',
}

LAZY_LOADING = """\
All SQLAlchemy relationships are lazy=raise by default. This forces explicit loading with selectinload() or \
joinedload() and prevents N+1 query bugs."""
ISOLATION = """\
Every query must filter by workspace_id, no exceptions. Vector indexes do not enforce tenant isolation."""
WORKER_ARGUMENTS = """\
ARQ job functions take only JSON-serializable arguments: pass ids as strings, and load the rows inside the job."""

MEMORIES = (
    f"""{shlex.quote(DECISION)} --type decision -c {shlex.quote(LAZY_LOADING)} \
--file {MODEL} --symbol {MODEL}::related \
--concept SQLAlchemy --concept 'N+1 queries' --importance 0.95""",
    f"""'Workspace isolation in all database queries' --type convention -c {shlex.quote(ISOLATION)} \
--symbol api/database.py::memories_of --concept isolation --importance 0.92""",
    f"""'ARQ worker argument serialization' --type pattern -c {shlex.quote(WORKER_ARGUMENTS)} \
--file api/workers/ --concept ARQ --importance 0.88""",
)
"""What is typed after `recall store`."""

EDITS: dict[Verdict, str] = {
    "changed": 'lazy="raise" becomes lazy="select"',
    "current": 'lazy="select" becomes lazy="raise" again',
    "moved": "related becomes relation_to",
}
