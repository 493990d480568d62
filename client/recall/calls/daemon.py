"""Calls about the daemon itself."""

from __future__ import annotations

from pathlib import Path

from recall.calls.base import Call, FilePath
from recall.protocol import requests as wire
from recall.protocol.values import JobStatus


def hello() -> Call[wire.HelloReply]:
    """Ask who is there: version, protocol, process id, epoch, and whether all is ready."""
    return Call(wire.Hello(), about_tree=False)


def status() -> Call[wire.StatusReply]:
    """Ask how everything is: workspaces, vectors, jobs, queues, quarantined files, warnings."""
    return Call(wire.Status(), about_tree=False)


def run_job(name: str, timeout_s: float = 900.0) -> Call[JobStatus]:
    """Run one of the daemon's jobs now and return how it went; where it is running already, wait for that run.

    Args:
        name: as `status` lists it.
        timeout_s: seconds it may take; a job that takes longer goes on by itself.
    """
    return Call(wire.RunJob(name=name), about_tree=False, work_s=timeout_s)


def backup(path: FilePath, timeout_s: float = 900.0) -> Call[wire.BackupReply]:
    """Copy all memories of all workspaces into a file, of one moment, while everything goes on.

    Args:
        path: a file that is not there or is a backup already, or a folder.
        timeout_s: seconds it may take.
    """
    return Call(wire.Backup(path=str(Path(path).expanduser().absolute())), about_tree=False, work_s=timeout_s)


def shutdown() -> Call[wire.Done]:
    """Stop the daemon, in order, within two seconds."""
    return Call(wire.Shutdown(), about_tree=False)


def open_workspace(
    path: FilePath, workspace_id: str | None = None, *, plain: bool = True
) -> Call[wire.OpenWorkspaceReply]:
    """Make the project that holds a folder a workspace, or find it, and follow its tree.

    Args:
        path: any folder inside the project.
        workspace_id: take this workspace instead of the one that the folder's identity names.
        plain: whether it may be no git repository.
    """
    request = wire.OpenWorkspace(path=str(Path(path).expanduser().resolve()), workspace_id=workspace_id, plain=plain)
    return Call(request, about_tree=False)


def close_tree() -> Call[wire.Done]:
    """Stop following the tree; its memories stay."""
    return Call(wire.CloseTree())


def sync(timeout_s: float = 30.0) -> Call[wire.SyncReply]:
    """Return once every change made to the tree before the call is reflected in verdicts and contexts.

    Args:
        timeout_s: seconds after which the daemon gives up with `timeout`.
    """
    return Call(wire.Sync(timeout_s=timeout_s), work_s=timeout_s)


def reindex() -> Call[wire.ReindexReply]:
    """Rebuild what is derived: outlines, full text, vectors. Returns when that is queued; status says how far it is."""
    return Call(wire.Reindex())
