"""What runs when: a table of jobs over APScheduler."""

from recalld.jobs.jobs import Job, Jobs, LastRuns
from recalld.jobs.table import table

__all__ = ["Job", "Jobs", "LastRuns", "table"]
