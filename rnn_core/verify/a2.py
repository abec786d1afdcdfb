"""A2, Elman's network: it equals torch.nn.RNN, and finds structure in time."""
from __future__ import annotations

import statistics
from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.against_torch import INPUTS, UNITS, against_torch
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick, same

SEEDS = (0, 1, 2)


@quick
def equals_torch() -> Iterator[Finding]:
    """Outputs and gradients equal those of torch.nn.RNN."""
    for function in ("tanh", "relu"):
        module = torch.nn.RNN(INPUTS, UNITS, nonlinearity=function, batch_first=True)
        yield from against_torch(module, f"Elman, {function}")


@quick
def context_units() -> Iterator[Finding]:
    """The context units copy the hidden units of the step before, one for one with weight 1, and R hears the copy."""
    cell = rc.make_cell("elman", INPUTS, hidden_size=UNITS).double()
    trace = rc.unroll(cell, torch.randn(3, 7, INPUTS, dtype=torch.float64))
    graph = rc.step_graph(trace)
    for node, reads in (("u", "h₋"), ("a", "R W b u x")):
        yield equal(f"what {node} reads in the graph of a step", reads,
                    " ".join(sorted(a for a, b in graph.edges if b == node)))
    yield same("u_t and the state that enters", graph.node("u").value, trace.entering.h, 0.0)
    yield same("u_t and h_{t−1} at every step", graph.node("u").value[:, 1:], graph.node("h").value[:, :-1], 1e-12)
    x, h = torch.randn(1, INPUTS, dtype=torch.float64), torch.randn(1, UNITS, dtype=torch.float64)
    state = type(cell.initial_state(1))
    weights = torch.autograd.functional.jacobian(lambda v: cell.step(x, state(v))[2]["u"], h)
    yield same("∂u_t/∂h_{t−1} and the identity", weights[0, :, 0], torch.eye(UNITS, dtype=torch.float64), 0.0)


@quick
def counts() -> Iterator[Finding]:
    """The number of parameters is H(I + H + 1)."""
    cell = rc.make_cell("elman", 10, hidden_size=20)
    yield equal("parameters at I = 10, H = 20", 20 * (10 + 20 + 1), sum(p.numel() for p in cell.parameters()))


@long
def finds_structure() -> Iterator[Finding]:
    """On temporal XOR the error falls at every third bit only, over three seeds."""
    known, unknown, means, fresh = [], [], [], []
    for seed in SEEDS:
        spec = rc.Experiment.of("elman", "temporal_xor", hidden_size=8, learning_rate=0.02, updates=800, length=30,
                                seed=seed)
        run = rc.Run(spec)
        batch = run.task.sample(500, torch.Generator().manual_seed(100 + seed))
        fresh.append(_errors(run, batch).mean().item())
        for _ in run.training():
            pass
        errors = _errors(run, batch)
        known.append(errors[1].item())
        unknown.append((errors[0] + errors[2]).item() / 2)
        means.append(errors.mean().item())
    yield equal("always saying one half", 0.25, run.task.baseline().value)
    yield above("mean error before training, smallest of three seeds", 0.2, min(fresh))
    yield below("error where the bit follows from the last two, best of three seeds", 0.005, min(known))
    yield below("error where the bit follows from the last two, median", 0.02, statistics.median(known))
    yield near("error where the bit is a coin, median of three seeds", 0.25, statistics.median(unknown), 0.01)
    yield near("mean error, median of three seeds", 1 / 6, statistics.median(means), 0.005)
    yield same("the outputs, by a loop written out here", run.network(batch.x), _by_hand(run.network, batch.x), 1e-5)


@long
def finds_words() -> Iterator[Finding]:
    """In a stream of ba, dii and guuu the error is high where a word begins and nowhere else, over three seeds."""
    begins, inside, sure, peaks, means = [], [], [], [], []
    floor, quietest = 2 * (1 / 3 * 2 / 3) / 6, 2 * (1 / 3) ** 2 / 6           # high and back, on in ⅓; for b both are 0
    for seed in SEEDS:
        spec = rc.Experiment.of("elman", "letters", hidden_size=12, learning_rate=0.02, updates=200, length=30,
                                seed=seed)
        run = rc.train(spec, quiet=True)
        batch = run.task.sample(500, torch.Generator().manual_seed(100 + seed))
        squared = (run.network(batch.x).detach() - batch.target).pow(2)
        errors, consonant = squared.mean(-1), batch.target[..., 0] == 1
        begins.append(errors[consonant].mean().item())
        inside.append(errors[~consonant].mean().item())
        sure.append(squared[..., 0][consonant].mean().item())
        peaks.append(((errors > quietest / 2) == consonant).float().mean().item())
        means.append(errors.mean().item())
    guessing, known = (float(v.mean()) for v in run.task.errors())
    share = batch.target[..., 0].mean().item()
    yield near("the task's floor, enumerated: share of consonants × floor at one", share * floor, known, 0.0005)
    yield near("words: mean error, median of three seeds", known, statistics.median(means), 0.002)
    yield above("always saying how often a feature is on costs more than that, by a factor of", 5, guessing / known)
    yield near("error at consonants, median of three seeds: only two of six features are open", floor,
               statistics.median(begins), 0.004)
    yield below("error at vowels, best of three seeds", 0.001, min(inside))
    yield below("error at vowels, median of three seeds", 0.002, statistics.median(inside))
    yield above("share of steps whose error tells a consonant from a vowel, worst of three seeds", 0.99, min(peaks))
    yield below("error of the feature “consonant” at consonants, worst of three seeds", 0.01, max(sure))


@torch.no_grad()
def _errors(run: rc.Run, batch: rc.Batch) -> Tensor:
    """Mean squared error at the three places of a triple: (second bit, the bit that follows, first bit)."""
    squared = (run.network(batch.x) - batch.target).pow(2).squeeze(-1)
    return torch.stack([squared[:, place::3].mean() for place in range(3)])


@torch.no_grad()
def _by_hand(network: torch.nn.Module, x: Tensor) -> Tensor:
    """Elman's equations, one sequence of one number a step at a time."""
    cell, readout = network.cells[0], network.readout
    h, said = torch.zeros(len(x), 8), []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] * cell.W[:, 0] + (cell.R * h.unsqueeze(1)).sum(-1) + cell.b)
        said.append((h * readout.V).sum(-1, keepdim=True) + readout.d)
    return torch.stack(said, 1)
