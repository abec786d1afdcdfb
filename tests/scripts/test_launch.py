"""The launcher, run beside a stand-in engine and a stand-in dashboard."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ENGINE = """
import os, signal, subprocess, sys, time
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(300)"
child = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
child.stdout.readline()
open("pids", "a").write(f"{os.getpid()} {child.pid} ")
time.sleep(300)
"""
DASHBOARD = """
import http.server, os, sys
port = int(next(word for word in sys.argv if word.startswith("--server.port=")).split("=")[1])
open("pids", "a").write(f"{os.getpid()} ")
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if os.path.exists("pids") and len(open("pids").read().split()) == 3 else 503)
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.HTTPServer(("127.0.0.1", port), Health).serve_forever()
"""


@pytest.fixture
def port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def launch(tmp_path: Path, project: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts the launcher in a folder whose engine and dashboard are stand-ins; ends it after the test."""
    started = []
    for name, text in {"rnn_core/jobs": ENGINE, "pages/shared/dashboard": DASHBOARD}.items():
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "__main__.py").write_text(text)
    for name in ("rnn_core", "rnn_core/jobs", "pages", "pages/shared", "pages/shared/dashboard"):
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "scripts").mkdir()
    shutil.copy(project / "scripts" / "launch.py", tmp_path / "scripts")

    def start(*options: object) -> subprocess.Popen:
        words = [sys.executable, str(tmp_path / "scripts" / "launch.py"), *map(str, options)]
        started.append(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def lives(pid: int) -> bool:
    """Whether a process of that number still runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_ending_signal_ends_all_that_was_started(launch, port, tmp_path, number):
    process = launch("--port", port)
    assert process.stdout.readline() == f"The RNN explorer is at http://127.0.0.1:{port} (Ctrl-C ends it).\n"
    pids = [int(word) for word in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 3 and all(map(lives, pids))
    process.send_signal(number)
    assert process.wait(timeout=30) == 0
    deadline = time.monotonic() + 10
    while any(map(lives, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(lives, pids))


def test_a_busy_port_is_one_sentence(launch, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        number = other.getsockname()[1]
        process = launch("--port", number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 1 and out == ""
    assert err == f"Port {number} is busy; choose another one, for example: make app PORT={number % 65535 + 1}\n"
    assert not (tmp_path / "pids").exists()


@pytest.mark.parametrize("text", ["", "0", "65536", "eighty", "-1", "8501.5"])
def test_a_port_that_is_none_is_one_sentence(launch, text):
    process = launch(f"--port={text}")
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1 and out == ""
    assert err == f"A port is a number from 1 to 65535, not {text!r}.\n"


def test_a_dashboard_that_ends_by_itself_ends_the_engine(launch, port, tmp_path):
    (tmp_path / "pages" / "shared" / "dashboard" / "__main__.py").write_text(
        "import os, sys, time\n"
        "while not os.path.exists('pids') or len(open('pids').read().split()) < 2: time.sleep(0.05)\n"
        "sys.exit(3)\n"
    )
    process = launch("--port", port)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1 and out == ""
    assert err == "The dashboard ended by itself with status 3.\n"
    pids = [int(word) for word in (tmp_path / "pids").read_text().split()]
    assert not any(map(lives, pids))


def test_an_engine_that_fails_is_mentioned_once(launch, port, tmp_path):
    engine = tmp_path / "rnn_core" / "jobs" / "__main__.py"
    engine.write_text("open('pids', 'a').write('0 0 '); raise SystemExit(4)\n")
    process = launch("--port", port)
    assert process.stdout.readline().startswith("The RNN explorer is at")
    assert process.stderr.readline() == "The engine that was started here has ended; the dashboard looks for another.\n"
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and (out, err) == ("", "")


def test_with_an_engine_elsewhere_none_is_started(launch, port, tmp_path, monkeypatch):
    monkeypatch.setenv("RNN_EXPLORER_SCHEDULER", "tls://engine.example:8786")
    (tmp_path / "pids").write_text("0 0 ")
    process = launch("--port", port)
    assert process.stdout.readline().startswith("The RNN explorer is at")
    time.sleep(0.5)
    assert len((tmp_path / "pids").read_text().split()) == 3
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
