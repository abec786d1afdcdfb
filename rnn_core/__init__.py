"""The RNN explorer's core: recurrent networks as pure steps, and everything that can be seen in them.

    import rnn_core as rc
    run = rc.train(rc.Experiment.of("lstm", "adding", hidden_size=16, updates=1500))
    rc.figures.gradient_norms(rc.gradient_norms(run))

Every analysis in ``rnn_core/analysis`` is a function here, by the name of its file; it takes what its docstring says,
or a run, or an experiment (then of the fresh network).
"""
from __future__ import annotations

from typing import Any

from rnn_core import exports, figures, viewer
from rnn_core.adopt import from_torch
from rnn_core.catalogue import CatalogueError, add_folder, analyses, architectures, rows, wirings
from rnn_core.catalogue import learner_cards as learners
from rnn_core.catalogue import task_cards as tasks
from rnn_core.cells.base import Cell, RecurrentSettings
from rnn_core.experiment import Experiment, make_cell
from rnn_core.face import analysis as _analysis
from rnn_core.learners.hebb import imprint
from rnn_core.loading import load
from rnn_core.race import Race, race
from rnn_core.records import (
    Batch,
    Card,
    Command,
    Intervention,
    NetworkTrace,
    Progress,
    Result,
    Settings,
    Story,
    Trace,
    describe_settings,
    setting,
)
from rnn_core.run import Run, train, training
from rnn_core.saving import DamagedRun
from rnn_core.unroll import relax, unroll, unroll_tree
from rnn_core.verify import verify
from rnn_core.version import VERSION

__version__ = VERSION
__all__ = ["Batch", "Card", "CatalogueError", "Cell", "Command", "DamagedRun", "Experiment", "Intervention",
           "NetworkTrace", "Progress", "Race", "RecurrentSettings", "Result", "Run", "Settings", "Story", "Trace",
           "add_folder", "analyses", "architectures", "describe_settings", "exports", "figures", "from_torch",
           "imprint", "learners", "load", "make_cell", "race", "relax", "rows", "setting", "tasks", "train",
           "training", "unroll", "unroll_tree", "verify", "viewer", "wirings"]


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return _analysis(name)
