"""How a saved run lies on disk: safetensors, JSON and CSV under a manifest of SHA-256 sums; never pickle."""
from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import platform
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from rnn_core.experiment import SCHEMA
from rnn_core.records.progress import COLUMNS
from rnn_core.version import VERSION

FILES = ("experiment.json", "checkpoint.safetensors", "tape.safetensors", "history.csv")


class DamagedRun(ValueError):
    """A saved run that cannot be read or trusted; it was left as it is."""


def write(folder: str | os.PathLike[str], contents: dict[str, bytes], facts: dict[str, Any]) -> None:
    """Write a run's files into a folder, each whole or not at all, the manifest with its facts last."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"schema": SCHEMA, "code": VERSION, "torch": torch.__version__, "python": platform.python_version(),
                "threads": torch.get_num_threads(), **facts,
                "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}}
    for name, data in {**contents, "manifest.json": seal(manifest)}.items():
        replace(folder / name, data)


def seal(manifest: dict[str, Any]) -> bytes:
    """The manifest's file: its facts and, as ``seal``, their own SHA-256."""
    facts = {k: v for k, v in manifest.items() if k != "seal"}
    facts["seal"] = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return json.dumps(facts, indent=1).encode()


def replace(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never half."""
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def pack_tape(tape: dict[int, dict[str, Tensor]]) -> bytes:
    """A tape as safetensors: keys are ``update/name``."""
    return safetensors.torch.save({f"{moment}/{name}": v.contiguous() for moment, weights in tape.items()
                                   for name, v in weights.items()})


def unpack_tape(data: bytes) -> dict[int, dict[str, Tensor]]:
    """The tape that ``pack_tape`` wrote."""
    tape: dict[int, dict[str, Tensor]] = {}
    for key, v in safetensors.torch.load(data).items():
        moment, name = key.split("/", 1)
        tape.setdefault(int(moment), {})[name] = v
    return dict(sorted(tape.items()))


def write_history(records: list[dict[str, Any]]) -> str:
    """History as CSV; floats keep every digit, what was not measured is empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue()


def read_history(text: str) -> list[dict[str, Any]]:
    """The history that ``write_history`` wrote; ValueError for any other text."""
    reader = csv.DictReader(io.StringIO(text))
    if reader.fieldnames != list(COLUMNS):
        raise ValueError("its history has other columns")
    return [{k: (int(v) if k == "update" else float(v)) if v else None for k, v in row.items()} for row in reader]
