"""The engine: a scheduler with the desk in it, and workers in processes of their own."""
from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import dask
from distributed import Nanny, Scheduler
from distributed.security import Security
from distributed.system import MEMORY_LIMIT

from rnn_core.jobs.errors import EngineError
from rnn_core.jobs.hooks import DeskPlugin
from rnn_core.jobs.lock import FolderLock
from rnn_core.jobs.place import ENGINE_VERSION, Address, prepare, remove_address, write_address
from rnn_core.jobs.store import Store

LOOPBACK = ("127.0.0.1", "localhost", "::1")
#: One thread each; and the C library keeps up to 256 MiB of freed memory: returning it after every update and asking
#: for it again costs a long sequence a third of its time.
WORKER_ENVIRON = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "DASK_LOGGING__DISTRIBUTED": "warning",
                  "MALLOC_TRIM_THRESHOLD_": str(2**28), "MALLOC_MMAP_THRESHOLD_": str(2**25)}
SETTINGS = {
    "distributed.scheduler.worker-ttl": "30s",
    "distributed.scheduler.blocked-handlers": ["feed", "run_function"],
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.nanny.pre-spawn-environ": WORKER_ENVIRON,
}


@dataclass(frozen=True)
class Plan:
    """Where and how an engine runs; ``idle`` is how many seconds it stays when nobody is there and nothing runs."""

    folder: Path
    workers: int
    idle: float = 60.0
    host: str = "127.0.0.1"
    port: int = 0
    security: Security | None = None


def usual_workers() -> int:
    """One worker a core, one core left to the pages where there are more than two."""
    cores = os.cpu_count() or 1
    return cores if cores <= 2 else cores - 1


async def run_engine(plan: Plan) -> bool:
    """Run until told to end, or idle and alone for ``plan.idle`` seconds; False if the folder has an engine."""
    if plan.host not in LOOPBACK and plan.security is None:
        raise EngineError("An engine that others can reach needs certificates: --tls-ca, --tls-cert and --tls-key.")
    folder = prepare(plan.folder)
    lock = FolderLock(folder / "engine.lock")
    if not await _acquire(lock):
        return False
    logging.getLogger("distributed").setLevel(logging.WARNING)
    store = Store(folder)
    try:
        with dask.config.set(SETTINGS):
            await _serve(plan, folder, store)
    finally:
        remove_address(folder)
        store.close()
        lock.release()
    return True


async def _serve(plan: Plan, folder: Path, store: Store) -> None:
    enough = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, enough.set)
    local = {"dashboard": False, "dashboard_address": "127.0.0.1:0", "security": plan.security}
    scheme = "tls" if plan.security else "tcp"
    async with Scheduler(host=plan.host, port=plan.port, protocol=scheme, **local) as scheduler:
        plugin = DeskPlugin(scheduler, store)
        memory = plugin.desk.memory = int(0.8 * MEMORY_LIMIT / max(1, plan.workers))
        nannies = [Nanny(scheduler.address, nthreads=1, preload=["rnn_core.jobs.hooks"], memory_limit=memory,
                         host=plan.host, local_directory=str(folder / "scratch"), **local) for _ in range(plan.workers)]
        starting = [asyncio.ensure_future(_started(nanny)) for nanny in nannies]
        write_address(folder, Address(scheduler.address, ENGINE_VERSION, os.getpid()))
        try:
            await _wait(plan, plugin, enough)
        finally:
            remove_address(folder)
            plugin.desk.keep_all()
            plugin.desk.empty_bin()
            await asyncio.sleep(0.3)
            for start in starting:
                start.cancel()
            await asyncio.gather(*starting, *(nanny.close(timeout=2) for nanny in nannies), return_exceptions=True)


async def _wait(plan: Plan, plugin: DeskPlugin, enough: asyncio.Event) -> None:
    """Tick once a second until there is nothing left to do here."""
    last = time.monotonic()
    while not enough.is_set() and not plugin.desk.retired and time.monotonic() - last < plan.idle:
        plugin.desk.tick()
        if plugin.visitors() or plugin.desk.busy:
            last = time.monotonic()
        try:
            await asyncio.wait_for(enough.wait(), min(1.0, plan.idle / 4))
        except TimeoutError:
            continue


async def _started(nanny: Nanny) -> None:
    await nanny


async def _acquire(lock: FolderLock) -> bool:
    """Try for half a second: a launcher may be testing the lock just now."""
    for _ in range(10):
        if lock.acquire():
            return True
        await asyncio.sleep(0.05)
    return False
