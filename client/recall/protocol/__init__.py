"""The wire, said once: values, requests with their replies, events, errors and the codec.

Imports nothing but msgspec and the standard library, so that both sides can share it.
"""

PROTOCOL_VERSION = 1
"""Raised only when an old peer could no longer understand a new one; adding fields does not raise it."""
