"""What of a run can be taken away, for pages that offer it."""
from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from rnn_core.experiment import Experiment
from rnn_core.exports.bundles import archive, mlflow
from rnn_core.exports.notebooks import notebook
from rnn_core.exports.tables import history_csv, states_csv
from rnn_core.exports.tensors import weights, weights_npz
from rnn_core.run import Run


class Export(NamedTuple):
    """One kind of file: its name for people, how its file name ends, its media type, what it is good for."""

    title: str
    ending: str
    media: str
    help: str
    make: Callable[..., bytes]


EXPORTS = {
    "notebook": Export("Notebook", "reproduce.ipynb", "application/x-ipynb+json",
                       "Trains this very run again, changes on the way among it, and checks that it is the same.",
                       notebook),
    "history": Export("History, CSV", "history.csv", "text/csv",
                      "One row an update: loss, held-out loss and metric, gradient norm, rate, seconds.", history_csv),
    "states": Export("States and gates, CSV", "states.csv", "text/csv",
                     "One row a step of held-out sequences: inputs, outputs, every state and gate.", states_csv),
    "weights": Export("Weights, safetensors", "weights.safetensors", "application/octet-stream",
                      "The trained weights by name, with the experiment's record in the header.", weights),
    "npz": Export("Weights, NumPy", "weights.npz", "application/octet-stream",
                  "The same arrays for numpy.load, for those who have nothing of ours.", weights_npz),
    "archive": Export("The whole run", "run.zip", "application/zip",
                      "Weights, tape, history and record; unzip it and rc.load reads it.", archive),
    "mlflow": Export("For MLflow", "mlflow.zip", "application/zip",
                     "Params, metrics, tags and artifacts in the layout of MLflow's file store.", mlflow),
}


def take(kind: str, run: Run, **known: Any) -> bytes:
    """One export of a run; of what is ``known`` about it (name, started, …) it gets what it asks for."""
    make = EXPORTS[kind].make
    return make(run, **{name: value for name, value in known.items() if name in inspect.signature(make).parameters})


def file_name(kind: str, spec: Experiment) -> str:
    """What to call the file: architecture, task and the record's first digits."""
    words = re.sub(r"[^a-z0-9_-]+", "", f"{spec.architecture}-{spec.task}".lower())[:60]
    return f"{words}-{spec.id[:8]}-{EXPORTS[kind].ending}"
