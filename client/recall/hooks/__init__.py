"""`recall hook NAME`: what an agent is told and what is noted of its work, one short process for each hook.

Everything here imports little: an agent waits for it at every tool call. The order of things: `process` sees to it that
nothing goes wrong outwards, `events` knows what each hook asks of the daemon, `session` and `link` ask it.
"""
