"""Runs the desk until Ctrl-C: on this machine alone, or, where people sign in at a provider, behind a TLS proxy."""

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
from serving.identity.settings import VARIABLE, SignIn, sign_in_settings
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

    Raises UsageError for settings of the sign-in that are wrong, an address that is not loopback while nobody signs in
    at a provider, a port in use, no history, and, but for development, no trust
    folder, a trust folder that this user could change, or no key for ``audit``.
    """
    sign_in = sign_in_settings()
    # First: nothing is opened or written when the port is in use.
    listener = listen(host, port, anywhere=sign_in.provider is not None)
    try:
        unguarded = require_guarded(Trust.open(), development=served.development)
        if not served.development:
            Trust.open().signer("audit")  # who serves signs the log of what was read, or does not serve
        Store.open(served.store)
        desk = Desk(
            served.store,
            served.var,
            clock=clock,
            tour_path=served.tour,
            database=served.database,
            sign_in=sign_in,
        )
        address = f"http://{_shown(host)}:{listener.getsockname()[1]}/"
        if as_json:
            document = {"address": address, "store": str(served.store), "var": str(served.var)}
            document |= {"issuer": sign_in.issuer}
            print(json.dumps(document | {"development": unguarded}), flush=True)
        else:
            if unguarded:
                print(f"DEVELOPMENT: {unguarded}", flush=True)
            print(_where(sign_in, address), flush=True)
        config = uvicorn.Config(
            create(desk),
            log_level="warning",
            access_log=False,  # the audit log is the one record of who read what
            server_header=False,
            proxy_headers=False,  # nothing here asks who or what a proxy says that it answers for
            timeout_graceful_shutdown=5,
        )
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])
        desk.close()
        print("The desk is closed.", file=sys.stderr)
    finally:
        listener.close()


def _where(sign_in: SignIn, address: str) -> str:
    if sign_in.provider is None:
        return f"The desk is at {address} (this machine only). Ctrl-C ends it."
    return f"The desk of {sign_in.provider.desk} is at {address}; people sign in at {sign_in.issuer}. Ctrl-C ends it."


def listen(host: str, port: int, *, anywhere: bool = False) -> socket.socket:
    """Return a bound socket on a loopback address, or, with ``anywhere``, on any address of this machine.

    Raises UsageError for another address, or a port in use.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not (anywhere or address.is_loopback):
        raise UsageError(
            "This is no address of this machine."
            if address is None
            else "The desk was asked to answer other machines; its development sign-in serves this machine only.",
            value=host,
            where="--host",
            way_out=f"127.0.0.1 or ::1; to answer others, name a force's identity provider in {VARIABLE}",
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
