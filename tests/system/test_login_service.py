"""The login service under a real systemd: `pytest -m long tests/system`, as root.

It needs debootstrap and systemd-container, and the network once. A tree that `RECALLD_TEST_TREE` names is kept and
taken again; else one is fetched each time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.machine import HOME, Machine, NoMachineError, install_wheel, make_tree, wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

RESTART_S = 20
WATCHDOG_S = 30 + 10 + RESTART_S
"""The watchdog's time, that for the process to end by itself, and the start of the next."""
EXPOSURE = 7.0
"""`systemd-analyze security`, 0 to 10; what is left are mount namespaces and the network of HTTP."""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    kept = os.environ.get("RECALLD_TEST_TREE")
    tree = Path(kept) if kept else tmp_path_factory.mktemp("machine") / "tree"
    try:
        if not (tree / HOME.lstrip("/")).is_dir():
            make_tree(tree)
        install_wheel(tree)
    except NoMachineError as error:
        pytest.skip(f"no machine can be made here: {error}")
    with Machine(tree) as made:
        made.log_in()
        made.user(
            f"git init -q {HOME}/project && cd {HOME}/project && echo 'def retry(): return 5' > a.py && recall up"
        )
        made.user(f"cd {HOME}/project && recall store 'Five tries' -c 'We retry five times.' --file a.py")
        yield made


@pytest.fixture
def served(machine: Machine) -> int:
    """The process of the daemon that the installed service runs."""
    installed = machine.recall("service install")
    assert installed["problems"] == []
    return int(installed["pid"])


def daemon_of(machine: Machine) -> int:
    """The process of the daemon that the service runs and that answers; 0 where there is none."""
    found = machine.recall("service status", check=False)
    return int(found["pid"]) if found["pid"] == found["daemon_pid"] else 0


def await_another(machine: Machine, pid: int, timeout_s: float) -> int:
    wait_until(lambda: daemon_of(machine) not in (0, pid), timeout_s, "another daemon to serve")
    return daemon_of(machine)


def test_a_daemon_started_by_hand_hands_over(machine: Machine) -> None:
    by_hand = machine.recall("status")["pid"]
    installed = machine.recall("service install")
    assert installed["pid"] not in (0, by_hand)
    wait_until(lambda: not machine.root("ps", "--no-headers", "-p", str(by_hand), check=False), 10, "the other to end")
    assert machine.shown("ActiveState") == "active"


def test_systemd_finds_nothing_wrong_with_the_unit(machine: Machine, served: int) -> None:
    assert machine.user(f"systemd-analyze verify --user {HOME}/.config/systemd/user/recalld.service") == ""
    said = machine.user("systemd-analyze security --user --no-pager recalld.service")
    exposure = re.search(r"exposure level for recalld.service: ([\d.]+)", said)
    assert exposure is not None
    assert float(exposure[1]) <= EXPOSURE
    assert machine.shown("LimitCORE") == "0"
    limits = machine.root("cat", f"/proc/{served}/limits")
    assert re.search(r"Max open files +16384 +16384", limits)
    assert re.search(r"NoNewPrivs:\t1\n(.*\n)*Seccomp:\t2\n", machine.root("cat", f"/proc/{served}/status"))


def test_it_serves_after_a_login_without_being_asked_to(machine: Machine, served: int) -> None:
    machine.log_out()
    log = (machine.tree / HOME.lstrip("/") / ".local/state/recalld/log/daemon.log").read_text()
    assert log.rstrip().splitlines()[-1].count('"event": "stopped"') == 1
    machine.log_in()
    await_another(machine, served, RESTART_S)
    assert machine.shown("NRestarts") == "0"
    found = machine.recall(f"-C {HOME}/project search 'how often do we retry'")
    assert found["results"][0]["title"] == "Five tries"


def test_a_killed_daemon_is_started_anew(machine: Machine, served: int) -> None:
    before = int(machine.shown("NRestarts"))
    machine.root("kill", "-KILL", str(served))
    await_another(machine, served, RESTART_S)
    assert int(machine.shown("NRestarts")) == before + 1
    assert machine.root("pgrep", "--parent", "1", "--full", "recalld", check=False) == ""  # nobody is left behind


def test_a_daemon_that_hangs_is_started_anew(machine: Machine, served: int) -> None:
    machine.root("kill", "-STOP", str(served))
    await_another(machine, served, WATCHDOG_S)
    assert "Watchdog timeout" in machine.root("journalctl", "--no-pager", "--quiet")


def test_a_daemon_that_is_aborted_leaves_the_traces_of_its_threads(machine: Machine, served: int) -> None:
    machine.root("kill", "-ABRT", str(served))
    await_another(machine, served, RESTART_S)
    assert "Fatal Python error: Aborted" in machine.user("recall logs --service -n 200")


def test_a_stopped_daemon_stays_down_until_somebody_asks(machine: Machine, served: int) -> None:
    said = machine.user("recall down")
    assert "its login service starts it again" in said
    wait_until(lambda: machine.shown("ActiveState") == "inactive", 10, "systemd to note it")
    assert machine.shown("Result") == "success"
    machine.user(f"cd {HOME}/project && recall up")
    assert daemon_of(machine) not in (0, served)


def test_up_replaces_an_older_daemon_through_systemd(machine: Machine, served: int) -> None:
    (file,) = (machine.tree / HOME.lstrip("/")).glob("venvs/recalld/lib/python3*/site-packages/recall/__init__.py")
    current = file.read_text()
    file.write_text(re.sub(r'__version__ = ".*"', '__version__ = "0.0.9"', current))
    machine.user("systemctl --user restart recalld")
    old = await_another(machine, served, RESTART_S)
    file.write_text(current)
    assert "version 0.0.9, this is" in machine.user(f"cd {HOME}/project && recall up")
    assert daemon_of(machine) not in (0, old)


def test_an_installation_that_is_gone_is_no_failure_at_login_and_status_says_so(machine: Machine, served: int) -> None:
    machine.log_out()
    folder = machine.tree / HOME.lstrip("/")
    (folder / "venvs" / "recalld").rename(folder / "venvs" / "elsewhere")
    try:
        machine.log_in()
        assert machine.shown("ActiveState") == "inactive"
        assert machine.shown("ConditionResult") == "no"
        said = machine.user(f"{HOME}/venvs/elsewhere/bin/python -m recall service status", check=False)
        assert "no longer there" in said
    finally:
        (folder / "venvs" / "elsewhere").rename(folder / "venvs" / "recalld")
    machine.user("recall service install")
    assert daemon_of(machine) != 0


def test_uninstalling_leaves_nothing_behind_but_memories(machine: Machine, served: int) -> None:
    machine.user("recall service uninstall")
    assert machine.root("pgrep", "--full", "recalld", check=False) == ""
    assert machine.root("find", f"{HOME}/.config", check=False) in ("", f"{HOME}/.config\n")
    assert machine.user("systemctl --user list-unit-files recalld.service --no-legend", check=False) == ""
    assert machine.user("systemctl --user list-units --all 'recalld*' --no-legend") == ""
    titles = [each["title"] for each in machine.recall(f"-C {HOME}/project list")["memories"]]
    assert "Five tries" in titles


def test_a_shutdown_is_orderly(machine: Machine, served: int) -> None:
    assert machine.power_off() < 30
    log = (machine.tree / HOME.lstrip("/") / ".local/state/recalld/log/daemon.log").read_text()
    assert '"event": "stopped"' in log.rstrip().splitlines()[-1]
