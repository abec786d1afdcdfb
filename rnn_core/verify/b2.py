"""B2, truncated BPTT(k1; k2): exact with the horizon at the full length, and blind, exactly, beyond it."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, gradients, long, quick, same
from rnn_core.verify.rules import UNITS, T, a_run, drawn, exact

LAG = 12
SEEDS = (21, 22, 23, 24, 25, 26, 27)


@quick
def at_full_length_it_is_bptt() -> Iterator[Finding]:
    """k2 ≥ T: the gradient of the whole unrolled graph, whatever k1 is, on ragged sequences too."""
    for architecture in ("elman", "lstm", "gru", "jordan"):
        for ragged in (False, True):
            run = a_run(architecture, "truncated_bptt", ragged=ragged)
            batch, teacher = drawn(run)
            wanted = exact(run, batch, teacher)[1]
            found = [_by_rule(run, batch, teacher, k1, k2) for k1, k2 in ((1, T), (3, T), (T, T), (T + 5, T + 9))]
            words = "ragged sequences" if ragged else "sequences of one length"
            yield same(f"{architecture}, {words}: k1 = 1, 3, T and beyond", [v for g in found for v in g], wanted * 4,
                       1e-12)


@quick
def beyond_the_horizon_there_is_nothing() -> Iterator[Finding]:
    """x_t is 1 at its own input t, so that column t of W hears step t alone; only the last step has an error."""
    for kind in (torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU):
        for k1, k2 in ((1, 4), (2, 4), (4, 4), (T, 7), (1, 1)):
            network, batch = _marked(kind)
            run = rc.Run(rc.Experiment.of("elman", "adding", "truncated_bptt", window_every=k1, window_back=k2))
            learner = type(run.learner)(network, run.task, run.learner.settings, run.streams)
            name, W = next((n, p) for n, p in network.named_parameters() if n.endswith("W") and p.shape[1] == T)
            column = dict(zip((n for n, _ in network.named_parameters()), learner.gradient(batch)[1]))[name]
            whole, = gradients(run.task.loss(network.trace(batch.x).outputs, batch), [W])
            title = f"{kind.__name__}, k1 = {k1}, k2 = {k2}"
            yield same(f"{title}: lags up to k2 − 1 as in BPTT", column[:, T - k2:], whole[:, T - k2:], 1e-12)
            yield equal(f"{title}: entries beyond that are not 0", 0, int((column[:, :T - k2] != 0).sum()))
            yield above(f"{title}: BPTT has something there", 1e-9, float(whole[:, :T - k2].abs().max()))


@quick
def windows_by_hand() -> Iterator[Finding]:
    """Every window differentiated apart, from the state that the whole sequence brought, and added up here."""
    for k1, k2 in ((3, 5), (4, 4), (5, 2), (1, 3)):
        run = a_run("gru", "truncated_bptt")
        batch, _ = drawn(run)
        total = [torch.zeros_like(p) for p in run.learner.parameters]
        with torch.no_grad():
            states = run.network.trace(batch.x).main.nodes
        for first in range(0, T, k1):
            last = min(first + k1, T)
            start = max(0, last - k2)
            y = run.network.trace(batch.x[:, start:last], state=states[start]).outputs
            heard = max(first, start)
            loss = (y[:, heard - start:] - batch.target[:, heard:last]).pow(2).sum() / batch.target.numel()
            total = [a + g for a, g in zip(total, gradients(loss, run.learner.parameters), strict=True)]
        yield same(f"k1 = {k1}, k2 = {k2}", _by_rule(run, batch, None, k1, k2), total, 1e-12)


@quick
def what_it_costs() -> Iterator[Finding]:
    """Steps that are run for one gradient, counted: k2 for each of the ⌈T/k1⌉ windows that have them."""
    for k1, k2 in ((1, 4), (2, 4), (4, 4), (5, 2)):
        run = a_run("elman", "truncated_bptt")
        batch, _ = drawn(run)
        cell, counted = run.network.cells[0], [0]
        advance = cell.advance

        def counting(drive: Any, state: Any, advance: Any = advance, counted: list[int] = counted) -> Any:
            counted[0] += 1
            return advance(drive, state)

        cell.advance = counting
        _by_rule(run, batch, None, k1, k2)
        ends = [min(first + k1, T) for first in range(0, T, k1)]
        skipped = sum(max(0, max(0, end - k2) - first) for first, end in zip(range(0, T, k1), ends))
        yield equal(f"k1 = {k1}, k2 = {k2}: steps run", sum(min(k2, end) for end in ends) + skipped, counted[0])


@long
def learns_what_it_can_hear() -> Iterator[Finding]:
    """A symbol kept for 12 steps, median of seven seeds: a horizon over all of them learns it, most with one of 3 fail.

    Not every seed: what fresh weights happen to carry past the horizon can be read out without any blame.
    """
    right = {k2: sorted(_accuracy(k2, seed) for seed in SEEDS) for k2 in (LAG + 1, 3)}
    middle = len(SEEDS) // 2
    yield above(f"median accuracy with k2 = {LAG + 1}", 0.95, right[LAG + 1][middle])
    yield below("median accuracy with k2 = 3", 0.7, right[3][middle])


def _accuracy(k2: int, seed: int) -> float:
    run = rc.train(rc.Experiment.of("lstm", "delayed_recall", "truncated_bptt", lag=LAG, symbols=4, hidden_size=12,
                                    window_every=LAG + 1, window_back=k2, learning_rate=0.03, updates=400, seed=seed),
                   quiet=True)
    return run.measure()[1]


def _by_rule(run: rc.Run, batch: rc.Batch, teacher: Tensor | None, k1: int, k2: int) -> list[Tensor]:
    run.learner.settings = run.learner.settings.model_copy(update={"window_every": k1, "window_back": k2})
    return run.learner.gradient(batch, teacher)[1]


def _marked(kind: Any) -> tuple[Any, rc.Batch]:
    """A network of torch's, and two sequences in which input t is 1 at step t alone; the last step alone counts."""
    torch.manual_seed(0)
    network = rc.from_torch(kind(T, UNITS, batch_first=True).double())
    scored = torch.zeros(2, T, dtype=torch.bool)
    scored[:, -1] = True
    return network, rc.Batch(torch.eye(T).double().expand(2, T, T), torch.randn(2, T, UNITS).double(), None, scored)
