"""The public face's hands: analyses that also take a run, an experiment or a network's trace."""
from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from functools import wraps
from itertools import takewhile
from typing import Any

from rnn_core import catalogue
from rnn_core.experiment import Experiment
from rnn_core.records import Batch, NetworkTrace, Rule
from rnn_core.records.trees import tmap
from rnn_core.run import Run

SUBJECTS = ("trace", "network", "batch", "loss", "task", "history", "rules", "sized", "population")


def ready(analysis: Callable[..., Any]) -> Callable[..., Any]:
    """An analysis that also takes a Run or an Experiment in place of its subject.

    The subject is whichever of ``trace``, ``network``, ``batch``, ``loss``, ``task``, ``history``, ``rules``,
    ``sized`` and ``population`` its signature begins with. A run gives its network, held-out sequences (the first
    ``rows`` of them), task, loss, history, every learning rule that fits it and the networks that its own rule keeps,
    at the moment ``update`` of its tape if one is named; an
    experiment gives its fresh network. A NetworkTrace stands for its first pass. An analysis that begins with none of
    these asks about a network that relaxes, of which there are no runs: ValueError, in one sentence.
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
        if "rules" in subject:
            parts["rules"] = rules(run)
        if "population" in subject:
            parts["population"] = run.learner.told()
        if "sized" in subject:
            parts["sized"] = lambda units, length: of_size(run.spec, units, length)
        return analysis(*(parts[name] for name in subject), *args, **options)

    return call


def rules(run: Run) -> dict[str, Rule]:
    """Every learning rule with a gradient that fits the run's network, on a copy of it in float64.

    The run's own rule has the settings of the run, the others have their defaults.
    """
    found, network = {}, copy.deepcopy(run.network).double()
    for name, kind in catalogue.learner_classes().items():
        try:
            spec = run.spec.with_(learner=name)
        except ValueError:
            continue
        rule = kind.rule(network, run.task, spec.learner_settings)
        if rule is not None:
            found[name] = rule
    return found


def of_size(spec: Experiment, units: int | None, length: int) -> tuple[dict[str, Rule], Batch]:
    """The rules on a fresh network with so many units, or as many as it has, and a sequence of so many steps.

    The sequence is one of the task's, repeated, with an error at every step.
    """
    run = Run(spec if units is None else spec.with_(hidden_size=units))
    one = run.task.sample(1, run.streams.data)

    def repeated(v: Any) -> Any:
        times = -(-length // v.shape[1])
        return v.repeat(1, times, *[1] * (v.dim() - 2))[:, :length]

    batch = Batch(tmap(repeated, one.x), repeated(one.target))
    return rules(run), batch


def analysis(name: str) -> Callable[..., Any]:
    """The analysis with this name, ready for runs and experiments; AttributeError when there is none."""
    functions = catalogue.analysis_functions()
    if name not in functions:
        raise AttributeError(f"rnn_core has no “{name}”.")
    return ready(functions[name])
