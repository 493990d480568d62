"""Where the system gives no watches at all: every folder is looked at from time to time."""

from __future__ import annotations

from recalld.watch.folder import Folder

ADVICE = (
    "close programs that watch files, or raise the system's limits: "
    "`sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=1048576`, "
    "and the same in a file in /etc/sysctl.d to keep them; then restart the daemon"
)


class NoWatches:
    """Leaves every folder without a watch."""

    mode = "polling"
    advice = ADVICE

    def stop(self) -> None:
        """Nothing was begun."""

    def place(self, folder: Folder, path: str) -> None:
        """Leave the folder's `watch` empty."""

    def lift(self, folders: list[Folder]) -> None:
        """There is nothing to lift."""

    def cookie(self) -> int:
        """Nothing tells of one."""
        return 0
