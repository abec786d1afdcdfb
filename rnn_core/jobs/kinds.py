"""The kinds of work that the engine carries out: how each record is read, and who carries it out."""
from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rnn_core.experiment import Experiment
from rnn_core.race import Race, RaceRun
from rnn_core.run import Run


@dataclass(frozen=True)
class Kind:
    """One kind of work: the class of its records, and the class of the runs that carry them out.

    ``title(record)`` is its line in a list, ``check(record, name, value)`` raises ValueError, in one sentence, for a
    setting that cannot become this, ``experiments(record)`` are the trainings that are in memory at the same time,
    and ``task(record)`` is the task whose metric its history shows, None where that is not one number.
    """

    record: Any
    run: Any
    title: Callable[[Any], str]
    check: Callable[[Any, str, float], None]
    experiments: Callable[[Any], list[Experiment]]
    task: Callable[[Any], Any]


def _check(spec: Experiment, name: str, value: float) -> None:
    if name not in type(spec.learner_settings).model_fields:
        raise ValueError(f"The learner {spec.learner} has no setting “{name[:40]}”.")
    spec.with_(**{name: value})


def _nothing_changes(race: Race, name: str, value: float) -> None:
    raise ValueError("Nothing can be changed in the middle of a race: it would no longer be fair.")


KINDS = {"experiment": Kind(Experiment, Run, lambda spec: f"{spec.architecture} · {spec.task} · {spec.learner}", _check,
                            lambda spec: [spec], Experiment.make_task),
         "race": Kind(Race, RaceRun, lambda race: race.title, _nothing_changes, Race.experiments, lambda _: None)}


def kind_of(record: Any) -> Kind:
    """The kind of a record; raises ValueError, in one sentence, for what the engine cannot carry out."""
    for kind in KINDS.values():
        if isinstance(record, kind.record):
            return kind
    raise ValueError("The engine cannot carry this out.")


def read(text: str) -> tuple[Kind, Any]:
    """Kind and record of what ``to_json`` wrote; a record that names no kind is an experiment.

    Raises ValueError, in one sentence, for any other text.
    """
    try:
        name = dict(json.loads(text)).get("kind", "experiment")
    except (RecursionError, TypeError, ValueError):
        raise ValueError("This is not a record.") from None
    if not isinstance(name, str) or name not in KINDS:
        raise ValueError("This record is of a kind that this version does not know.")
    return KINDS[name], KINDS[name].record.from_json(text)
