"""`python -m recalld`: arguments become settings, settings become a daemon."""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import gc
import logging
import os
import signal
import sys

from recall import __version__
from recall.paths import Paths, find_paths
from recalld.app import App
from recalld.config import Config, ConfigError, load_config
from recalld.lifecycle import AlreadyRunning, DaemonLock, configure_logging, make_folders, take_all_descriptors
from recalld.store import StoreError
from recalld.supervisor import Supervisor

log = logging.getLogger(__name__)

# A thread that computes holds the interpreter this long before a request gets its turn; the default of 5 ms
# would be felt in every answer given during a scan.
SWITCH_INTERVAL_S = 0.0005


def main(arguments: list[str] | None = None) -> int:
    """Run the daemon until it is asked to stop.

    Returns:
        0 when it was stopped or another one runs already, 1 when it could not start.
    """
    if sys.stderr is not None:  # as it is where whoever started this closed it
        faulthandler.enable()  # a watchdog's SIGABRT leaves the traces of all threads there
    parser = argparse.ArgumentParser(prog="recalld", description="The daemon behind `recall`.")
    parser.add_argument("--version", action="version", version=f"recalld {__version__}")
    for name in Config.__struct_fields__:
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, default=argparse.SUPPRESS, metavar="VALUE")
    parser.add_argument("--service", action="store_true", help="as the login service: take over from one that runs")
    flags = vars(parser.parse_args(arguments))
    service = flags.pop("service")
    paths = find_paths()
    try:
        config = load_config(paths.config_file, os.environ, flags)
        make_folders(paths)
        lock = DaemonLock(paths.lock)
        if service:
            lock.take_over()
        else:
            lock.acquire()
        configure_logging(config, paths)
    except AlreadyRunning as running:
        print(f"recalld runs already, as process {running.pid}", file=sys.stderr)  # noqa: T201  # for whoever started it
        return int(service)
    except (ConfigError, OSError) as error:
        print(f"recalld: {error}", file=sys.stderr)  # noqa: T201  # no log yet
        return 1
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    take_all_descriptors()
    try:
        asyncio.run(_run(config, paths, lock, Supervisor.of(os.environ) if service else None))
    except (StoreError, OSError) as error:
        log.exception("cannot go on")
        print(f"recalld: {error}", file=sys.stderr)  # noqa: T201  # for whoever started it
        return 1
    return 0


async def _run(config: Config, paths: Paths, lock: DaemonLock, supervisor: Supervisor | None) -> None:
    app = App(config, paths, lock, supervisor=supervisor)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, app.shutdown)
    gc.freeze()  # what was imported lives as long as the daemon: no collection need look at it
    await app.run()


if __name__ == "__main__":
    sys.exit(main())
