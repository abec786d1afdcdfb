"""A5, the deep stack: it equals torch's, a shortcut beside nothing is the identity, shortcuts carry the error down."""
from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, gradients, long, near, quick, same

B, T, INPUTS, UNITS, DEEPEST, SEEDS, UPDATES = 3, 7, 4, 5, 12, (0, 1, 2), 300
CELLS = {"elman": {}, "indrnn": {}, "lstm": {}, "LSTM with peepholes": {"variant": "peepholes"}, "gru": {},
         "GRU, first form": {"variant": "v1"}}


@quick
def equals_torch() -> Iterator[Finding]:
    """Three layers equal those of torch.nn, outputs and every gradient."""
    for name, kind in (("RNN", torch.nn.RNN), ("LSTM", torch.nn.LSTM), ("GRU", torch.nn.GRU)):
        module = kind(INPUTS, UNITS, num_layers=3, batch_first=True).double()
        network = rc.from_torch(module)
        x = torch.randn(B, T, INPUTS, dtype=torch.float64, requires_grad=True)
        weigh = torch.randn(B, T, UNITS, dtype=torch.float64)
        ours, theirs = network.trace(x).outputs, module(x)[0]
        yield same(f"{name}: outputs", ours, theirs, 1e-10)
        layers = network.cells[0].layers
        mine = gradients((ours * weigh).sum(), [x, *(p for c in layers for p in (c.W, c.R))])
        yours = gradients((theirs * weigh).sum(), [x, *(getattr(module, f"weight_{k}h_l{n}") for n in range(3)
                                                        for k in "ih")])
        yield same(f"{name}: gradients of inputs, W and R", mine, yours, 1e-10)


@quick
def nothing_beside_a_shortcut_is_the_identity() -> Iterator[Finding]:
    """Layers with a shortcut and with all weights at zero change nothing, in any cell and at any depth."""
    for name, settings in CELLS.items():
        for depth in (2, DEEPEST):
            stack = _stack(name, depth, residual=True, **settings)
            with torch.no_grad():
                for layer in stack.layers[1:]:
                    for p in layer.parameters():
                        p.zero_()
            x = torch.randn(B, T, INPUTS, dtype=torch.float64)
            yield same(f"{name}, {depth} layers: outputs are those of the first", rc.unroll(stack, x).outputs,
                       rc.unroll(stack.layers[0], x).outputs, 0.0)


@quick
def layer_after_layer() -> Iterator[Finding]:
    """A stack at once equals its layers one after another over the whole sequence, with and without shortcuts."""
    x = torch.randn(B, T, INPUTS, dtype=torch.float64)
    for name, settings in CELLS.items():
        for depth in (1, 3, DEEPEST):
            for residual in (False, True):
                stack, under = _stack(name, depth, residual, **settings), x
                for layer in stack.layers:
                    out = rc.unroll(layer, under).outputs
                    under = out + under if residual and out.shape == under.shape else out
                yield same(f"{name}, {depth} layers{' with shortcuts' * residual}", rc.unroll(stack, x).outputs, under,
                           1e-12)


@quick
def counts() -> Iterator[Finding]:
    """The number of parameters is the sum over the layers; shortcuts cost nothing."""
    for depth, expected in ((1, 10 * 20 + 20 * 20 + 20), (3, 10 * 20 + 20 * 20 + 20 + 2 * (2 * 20 * 20 + 20))):
        for residual in (False, True):
            spec = rc.Experiment.of("elman", "delayed_recall", wiring="stack", layers=depth, residual=residual,
                                    symbols=9, hidden_size=20)
            cell = spec.make_network().cells[0]
            yield equal(f"Elman, {depth} layers{' with shortcuts' * residual}, I = 10, H = 20", expected,
                        sum(p.numel() for p in cell.parameters()))


@quick
def gradients_of_layers() -> Iterator[Finding]:
    """‖λ^l‖ of each layer equals central differences of the loss in every state."""
    for residual in (False, True):
        spec = rc.Experiment.of("elman", "delayed_recall", wiring="stack", layers=3, residual=residual, hidden_size=2,
                                lag=3, symbols=2)
        run = rc.Run(spec)
        network, batch = run.network.double(), run.held_out.rows(slice(0, 2))
        batch = rc.Batch(batch.x.double(), batch.target, batch.mask)
        found = rc.layer_gradients(network, batch, run.task.loss)
        slopes = _by_differences(network, batch, run)
        yield same(f"three layers{' with shortcuts' * residual}", found.norms, slopes, 1e-8)


