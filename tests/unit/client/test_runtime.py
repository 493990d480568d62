"""Where the sockets are: the same for hooks, which know no more, and for everybody else."""

from __future__ import annotations

import os

import pytest

from recall.paths import find_paths
from recall.runtime import requests_socket


@pytest.mark.parametrize(
    "environ",
    [
        {"RECALLD_HOME": "/srv/recalld"},
        {"RECALLD_HOME": "/srv/recalld/"},
        {"RECALLD_HOME": "relative/home"},
        {"RECALLD_HOME": "~/recalld"},
        {"RECALLD_HOME": "/srv/" + "long/" * 30},
        {"XDG_RUNTIME_DIR": "/run/user/1000"},
        {"XDG_RUNTIME_DIR": "/run/" + "x" * 100},
        {"RECALLD_HOME": "", "XDG_RUNTIME_DIR": ""},
        {},
    ],
)
def test_hooks_and_everybody_else_find_the_same_socket(environ: dict[str, str]) -> None:
    paths = find_paths(environ)
    assert os.path.normpath(requests_socket(environ)) == str(paths.requests)
    assert len(os.fsencode(paths.requests)) <= 104


def test_each_home_has_a_socket_of_its_own() -> None:
    homes = [f"/srv/{'long/' * 30}{number}" for number in range(3)]
    assert len({requests_socket({"RECALLD_HOME": home}) for home in homes}) == 3
