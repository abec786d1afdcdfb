"""Engines of a test's own, with every process ended afterwards."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from rnn_core.experiment import Experiment
from rnn_core.jobs import Engine, Look, connect
from rnn_core.jobs.place import read_address
from tests.jobs.floor import Floor, use_toys


def record(**settings) -> Experiment:
    """A small experiment: about a millisecond an update."""
    return Experiment.of("elman", "adding", "bptt", **{"hidden_size": 8, "length": 10, "batch_size": 8, **settings})


def until(engine: Engine, run_id: str, condition: Callable[[Look], bool], seconds: float = 200) -> Look:
    """Look at a run until the condition holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        look = engine.look(run_id)
        if condition(look):
            return look
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain: {replace(look, records=[])}")


def ended(engine: Engine, run_id: str) -> Look:
    """Look at a run until it has ended."""
    return until(engine, run_id, lambda look: look.ended)


def everybody(pid: int) -> list[psutil.Process]:
    """A process and all that descend from it."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def workers(engine: Engine, seconds: float = 100) -> list[int]:
    """The worker processes, once there are any."""
    end = time.monotonic() + seconds
    while not (pids := list(engine.hello()["workers"].values())) and time.monotonic() < end:
        time.sleep(0.05)
    assert pids and all(pid > 1 for pid in pids)
    return pids


def clear(folder: Path) -> None:
    """End the engine of a folder and whatever it started."""
    address = read_address(folder)
    if address is None or not psutil.pid_exists(address.pid):
        return
    family = everybody(address.pid)
    os.kill(address.pid, signal.SIGTERM)
    _, left = psutil.wait_procs(family, timeout=10)
    for process in left:
        process.kill()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine with two workers for all tests that end no process."""
    folder = tmp_path_factory.mktemp("shared")
    engine = connect(folder, 2)
    yield engine
    engine.close()
    clear(folder)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder whose engine, if a test starts one, is ended afterwards."""
    yield tmp_path
    clear(tmp_path)


@pytest.fixture
def floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Floor]:
    """A whole engine in this thread, with one worker and toys for runs."""
    use_toys(monkeypatch)
    floor = Floor(tmp_path)
    yield floor
    floor.store.close()
