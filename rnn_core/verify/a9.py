"""A9, two passes from both ends: it equals torch's bidirectional modules, and knows what a forward pass cannot."""
from __future__ import annotations

import statistics
from collections.abc import Iterator

import torch
from torch import Tensor, nn

import rnn_core as rc
from rnn_core.verify.against_torch import INPUTS, LENGTHS, UNITS, WITHIN
from rnn_core.verify.check import Finding, below, equal, gradients, near, quick, same

SEEDS, UPDATES, AHEAD = (0, 1, 2), 80, 2
LETTERS = {"weight_ih": "W", "weight_hh": "R", "bias_ih": "b"}


@quick
def equals_torch() -> Iterator[Finding]:
    """Outputs, final states and every gradient equal those of torch's two-way LSTM, GRU and RNN, ragged, in float64."""
    b, t = len(LENGTHS), int(LENGTHS.max())
    mask = torch.arange(t) < LENGTHS.unsqueeze(1)
    for kind, layers in ((nn.LSTM, 1), (nn.GRU, 1), (nn.RNN, 1), (nn.LSTM, 2)):
        module = kind(INPUTS, UNITS, layers, batch_first=True, bidirectional=True).double()
        x = torch.randn(b, t, INPUTS, dtype=torch.float64).masked_fill(~mask.unsqueeze(-1), torch.nan).requires_grad_()
        packed = nn.utils.rnn.pack_padded_sequence(x, LENGTHS, batch_first=True)
        got, last = module(packed)
        out, _ = nn.utils.rnn.pad_packed_sequence(got, batch_first=True)
        final = last[0] if kind is nn.LSTM else last
        network = rc.from_torch(module)
        weighs = torch.randn_like(out)
        theirs, ours, names = [], [], []
        for k, cell in enumerate(network.cells):
            ending = f"_l{k // 2}{'_reverse' * (k % 2)}"
            for long_name, letter in LETTERS.items():
                theirs.append(getattr(module, long_name + ending))
                ours.append(getattr(cell, letter))
                names.append(letter)
        expected = gradients((out * weighs).sum(), [x, *theirs])
        name = f"{kind.__name__}, {layers} layer{'s' * (layers > 1)}"
        trace = network.trace(x, mask=mask)
        for road, y in (("trace", trace.outputs), ("fast road", network(x, mask=mask))):
            found = gradients((y * weighs).sum(), [x, *ours])
            yield same(f"{name}, {road}: outputs", y, out, WITHIN)
            yield same(f"{name}, {road}: gradients of the inputs", found[0][mask], expected[0][mask], WITHIN)
            yield same(f"{name}, {road}: gradients of {len(names)} weights", found[1:], expected[1:], WITHIN)
        if kind is nn.GRU:
            mine = gradients((trace.outputs * weighs).sum(), [cell.c for cell in network.cells])
            yours = gradients((out * weighs).sum(), [module.bias_hh_l0, module.bias_hh_l0_reverse])
            yield same(f"{name}: gradients of c, inside the reset", mine, [v[2 * UNITS:] for v in yours], WITHIN)
        yield same(f"{name}: final states of all passes", [p.final.h for p in trace.passes], list(final), WITHIN)


@quick
def the_backward_pass_knows_no_past() -> Iterator[Finding]:
    """The backward state of step t is the same, bit for bit, whatever came before; the forward one, whatever after."""
    x, t = torch.randn(3, 8, INPUTS), 4
    earlier, later = x.clone(), x.clone()
    earlier[:, :t], later[:, t + 1:] = torch.randn(3, t, INPUTS), torch.randn(3, 8 - t - 1, INPUTS)
    for kind in (nn.LSTM, nn.GRU, nn.RNN):
        network = rc.from_torch(kind(INPUTS, UNITS, batch_first=True, bidirectional=True))
        plain, other, third = (network.trace(v).passes for v in (x, earlier, later))
        yield same(f"{kind.__name__}: backward states from step {t} on, with another past",
                   other[1].states.h[:, t:], plain[1].states.h[:, t:], 0)
        yield same(f"{kind.__name__}: forward states up to step {t}, with another future",
                   third[0].states.h[:, :t + 1], plain[0].states.h[:, :t + 1], 0)
        changed = (other[1].states.h[:, :t] != plain[1].states.h[:, :t]).any(-1).float().mean()
        yield equal(f"{kind.__name__}: share of earlier backward states that did change", 1.0, float(changed))


@quick
def looks_ahead() -> Iterator[Finding]:
    """Labels that lie two steps ahead: two-way learns them all, one-way stays at guessing; three seeds."""
    scores: dict[str, list[float]] = {"single": [], "bidirectional": []}
    for wiring, units in (("single", 16), ("bidirectional", 10)):
        for seed in SEEDS:
            spec = rc.Experiment.of("elman", "look_ahead", wiring=wiring, hidden_size=units, ahead=AHEAD, length=12,
                                    learning_rate=0.03, updates=UPDATES, seed=seed)
            run = rc.train(spec, quiet=True)
            batch = run.task.sample(500, torch.Generator().manual_seed(100 + seed))
            y = run.network(batch.x).detach()
            scores[wiring].append(_right(y, batch))
    weights = f"{run.network.parameter_count} weights, {UPDATES} updates"
    two, one = scores["bidirectional"], scores["single"]
    yield equal("guessing", 0.5, run.task.baseline().value)
    yield equal(f"two-way, {weights}: share of labels right, best of three seeds", 1.0, max(two))
    yield near(f"two-way, {weights}: share of labels right, median", 1.0, statistics.median(two), 0.005)
    yield below(f"one-way with more units, {UPDATES} updates: share of labels right, best of three seeds", 0.53,
                max(one))


def _right(y: Tensor, batch: rc.Batch) -> float:
    """The share of labels that are the symbol two steps later, counted from the inputs."""
    shown = batch.x.argmax(-1)
    return float((y[:, :-AHEAD].argmax(-1) == shown[:, AHEAD:]).float().mean())
