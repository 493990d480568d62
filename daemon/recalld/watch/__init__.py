"""What happens in the tree: files made, changed, moved, removed and opened. The only place that knows watchdog."""

from recalld.watch.watcher import Watcher, WatchHealth

__all__ = ["WatchHealth", "Watcher"]
