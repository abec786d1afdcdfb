"""A run as one zip: the saved run itself, and the same in MLflow's vocabulary."""
from __future__ import annotations

import hashlib
import json
import math
import tempfile
from pathlib import Path

from rnn_core.exports.notebooks import notebook
from rnn_core.exports.tensors import facts, weights
from rnn_core.exports.zips import zipped
from rnn_core.run import Run

EXPERIMENT, EXPERIMENT_NAME = "271828182845904523", "RNN explorer"
METRICS = ("loss", "held_out", "metric", "gradient_norm", "learning_rate")
STATUS = {"done": 3, "diverged": 4}
KILLED = 5
LONGEST = 250
READ_ME = """This folder holds one run of the RNN explorer in the layout of MLflow's file store.

Stand in the folder that holds "mlruns". To take it over into a database of MLflow, and to look at it:

    mlflow migrate-filestore --source ./mlruns --target sqlite:///mlflow.db
    mlflow server --backend-store-uri sqlite:///mlflow.db

Older versions of MLflow read the files as they are: mlflow ui --backend-store-uri ./mlruns

artifacts/run is the whole run, as rnn_core.load reads it; artifacts/reproduce.ipynb does it again.
"""


def archive(run: Run) -> bytes:
    """The whole saved run, tape and checkpoint among it, as a zip; unzipped it is a folder for ``rc.load``."""
    return zipped({f"run-{run.spec.id}/{name}": data for name, data in _saved(run).items()})


def mlflow(run: Run, *, name: str = "", started: float = 0.0) -> bytes:
    """The run in MLflow's vocabulary, as a zip of its file store: run_id, params, metrics, tags, artifacts.

    Every setting of the record is a param. Each metric has lines of timestamp (ms), value and step (the update); what
    was not measured has no line. ``name`` is how the visitor calls the run, ``started`` when it was begun, in seconds
    since 1970. No text of a visitor's enters a file's name.
    """
    begun = round(1000 * started) if math.isfinite(started) and started > 0 else 0
    run_id = hashlib.sha256((json.dumps(facts(run)) + run.digest()).encode()).hexdigest()[:32]
    title = _clean(name) or f"{run.spec.architecture} {run.spec.task} {run.spec.seed}"
    home = f"mlruns/{EXPERIMENT}/{run_id}"
    contents = {"README.txt": READ_ME, f"mlruns/{EXPERIMENT}/meta.yaml": _experiment_meta(begun),
                f"{home}/meta.yaml": _run_meta(run, run_id, title, begun)}
    contents |= {f"{home}/params/{key}": _clean(value) for key, value in run.spec.flat().items() if value != ""}
    contents |= {f"{home}/metrics/{key}": lines for key in METRICS if (lines := _metric(run, key, begun))}
    contents |= {f"{home}/tags/{key}": value for key, value in _tags(run, title).items()}
    files = {name: text.encode() for name, text in contents.items()}
    files |= {f"{home}/artifacts/run/{name}": data for name, data in _saved(run).items()}
    files |= {f"{home}/artifacts/weights.safetensors": weights(run), f"{home}/artifacts/reproduce.ipynb": notebook(run)}
    return zipped(files)


def _saved(run: Run) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        run.save(folder)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def _metric(run: Run, key: str, begun: int) -> str:
    """Lines of ``timestamp value step``, where it was measured."""
    return "".join(f"{begun + round(1000 * r['seconds'])} {float(r[key])!r} {r['update']}\n"
                   for r in run.records if r[key] is not None)


def _tags(run: Run, title: str) -> dict[str, str]:
    own = facts(run)
    told = {"mlflow.runName": title, "mlflow.source.name": EXPERIMENT_NAME, "mlflow.source.type": "LOCAL",
            "rnn_explorer.id": run.spec.id, "rnn_explorer.digest": run.digest(), "rnn_explorer.reason": run.reason}
    return told | {f"rnn_explorer.{name}": own[name] for name in ("record", "log", "update", "code", "torch")}


def _experiment_meta(begun: int) -> str:
    return _yaml({"artifact_location": f"./mlruns/{EXPERIMENT}", "creation_time": begun, "experiment_id": EXPERIMENT,
                  "last_update_time": begun, "lifecycle_stage": "active", "name": EXPERIMENT_NAME})


def _run_meta(run: Run, run_id: str, title: str, begun: int) -> str:
    return _yaml({"artifact_uri": f"./mlruns/{EXPERIMENT}/{run_id}/artifacts", "end_time":
                  begun + round(1000 * run.seconds), "entry_point_name": "", "experiment_id": EXPERIMENT,
                  "lifecycle_stage": "active", "run_id": run_id, "run_name": title, "run_uuid": run_id,
                  "source_name": "", "source_type": 4, "source_version": "", "start_time": begun,
                  "status": STATUS.get(run.status, KILLED), "tags": [], "user_id": ""})


def _yaml(facts: dict[str, object]) -> str:
    """Plain facts as YAML; a text in JSON's quotes is the same text in YAML's."""
    return "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in facts.items())


def _clean(value: object) -> str:
    """A text on one line, without what cannot be printed, not too long."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())[:LONGEST]
