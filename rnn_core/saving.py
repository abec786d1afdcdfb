"""Saved runs: a folder of safetensors and JSON under a manifest of SHA-256 sums; never pickle."""
from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import platform
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from rnn_core.experiment import SCHEMA, Experiment, shown
from rnn_core.run import COLUMNS, Run
from rnn_core.version import VERSION

STATUSES = ("ready", "running", "done", "diverged")
FILES = ("experiment.json", "checkpoint.safetensors", "tape.safetensors", "history.csv")


class DamagedRun(ValueError):
    """A saved run that cannot be trusted; it was left as it is."""


def save(run: Run, folder: str | os.PathLike[str]) -> None:
    """Write a run into a folder, each file whole or not at all, the manifest last."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    contents = {"experiment.json": run.spec.to_json().encode(), "checkpoint.safetensors": run.checkpoint(),
                "tape.safetensors": pack_tape(run.tape), "history.csv": write_history(run.records).encode()}
    manifest = {"schema": SCHEMA, "code": VERSION, "torch": torch.__version__, "python": platform.python_version(),
                "threads": torch.get_num_threads(), "status": run.status, "reason": run.reason,
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


def load(folder: str | os.PathLike[str]) -> Run:
    """Read a saved run; raises DamagedRun, in one sentence, when a file is missing, changed or of another schema."""
    folder = Path(folder)
    place = shown(folder.name)
    try:
        written = (folder / "manifest.json").read_bytes()
        contents = {name: (folder / name).read_bytes() for name in FILES}
        manifest = dict(json.loads(written))
        if manifest["schema"] != SCHEMA:
            raise DamagedRun(f"The run in {place} has schema {shown(manifest['schema'])}; this version reads {SCHEMA}.")
        changed = [n for n, data in contents.items() if hashlib.sha256(data).hexdigest() != manifest["sha256"][n]]
        changed += ["manifest.json"] * (written != seal(manifest))
        if changed:
            raise DamagedRun(f"The run in {place} is damaged: {', '.join(changed)} changed since it was saved.")
        run = Run.assemble(Experiment.from_json(contents["experiment.json"].decode()),
                           contents["checkpoint.safetensors"], read_history(contents["history.csv"].decode()),
                           unpack_tape(contents["tape.safetensors"]), None, manifest["status"], manifest["reason"])
        check(run)
        return run
    except DamagedRun:
        raise
    except OSError as error:
        raise DamagedRun(f"There is no complete run in {place}: {Path(error.filename or '').name} is missing.") from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, RuntimeError, TypeError, ValueError,
            safetensors.SafetensorError) as error:
        why = f": {shown(error, 120).rstrip('.')}" if isinstance(error, ValueError) else ""
        raise DamagedRun(f"The run in {place} is damaged or not a run{why}.") from None


def check(run: Run) -> None:
    """Raise ValueError unless status, history and tape are of the kind that this run could have left."""
    weights = {k: v.shape for k, v in run.network.state_dict().items()}
    if run.status not in STATUSES or not isinstance(run.reason, str):
        raise ValueError("its status is unknown")
    updates = [record["update"] for record in run.records]
    if updates and updates != list(range(updates[0], updates[0] + len(updates))):
        raise ValueError("its history has gaps")
    if any({k: v.shape for k, v in moment.items()} != weights for moment in run.tape.values()):
        raise ValueError("its tape was made by another network")


def pack_tape(tape: dict[int, dict[str, Tensor]]) -> bytes:
    """A tape as safetensors: keys are ``update/name``."""
    return safetensors.torch.save({f"{m}/{k}": v.contiguous() for m, weights in tape.items() for k, v in weights.items()})


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
