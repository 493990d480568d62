#!/usr/bin/env python3
"""Carts and what is in them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ITEMS = 100
currency: str = "EUR"
_cache, _other = {}, {}

try:
    import orjson as json
except ImportError:
    FALLBACK = True


def logged(func):
    """A decorator with a function inside."""

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        local = 1
        return func(*args, **kwargs)

    return wrapper


@dataclass(frozen=True)
class Item:
    sku: str
    price: float = 0.0
    TAX = 0.19

    class Meta:
        ordering = ["sku"]


class Cart(dict[str, Item], metaclass=type):
    """A cart."""

    limit = MAX_ITEMS

    @property
    def total(self) -> float:
        return sum(item.price for item in self.values())

    @total.setter
    def total(self, value: float) -> None:
        raise AttributeError(value)

    @staticmethod
    @logged
    async def load(
        path: str,
        *,
        strict: bool = False,  # a comment
    ) -> Cart:
        def parse(line: str) -> Item:
            return Item(line)

        return Cart()


if TYPE_CHECKING:
    def iterate() -> Iterator[Item]: ...
else:
    def iterate():
        yield from ()

type Pair[T] = tuple[T, T]
