"""recalld: the daemon. `ARCHITECTURE.md`, one folder up, is the map."""
