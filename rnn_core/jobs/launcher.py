"""Find the engine of a folder, or start it: one engine a folder, however many dashboards ask at once."""
from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from distributed import Client
from distributed.security import Security

from rnn_core.jobs.errors import EngineError, NotThere
from rnn_core.jobs.hooks import QUESTION
from rnn_core.jobs.lock import FolderLock
from rnn_core.jobs.place import ENGINE_VERSION, prepare, read_address, source
from rnn_core.jobs.secure import security_from

START_WITHIN, STARTS = 60.0, 3
ANSWER_WITHIN = 10.0
LOG_LIMIT = 1_000_000
_started: list[subprocess.Popen[bytes]] = []


def elsewhere() -> tuple[str, Security | None] | None:
    """The engine that ``RNN_EXPLORER_SCHEDULER`` points to, with certificates for tls; None without it."""
    url = os.environ.get("RNN_EXPLORER_SCHEDULER")
    if not url:
        return None
    security = security_from(*(os.environ.get(f"RNN_EXPLORER_TLS_{part}") for part in ("CA", "CERT", "KEY")))
    if not url.startswith(("tcp://", "tls://")):
        raise EngineError("RNN_EXPLORER_SCHEDULER should begin with tls:// or tcp://.")
    if url.startswith("tls://") and security is None:
        raise EngineError("An engine behind tls:// needs RNN_EXPLORER_TLS_CA, RNN_EXPLORER_TLS_CERT and _KEY.")
    return url, security


def reach(url: str, security: Security | None = None, renew: bool = False) -> Client:
    """A client of the engine at an address; OSError if nothing answers, EngineError if its version is another.

    An engine of another version, and with ``renew`` one that was started from other source, is asked to make room. It
    does so if nothing runs and nobody else is connected; to the page it then looks as if nobody answered.
    """
    host, _, port = url.partition("://")[2].rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=2).close()
    except ValueError:
        raise EngineError("The address of an engine looks like tls://host:port.") from None
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    client = Client(url, timeout=5, set_as_default=False, security=security)
    try:
        hello = ask(client, do="hello")
        fits = hello["version"] == ENGINE_VERSION
        if fits and not (renew and hello["source"] != source()):
            return client
        if ask(client, do="retire")["retired"]:
            raise ConnectionError("An idle engine of another version makes room.")
        if fits:
            return client
        raise EngineError(f"An engine of version {hello['version']} is at work here and this page has version "
                          f"{ENGINE_VERSION}; let its runs end, or stop it, and come back.")
    except BaseException:
        leave(client)
        raise


def ask(client: Client, **question: object) -> dict:
    """One question to the desk; OSError if the connection is lost, whichever way that shows."""
    try:
        return client.sync(getattr(client.scheduler, QUESTION), **question, callback_timeout=ANSWER_WITHIN)
    except (AttributeError, RuntimeError, asyncio.CancelledError, concurrent.futures.CancelledError):
        if client.status == "running":
            raise
        raise ConnectionError("The connection to the engine is closed.") from None


def leave(client: Client) -> None:
    """Close a client, also one that has lost its engine."""
    with contextlib.suppress(TimeoutError, OSError):
        client.close(timeout=1)


def find_or_start(folder: Path, workers: int | None) -> Client:
    """A client of this folder's engine, started if there is none; NotThere if it does not start in time."""
    folder, end = prepare(folder), time.monotonic() + START_WITHIN
    launching, running = FolderLock(folder / "launch.lock"), FolderLock(folder / "engine.lock")
    starts = 0
    while time.monotonic() < end and starts < STARTS:
        if (client := _try(folder, renew=not starts)) is not None:
            return client
        if launching.acquire():
            try:
                if not running.held_elsewhere():
                    child, starts = _spawn(folder, workers), starts + 1
                    while time.monotonic() < end and child.poll() is None:
                        if (client := _try(folder)) is not None:
                            return client
                        time.sleep(0.05)
            finally:
                launching.release()
        time.sleep(0.1)
    raise NotThere(f"The engine did not start; {folder / 'engine.log'} may say why.")


def _try(folder: Path, renew: bool = False) -> Client | None:
    """A client of the engine whose address is written here, if it answers."""
    address = read_address(folder)
    if address is None:
        return None
    with contextlib.suppress(OSError):
        return reach(address.url, renew=renew)
    return None


def _spawn(folder: Path, workers: int | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "rnn_core.jobs", "--folder", str(folder)]
    if workers is not None:
        command += ["--workers", str(workers)]
    source = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")]))
    path = folder / "engine.log"
    with open(path, "wb" if path.exists() and path.stat().st_size > LOG_LIMIT else "ab") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, cwd=folder,
                                 env={**os.environ, "PYTHONPATH": paths})
    _started[:] = [other for other in _started if other.poll() is None] + [child]
    return child
