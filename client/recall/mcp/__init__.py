"""`recall mcp`: the daemon's memory as an MCP server on standard input and output.

A bridge with no logic of its own. `server` answers the protocol with the official SDK, whose import is what its start
costs; `tools` is the table of the twelve tools, whose `arguments` are read, and to which the daemon's `replies` become
`answers` that an agent can use; `resources`, which it may go on `following`, and `prompts` are the rest of what is
offered; `projects` says which project a call is about.
"""
