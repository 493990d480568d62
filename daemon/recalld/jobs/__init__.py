"""What runs when: a table of jobs over APScheduler."""

from recalld.jobs.jobs import Job, Jobs, LastRuns

__all__ = ["Job", "Jobs", "LastRuns"]
