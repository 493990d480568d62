"""`recall lsp`: the language server."""

from __future__ import annotations

import gc

from recall.cli.invocation import Commands, Invocation


def register(commands: Commands) -> None:
    """Declare the command."""
    commands.add("lsp", lsp, "serve an editor over standard input and output, as a language server")


def lsp(invocation: Invocation) -> int:
    """`recall lsp`."""
    gc.disable()  # the protocol's types are thousands of objects, none of them garbage
    from recall.lsp.stdio import serve

    gc.freeze()
    gc.enable()
    serve(start=not invocation.options.no_start)
