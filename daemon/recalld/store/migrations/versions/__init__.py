"""One file a migration; none changes once it was released."""
