"""`recall jobs`: what the daemon does by itself, and when; or one of it now."""

from __future__ import annotations

from recall.cli import status_page
from recall.cli.invocation import Commands, Invocation
from recall.cli.terminal import Style
from recall.protocol.values import JobStatus


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add(
        "jobs",
        jobs,
        "list what the daemon does by itself, and when; with --run, do one of it now",
        epilog="Where a job is running already, that run is waited for. A run that was missed is made up by itself.\n"
        "example: recall jobs --run decay",
    )
    command.add_argument("--run", metavar="NAME", dest="job", help="run this job now, and say what it did")


def jobs(invocation: Invocation) -> int:
    """`recall jobs`."""
    name = invocation.options.job
    with invocation.client(start=False) as client:
        if name is None:
            listed = client.status().jobs
            if invocation.terminal.json:
                invocation.terminal.document({"jobs": listed})
            else:
                invocation.terminal.say("\n".join(described(job, invocation.terminal.style) for job in listed))
            return 0
        ran = client.run_job(name)
    invocation.show(ran, status_page.job)
    return 0 if ran.outcome == "done" else 1


def described(job: JobStatus, style: Style) -> str:
    """A job with all that there is to say of it."""
    limit = f", at most {status_page.duration(job.max_s)}" if job.max_s is not None else ""
    return f"{status_page.job(job, style)}\n  {style.dim(f'{job.what}, {job.when}{limit}')}"
