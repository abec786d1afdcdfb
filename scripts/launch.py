"""Starts the engine and the dashboard, says where they are, and ends both and all that they started on Ctrl-C.

Where RNN_EXPLORER_SCHEDULER names an engine elsewhere, none is started here.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
QUIET = {"DASK_LOGGING__DISTRIBUTED": "error", "STREAMLIT_LOGGER_LEVEL": "warning"}
ELSEWHERE = "RNN_EXPLORER_SCHEDULER"
START_SECONDS = 120.0
GRACE_SECONDS = 8.0
REST_SECONDS = 3.0


class Ended(BaseException):
    """Raised in the main thread when the terminal, the user or the system asks the launcher to end."""


def is_free(port: int) -> bool:
    """Whether a server may listen on `port` of this machine's own address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def is_healthy(port: int) -> bool:
    """Whether the dashboard on `port` answers that it is well."""
    link = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        link.request("GET", "/_stcore/health")
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def start(*module_and_options: str) -> subprocess.Popen:
    """Runs a Python module as the head of a process group of its own, so that the group can be ended as one."""
    return subprocess.Popen(
        [sys.executable, "-m", *module_and_options],
        cwd=ROOT,
        env={**QUIET, **os.environ},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def end(children: list[subprocess.Popen]) -> None:
    """Asks every child to end, then whatever it left running in its process group, and then insists."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for child in children:
        child.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, deadline - time.monotonic()))
    deadline = time.monotonic() + REST_SECONDS
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
            while time.monotonic() < deadline:
                time.sleep(0.05)
                os.killpg(child.pid, 0)
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def watch(port: int, dashboard: subprocess.Popen, engine: subprocess.Popen | None) -> str:
    """Says when the dashboard is ready, then watches; returns the sentence that tells why it ended by itself."""
    deadline = time.monotonic() + START_SECONDS
    ready = False
    while dashboard.poll() is None:
        if not ready and is_healthy(port):
            ready = True
            print(f"The RNN explorer is at http://{HOST}:{port} (Ctrl-C ends it).", flush=True)
        if not ready and time.monotonic() > deadline:
            return f"The dashboard did not answer within {START_SECONDS:.0f} seconds."
        if engine is not None and engine.poll() is not None:
            if engine.returncode:
                print("The engine that was started here has ended; the dashboard looks for another.", file=sys.stderr)
            engine = None
        time.sleep(0.2)
    return f"The dashboard ended by itself with status {dashboard.returncode}."


def main(arguments: list[str] | None = None) -> int:
    """Runs engine and dashboard until one of the ending signals comes; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", default="8501", help="where the dashboard listens")
    text = parser.parse_args(arguments).port
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        print(f"A port is a number from 1 to 65535, not {text!r}.", file=sys.stderr)
        return 1
    port = int(text)
    if not is_free(port):
        other = port % 65535 + 1
        print(f"Port {port} is busy; choose another one, for example: make app PORT={other}", file=sys.stderr)
        return 1

    def ask_to_end(number: int, frame: object) -> None:
        raise Ended

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask_to_end)
    children: list[subprocess.Popen] = []
    try:
        options = (f"--server.port={port}", "--logger.hideWelcomeMessage=true")
        children.append(start("pages.shared.dashboard", *options))
        if not os.environ.get(ELSEWHERE):
            children.append(start("rnn_core.jobs"))
        print(watch(port, children[0], children[1] if len(children) > 1 else None), file=sys.stderr)
        return 1
    except Ended:
        return 0
    finally:
        end(children)


if __name__ == "__main__":
    sys.exit(main())
