"""What can be done where a memory says what another one says already. Pure."""

from __future__ import annotations

from recall.protocol.values import Choice


def of_double(double: str) -> list[Choice]:
    """What can be done instead of storing the very words of a memory again."""
    return [
        Choice(choice="update", how=f"recall edit {double} -c TEXT"),
        Choice(choice="supersede", how=f"recall store … --supersedes {double}"),
        Choice(choice="store_anyway", how="recall store … --force"),
    ]


def of_similar(stored: str, similar: str) -> list[Choice]:
    """What can be done once a memory was stored that says nearly the same as another one.

    Args:
        stored: its id.
        similar: that of the other one.
    """
    return [
        Choice(choice="update", how=f"recall edit {similar} -c TEXT && recall forget {stored}"),
        Choice(choice="supersede", how=f"recall link {stored} --supersedes {similar}"),
        Choice(choice="store_anyway", how="nothing to do: it is stored"),
    ]