@quick
def shortcuts_carry_the_error_down() -> Iterator[Finding]:
    """In a fresh LSTM of twelve layers the error fades on its way down, beside shortcuts it does not; three seeds."""
    for seed in SEEDS:
        ratio = {}
        for residual in (False, True):
            spec = rc.Experiment.of("lstm", "delayed_recall", wiring="stack", layers=DEEPEST, residual=residual,
                                    hidden_size=16, seed=seed)
            heard = rc.layer_gradients(spec).median
            ratio[residual] = float(heard[0] / heard[-1])
        yield below(f"seed {seed}, without shortcuts: lowest layer against the top", 0.01, ratio[False])
        yield above(f"seed {seed}, with shortcuts: lowest layer against the top", 1.0, ratio[True])


@long
def twelve_layers_learn_with_shortcuts() -> Iterator[Finding]:
    """Delayed recall with an LSTM of twelve layers: learnt with shortcuts and not without; three seeds."""
    scores: dict[bool, list[float]] = {}
    task: Any = None
    for residual in (True, False):
        for seed in SEEDS:
            spec = rc.Experiment.of("lstm", "delayed_recall", wiring="stack", layers=DEEPEST, residual=residual,
                                    hidden_size=16, learning_rate=0.01, updates=UPDATES, seed=seed)
            run = rc.train(spec, quiet=True)
            task = run.task
            batch = task.sample(1000, torch.Generator().manual_seed(100 + seed))
            scores.setdefault(residual, []).append(task.metric(run.network(batch.x).detach(), batch))
    yield near("guessing one of four symbols", 0.25, task.baseline().value, 0.0)
    words = f"{UPDATES} updates: accuracy"
    yield above(f"with shortcuts, {words}, best of three seeds", 0.99, max(scores[True]))
    yield above(f"with shortcuts, {words}, median of three seeds", 0.95, statistics.median(scores[True]))
    yield below(f"without, {words}, best of three seeds", 0.35, max(scores[False]))


@torch.no_grad()
def _stack(name: str, depth: int, residual: bool, **settings: str) -> torch.nn.Module:
    """A stack in float64, four inputs, with random biases."""
    architecture = name.lower().replace(",", " ").split()[0]
    spec = rc.Experiment.of(architecture, "delayed_recall", wiring="stack", layers=depth, residual=residual,
                            symbols=INPUTS - 1, hidden_size=UNITS, **settings)
    stack = spec.make_network().cells[0].double()
    for p in stack.parameters():
        if p.dim() == 1:
            p.normal_()
    return stack


@torch.no_grad()
def _by_differences(network: torch.nn.Module, batch: rc.Batch, run: rc.Run) -> Tensor:
    """(b, l): the slope of each sequence's loss in every unit of every layer as it enters every step."""
    stack, (b, steps) = network.cells[0], batch.x.shape[:2]

    def total(row: int, moved: tuple[int, int, int] | None = None, by: float = 0.0) -> float:
        x, said = batch.x[row:row + 1], []
        state = stack.initial_state(1)
        for t in range(steps):
            if moved is not None and moved[0] == t:
                h = state[moved[1]].h.clone()
                h[0, moved[2]] += by
                state = tuple(type(s)(h) if n == moved[1] else s for n, s in enumerate(state))
            out, state, _ = stack.step(x[:, t], state)
            said.append(network.readout(out))
        return float(run.task.loss(torch.stack(said, 1), batch.rows(slice(row, row + 1))))

    slopes = torch.zeros(b, len(stack.layers), steps, 2, dtype=torch.float64)
    for row, layer, t, unit in torch.cartesian_prod(*map(torch.arange, slopes.shape)).tolist():
        ends = [total(row, (t, layer, unit), by) for by in (1e-5, -1e-5)]
        slopes[row, layer, t, unit] = (ends[0] - ends[1]) / 2e-5
    return slopes.flatten(2).norm(dim=-1)
