"""The files of one run: its checkpoint, its history, its tape. One process writes them, any process may read them.

    runs/<key>/checkpoint-<update>-<command>.safetensors    the name says up to which command it has obeyed
    runs/<key>/history.jsonl                                one record a line, appended
    runs/<key>/tape/<update>.safetensors                    weights at one moment
"""
from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from rnn_core.jobs.history import History
from rnn_core.jobs.place import write_whole

CHECKPOINT = re.compile(r"checkpoint-(\d+)-(\d+)\.safetensors")


@dataclass(frozen=True)
class Checkpoint:
    """All that a worker needs to go on: the run's state, after how many updates, up to which command."""

    update: int
    command: int
    data: bytes


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest checkpoint, or None where nothing was kept yet."""
    found = _checkpoints(folder)
    if not found:
        return None
    update, command, path = max(found)
    return Checkpoint(update, command, path.read_bytes())


def read_history(folder: Path, last: int) -> History:
    """The records up to an update."""
    path = folder / "history.jsonl"
    return History.from_bytes(path.read_bytes() if path.exists() else b"", last)


def read_tape(folder: Path, after: int, last: int) -> dict[int, bytes]:
    """The moments with ``after < update <= last``, each as safetensors bytes."""
    moments = {int(path.stem): path for path in (folder / "tape").glob("*.safetensors") if path.stem.isdigit()}
    return {update: moments[update].read_bytes() for update in sorted(moments) if after < update <= last}


def keep(folder: Path, checkpoint: Checkpoint, lines: list[bytes], moments: dict[int, bytes]) -> None:
    """Write what happened up to a checkpoint, and the checkpoint last, so that it never promises more than is there."""
    (folder / "tape").mkdir(parents=True, exist_ok=True)
    for update, data in moments.items():
        write_whole(folder / "tape" / f"{update}.safetensors", data)
    _append(folder / "history.jsonl", lines)
    name = f"checkpoint-{checkpoint.update}-{checkpoint.command}.safetensors"
    write_whole(folder / name, checkpoint.data)
    for _, _, path in _checkpoints(folder):
        if path.name != name:
            path.unlink()


def mend(folder: Path, history: History) -> None:
    """Rewrite a history file that says more, or less cleanly, than the history read from it."""
    path, clean = folder / "history.jsonl", b"".join(line + b"\n" for line in history.lines)
    if path.exists() and path.read_bytes() != clean:
        write_whole(path, clean)


def copy(source: Path, target: Path) -> None:
    """Give a fork its own files."""
    if source.exists():
        shutil.copytree(source, target, dirs_exist_ok=True)


def remove(folder: Path) -> None:
    """Delete a run's files."""
    if folder.exists():
        shutil.rmtree(folder)


def _checkpoints(folder: Path) -> list[tuple[int, int, Path]]:
    names = ((CHECKPOINT.fullmatch(path.name), path) for path in folder.glob("checkpoint-*.safetensors"))
    return [(int(match[1]), int(match[2]), path) for match, path in names if match]


def _append(path: Path, lines: list[bytes]) -> None:
    """Append lines, or none of them where the disk is full."""
    with path.open("ab") as file:
        start = file.tell()
        try:
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
        except OSError:
            file.truncate(start)
            raise
