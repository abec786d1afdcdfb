"""Reading a saved run, and trusting none of it before it is checked."""
from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import safetensors

from rnn_core.experiment import SCHEMA, Experiment, shown
from rnn_core.run import Run
from rnn_core.saving import FILES, DamagedRun, read_history, seal, unpack_tape

STATUSES = ("ready", "running", "done", "diverged")


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
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DamagedRun(f"There is no complete run in {place}: {Path(error.filename).name} is missing.") from None
    except OSError as error:
        raise DamagedRun(f"The run in {place} cannot be read: {error.strerror}.") from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, RuntimeError, TypeError, ValueError,
            safetensors.SafetensorError) as error:
        why = f": {shown(error, 120).rstrip('.')}" if isinstance(error, ValueError) else ""
        raise DamagedRun(f"The run in {place} cannot be read{why}.") from None


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
