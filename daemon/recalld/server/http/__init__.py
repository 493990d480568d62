"""The same requests by HTTP; imported only where it is enabled."""

from recalld.server.http.listener import Http

__all__ = ["Http"]
