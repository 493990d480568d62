"""Sockets, and handlers that each call one function of `memory`. The only side that knows the wire."""
