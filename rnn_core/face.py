"""The public face's hands: analyses that also take a run, an experiment or a network's trace."""
from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from itertools import takewhile
from typing import Any

from rnn_core import catalogue
from rnn_core.experiment import Experiment
from rnn_core.records import NetworkTrace
from rnn_core.run import Run

SUBJECTS = ("trace", "network", "batch", "loss", "task", "history")


def ready(analysis: Callable[..., Any]) -> Callable[..., Any]:
    """An analysis that also takes a Run or an Experiment in place of its subject.

    The subject is whichever of ``trace``, ``network``, ``batch``, ``loss``, ``task`` and ``history`` its signature
    begins with. A run gives its network, held-out sequences (the first ``rows`` of them), task, loss and history, at
    the moment ``update`` of its tape if one is named; an experiment gives its fresh network. A NetworkTrace stands for
    its first pass. An analysis that begins with none of these asks about a network that relaxes, of which there are no
    runs: ValueError, in one sentence.
    """
    subject = list(takewhile(SUBJECTS.__contains__, inspect.signature(analysis).parameters))

    @wraps(analysis)
    def call(what: Any, *args: Any, rows: int = 16, update: int | None = None, **options: Any) -> Any:
        if isinstance(what, NetworkTrace) and subject[:1] == ["trace"]:
            what = what.main
        if not isinstance(what, Run | Experiment):
            return analysis(what, *args, **options)
        if not subject:
            raise ValueError(f"“{analysis.__name__}” asks about a network that relaxes, not about a run along a "
                             "sequence.")
        run = what if isinstance(what, Run) else Run(what)
        run = run if update is None else run.then(update)
        batch = run.held_out.rows(slice(0, rows))
        parts = {"network": run.network, "batch": batch, "loss": run.task.loss, "task": run.task}
        if "trace" in subject:
            parts["trace"] = run.network.trace(batch.x, mask=batch.mask).main
        if "history" in subject:
            parts["history"] = run.history
        return analysis(*(parts[name] for name in subject), *args, **options)

    return call


def analysis(name: str) -> Callable[..., Any]:
    """The analysis with this name, ready for runs and experiments; AttributeError when there is none."""
    functions = catalogue.analysis_functions()
    if name not in functions:
        raise AttributeError(f"rnn_core has no “{name}”.")
    return ready(functions[name])
