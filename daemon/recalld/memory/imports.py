"""Which files of its tree a file imports."""

from __future__ import annotations

import posixpath

from sqlalchemy import Connection

from recalld.memory.trees import Tree
from recalld.outline import module_path
from recalld.store import Store, outlines

_FAMILIES = ({"javascript", "typescript", "tsx"}, {"c", "cpp"}, {"java", "kotlin"})
_SCRIPTS = _FAMILIES[0]


async def imported_paths(store: Store, tree: Tree, path: str) -> list[str]:
    """The files of a tree that one of its files imports, sorted; of several that may be meant, the nearest."""
    return await store.code.read(_imported, tree.id, path)


def _imported(connection: Connection, tree_id: str, path: str) -> list[str]:
    language, written = outlines.imports_of(connection, tree_id, path)
    if language is None or not written:
        return []
    wanted = [places for each in written if (places := module_places(language, path, each))]
    names = {place.rpartition("/")[2] for places in wanted for place, _ in places}
    family = next((each for each in _FAMILIES if language in each), {language})
    there = [found for found, its in outlines.importable(connection, tree_id, names) if its in family and found != path]
    return sorted({found for places in wanted if (found := _resolved(path, places, there))})


def module_places(language: str, path: str, written: str) -> list[tuple[str, bool]]:
    """Where the file may stand that an import names, the likeliest first.

    Returns:
        Paths without extension, each with whether it is a whole path; else a path may end so.
    """
    folder = posixpath.dirname(path)
    if language == "python":
        name = written.lstrip(".")
        for _ in range(len(written) - len(name) - 1):
            if not folder:
                return []
            folder = posixpath.dirname(folder)
        place = name.replace(".", "/")
        relative = written.startswith(".")
        places = [posixpath.join(folder, place) if relative else place]
        if "/" in places[0]:
            places.append(posixpath.dirname(places[0]))
        return [(each, relative) for each in places]
    if language in _SCRIPTS or language in ("c", "cpp", "ruby"):
        beside = posixpath.normpath(posixpath.join(folder, written))
        inside = [] if beside.startswith("..") else [(module_path(beside), True)]
        bare = language in _SCRIPTS or written.startswith(".")
        return inside if bare and written.startswith(".") else [] if bare else [*inside, (module_path(written), False)]
    if language in ("java", "kotlin"):
        place = written.replace(".", "/")
        return [(each, False) for each in (place, posixpath.dirname(place)) if "/" in each]
    return []


def _resolved(path: str, places: list[tuple[str, bool]], there: list[str]) -> str | None:
    for place, whole in places:
        fits = [each for each in there if _fits(path, module_path(each), place, whole=whole)]
        if fits:
            return min(fits, key=lambda each: (-len(posixpath.commonprefix([each, path])), len(each), each))
    return None


def _fits(path: str, module: str, place: str, *, whole: bool) -> bool:
    """Whether a file is at a place; a lone name, which may as well be a library's, must stand in a folder around."""
    if module == place:
        return True
    around = "/" in place or path.startswith(f"{posixpath.dirname(module)}/")
    return not whole and module.endswith(f"/{place}") and around
