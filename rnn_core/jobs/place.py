"""Where the engine lives on disk: its folder, its address, its version, and the one way to name a run's folder."""
from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from rnn_core.jobs.errors import UnknownRun
from rnn_core.version import VERSION

PROTOCOL = 2
ENGINE_VERSION = f"{VERSION}-{PROTOCOL}"
RUN_ID = re.compile(r"[0-9a-f]{16}(-[0-9a-f]{8})?")
ROOMS_THAT_ONLY_LOOK = {"analysis", "exports", "figures", "viewer", "verify"}


@dataclass(frozen=True)
class Address:
    """How to reach a running engine: its URL, its version, its process."""

    url: str
    version: str
    pid: int


def prepare(folder: Path) -> Path:
    """Create the data folder, readable by its owner only, and return its full path."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder.resolve()


def check_id(run_id: str) -> str:
    """Return a well-formed run id unchanged; anything else raises ``UnknownRun``."""
    if not isinstance(run_id, str) or not RUN_ID.fullmatch(run_id):
        raise UnknownRun("This is not the id of a run.")
    return run_id


def run_folder(folder: Path, key: str) -> Path:
    """The folder of one run, always inside the data folder."""
    runs = (folder / "runs").resolve()
    path = (runs / check_id(key)).resolve()
    if not path.is_relative_to(runs) or path == runs:
        raise UnknownRun("This is not the id of a run.")
    return path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader finds the old one or the new one, never half of it."""
    fresh = path.with_name(path.name + "~")
    fresh.write_bytes(data)
    os.replace(fresh, path)


def write_address(folder: Path, address: Address) -> None:
    """Tell dashboards where this engine listens."""
    write_whole(folder / "engine.json", json.dumps(asdict(address)).encode())


def read_address(folder: Path) -> Address | None:
    """The address last written, or None where there is none or the file is torn."""
    try:
        return Address(**json.loads((folder / "engine.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def remove_address(folder: Path) -> None:
    """Take the address away, if it is this process's own."""
    address = read_address(folder)
    if address is not None and address.pid == os.getpid():
        (folder / "engine.json").unlink(missing_ok=True)


def source() -> str:
    """A digest of the source that decides what a run computes, as it is on disk now."""
    root, digest = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root)
        if relative.parts[0] not in ROOMS_THAT_ONLY_LOOK:
            digest.update(relative.as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
