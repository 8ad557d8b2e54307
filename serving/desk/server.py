"""Runs the desk on a loopback address until Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import json
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from serving.desk.app import create
from serving.desk.service import Desk
from threat.errors import UsageError
from threat.history.store import Store
from threat.trust.folder import Trust
from threat.trust.guard import require_guarded


@dataclass(frozen=True, slots=True)
class Served:
    """The folders that a desk serves; ``development``: although this user could change whom the desk believes."""

    store: Path
    var: Path
    tour: Path | None = None
    database: str = ""
    development: bool = False


def run(host: str, port: int, served: Served, *, as_json: bool, clock: Callable[[], int]) -> None:
    """Serve until interrupted.

    Raises UsageError for an address that is not loopback, a port in use, no history, and, but for development, no trust
    folder, a trust folder that this user could change, or no key for ``audit``.
    """
    listener = listen(host, port)  # first: nothing is opened or written when the port is in use
    try:
        unguarded = require_guarded(Trust.open(), development=served.development)
        if not served.development:
            Trust.open().signer("audit")  # who serves signs the log of what was read, or does not serve
        Store.open(served.store)
        desk = Desk(served.store, served.var, clock=clock, tour_path=served.tour, database=served.database)
        address = f"http://{_shown(host)}:{listener.getsockname()[1]}/"
        if as_json:
            document = {"address": address, "store": str(served.store), "var": str(served.var)}
            print(json.dumps(document | {"development": unguarded}), flush=True)
        else:
            if unguarded:
                print(f"DEVELOPMENT: {unguarded}", flush=True)
            print(f"The desk is at {address} (this machine only). Ctrl-C ends it.", flush=True)
        config = uvicorn.Config(
            create(desk),
            log_level="warning",
            access_log=False,  # the audit log is the one record of who read what
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])
        desk.close()
        print("The desk is closed.", file=sys.stderr)
    finally:
        listener.close()


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket on a loopback address. Raises UsageError for another address, or a port in use."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise UsageError(
            "The desk was asked to answer other machines; its development sign-in serves this machine only.",
            value=host,
            where="--host",
            way_out="127.0.0.1 or ::1; a force puts its own sign-in in front",
        )
    listener = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((str(address), port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"Port {port} is in use." if error.errno == errno.EADDRINUSE else f"Port {port} did not open.",
            value=f"{port} ({error.strerror})",
            where="--port",
            way_out="--port 0 picks a free one",
        ) from None
    return listener


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
