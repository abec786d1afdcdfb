"""Which combinations of parts are tried: every part in company that it must get along with, not every product."""

from __future__ import annotations

import itertools

from rnn_core import catalogue

PLAIN, ODD = ("elman", "gru", "lstm"), ("jordan",)


def fits(architecture: str, wiring: str, task: str = "", learner: str = "bptt") -> bool:
    """Whether these can be one network, one that is made for the task, and one that the rule can teach."""
    cell, wired = catalogue.cell_classes()[architecture], catalogue.network_classes()[wiring]
    along = catalogue.task_classes()[task].runs_along if task else "sequence"
    if task:
        try:
            catalogue.task_classes()[task].check_wiring(wired)
            catalogue.learner_classes()[learner].check(cell, catalogue.task_classes()[task])
            catalogue.learner_classes()[learner].check_wiring(wired)
        except ValueError:
            return False
    return along in cell.runs_along and (wired.takes_speakers or not cell.speaks)


def architectures_with_wirings() -> list[tuple[str, str]]:
    """Every architecture alone, and in every other wiring those that stand for all."""
    alone = [(a, "single") for a in catalogue.cell_classes()]
    wired = [(a, w) for a, w in itertools.product(PLAIN, catalogue.network_classes()) if w != "single"]
    return [pair for pair in alone + wired if fits(*pair)]


def combinations() -> list[tuple[str, str, str, str]]:
    """(architecture, wiring, task, learner): every architecture on two tasks, every task under two architectures and
    every wiring, every learner, in all company that fits."""
    tasks, learners = list(catalogue.task_classes()), sorted(catalogue.learner_classes())
    chosen = [(a, w, t, learners[0]) for a, w in architectures_with_wirings() for t in ("adding", "delayed_recall")]
    chosen += [(a, "single", t, learners[0]) for t in tasks for a in (PLAIN[-1], *ODD)]
    chosen += [(PLAIN[-1], w, t, learners[0]) for t in tasks for w in catalogue.network_classes()]
    for rule in learners:
        pairs = itertools.product(catalogue.cell_classes(), tasks)
        taught = ((a, "single", t, rule) for a, t in pairs if fits(a, "single", t, rule))
        chosen += [(a, "single", "adding", rule) for a in (*PLAIN, *ODD)] + list(itertools.islice(taught, 3))
    return list(dict.fromkeys(one for one in chosen if fits(*one)))
