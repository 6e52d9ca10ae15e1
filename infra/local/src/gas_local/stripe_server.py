"""Localstripe, listening on this machine alone and keeping its state where ours is.

``PYTHON stripe_server.py --port 8420 --state FOLDER``, by the Python of the emulators' environment. As it
comes, localstripe listens on every address and keeps its state under one fixed name in the machine's
temporary folder, for whoever gets there first.
"""

from __future__ import annotations

import argparse
import logging
import pickle
from pathlib import Path

from aiohttp import web
from localstripe import resources, server

HOST = "127.0.0.1"


def keep_state_in(file: Path) -> None:
    """Load what an earlier run kept, and keep every change from now on."""
    if file.exists():
        # Ours: the folder is the developer's own.
        resources.store.update(pickle.loads(file.read_bytes()))  # noqa: S301

    def keep(store: resources.Store) -> None:
        written = file.with_suffix(".new")
        written.write_bytes(pickle.dumps(dict(store), protocol=pickle.HIGHEST_PROTOCOL))
        written.replace(file)

    resources.Store.dump_to_disk = keep


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description="Emulate Stripe on this machine.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    keep_state_in(options.state / "stripe.pickle")
    web.run_app(server.app, host=HOST, port=options.port, print=None)


if __name__ == "__main__":
    main()
