"""A dashboard of the benchmarks' own: on a free port, with a data folder that goes away."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def dashboard() -> Iterator[tuple[str, str]]:
    """Start engine and dashboard as ``make app`` does; yields the address and the data folder, ends both afterwards."""
    with socket.socket() as probe, tempfile.TemporaryDirectory() as folder:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        words = [sys.executable, str(ROOT / "scripts" / "launch.py"), "--port", str(port)]
        process = subprocess.Popen(
            words, env={**os.environ, "RNN_EXPLORER_DATA": folder}, stdout=subprocess.PIPE, text=True
        )
        try:
            line = process.stdout.readline()
            if not line.startswith("The RNN explorer is at"):
                raise SystemExit(f"The dashboard did not start: {line}")
            yield f"http://127.0.0.1:{port}", folder
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
