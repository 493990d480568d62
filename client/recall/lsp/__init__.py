"""A language server that speaks for the daemon: memories beside the code, in every editor that knows the protocol."""
