"""Finding and starting engines; these have no workers, so that they start quickly."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from click.testing import CliRunner

from rnn_core.jobs import Engine, EngineError, NotThere, connect, launcher
from rnn_core.jobs.__main__ import main
from rnn_core.jobs.lock import FolderLock
from rnn_core.jobs.place import ENGINE_VERSION, Address, read_address, write_address
from tests.jobs.conftest import record

pytestmark = pytest.mark.timeout(200)


def by_hand(folder, *options):
    """An engine started from a terminal."""
    command = [sys.executable, "-m", "rnn_core.jobs", "--folder", str(folder), "--workers", "0", *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def address_of(folder, seconds=100):
    """The address of an engine that is starting."""
    end = time.monotonic() + seconds
    while (address := read_address(folder)) is None and time.monotonic() < end:
        time.sleep(0.05)
    assert address is not None
    return address


def test_four_dashboards_at_once_have_one_engine_and_it_listens_to_this_machine_only(place):
    found, engines = [], [Engine(place, 0) for _ in range(4)]
    threads = [threading.Thread(target=lambda e=engine: found.append(e.hello()["pid"])) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(150)
    assert len(found) == 4 and set(found) == {read_address(place).pid}
    listening = [c.laddr.ip for c in psutil.Process(found[0]).net_connections("tcp") if c.status == psutil.CONN_LISTEN]
    assert listening and set(listening) == {"127.0.0.1"}
    second = by_hand(place)
    assert second.wait(100) == 0 and b"already at work" in second.communicate()[1]
    for engine in engines:
        engine.close()


def test_an_engine_leaves_when_it_is_idle_and_alone_and_its_runs_can_still_be_read(place):
    engine = by_hand(place, "--idle", "1")
    pid = address_of(place).pid
    page = connect(place, 0)
    run_id = page.submit(record(), owner="me", go=False)
    time.sleep(2)
    assert page.hello()["pid"] == pid
    page.close()
    assert engine.wait(60) == 0 and engine.communicate()[1] == b""
    assert read_address(place) is None and not FolderLock(place / "engine.lock").held_elsewhere()
    assert page._archive.answer("look", run_id=run_id)["status"] == "paused"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_engine_that_is_told_to_end_takes_its_workers_along(place, number):
    command = [sys.executable, "-m", "rnn_core.jobs", "--folder", str(place), "--workers", "1"]
    engine = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    pid = address_of(place).pid
    end = time.monotonic() + 60
    while not (family := psutil.Process(pid).children(recursive=True)) and time.monotonic() < end:
        time.sleep(0.05)
    os.kill(pid, number)
    assert engine.wait(60) == 0
    assert b"Traceback" not in engine.communicate()[1]
    assert psutil.wait_procs(family, timeout=30)[1] == []


def test_another_version_that_is_busy_is_one_sentence_and_an_idle_one_makes_room(monkeypatch):
    told = {"hello": {"version": "0-0", "source": "old"}, "retire": {"retired": False}}
    monkeypatch.setattr(launcher.socket, "create_connection", lambda *_, **__: io.BytesIO())
    monkeypatch.setattr(launcher, "Client", lambda *_, **__: None)
    monkeypatch.setattr(launcher, "leave", lambda _: None)
    monkeypatch.setattr(launcher, "ask", lambda _, do: told[do])
    with pytest.raises(EngineError, match="version 0-0 is at work here"):
        launcher.reach("tcp://127.0.0.1:1")
    told["retire"] = {"retired": True}
    with pytest.raises(ConnectionError):
        launcher.reach("tcp://127.0.0.1:1")
    told["hello"] = {"version": ENGINE_VERSION, "source": "old"}
    assert launcher.reach("tcp://127.0.0.1:1") is None
    with pytest.raises(ConnectionError):
        launcher.reach("tcp://127.0.0.1:1", renew=True)


def test_an_engine_that_cannot_start_is_one_sentence_and_runs_are_read_from_the_store(tmp_path, monkeypatch):
    monkeypatch.setattr(launcher, "_spawn", lambda *_: subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]))
    write_address(tmp_path, Address("tcp://127.0.0.1:1", ENGINE_VERSION, 1))
    engine = Engine(tmp_path)
    with pytest.raises(NotThere, match="did not start"):
        engine.hello()
    assert engine.runs() == []
    with pytest.raises(EngineError):
        engine.submit(record(), owner="me")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://x", "should begin with"),
        ("tcp://x", "looks like"),
        ("tls://x:1", "needs RNN_EXPLORER_TLS_CA"),
        ("tcp://127.0.0.1:1", "does not answer"),
    ],
)
def test_an_engine_elsewhere_that_cannot_be_reached_is_one_sentence(tmp_path, monkeypatch, url, sentence):
    monkeypatch.setenv("RNN_EXPLORER_SCHEDULER", url)
    with pytest.raises(EngineError, match=sentence):
        connect(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(["--host", "0.0.0.0"], "needs certificates"), (["--tls-ca", "nowhere.pem"], "three files")],
)
def test_an_engine_for_others_needs_certificates(tmp_path, options, sentence):
    result = CliRunner().invoke(main, ["--folder", str(tmp_path), *options])
    assert result.exit_code == 1 and sentence in result.output and list(tmp_path.iterdir()) == []
