"""A1, the fully recurrent net: real-time recurrent learning, written out, finds the gradient; XOR comes a step late."""
from __future__ import annotations

import statistics
from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, gradients, long, near, quick, same

B, T, INPUTS, HIDDEN, OUTPUTS = 3, 8, 3, 4, 3
SEEDS, UPDATES, LENGTH = (0, 1, 2), 600, 24
MASKS = ("full", "no-self", "ring", "triangle")


@quick
def follows_its_equations() -> Iterator[Finding]:
    """Outputs of a loop written out here, with a teacher who speaks at random steps and without one."""
    for voice in ("linear", "sigmoid", "tanh"):
        network, x, teacher = _setting(output_activation=voice)
        for who, said in (("a teacher", teacher), ("nobody to teach", torch.full_like(teacher, torch.nan))):
            yield same(f"{voice} outputs with {who}", network.trace(x, teacher=said).outputs,
                       _run(network.cells[0], x, said)[0], 1e-12)


@quick
def equals_real_time_recurrent_learning() -> Iterator[Finding]:
    """P_t = D_t ((M ⊙ R) F P_{t−1} + ∂a/∂θ) and g = Σ_t ε_tᵀ P_t, written out here, beside autograd through time.

    F is 0 for the units that the teacher overwrites and 1 for all others.
    """
    for mask in MASKS:
        for voice in ("linear", "tanh"):
            network, x, teacher = _setting(connections=mask, output_activation=voice)
            cell = network.cells[0]
            target = torch.randn(B, T, OUTPUTS, dtype=torch.float64)
            y = network.trace(x, teacher=teacher).outputs
            wanted = [cell.W, cell.R, cell.b]
            yield same(f"{mask} connections, {voice} outputs: gradients of W, R, b",
                       gradients((y - target).square().sum() / 2, wanted), _real_time(cell, x, teacher, target), 1e-12)


@quick
def absent_connections() -> Iterator[Finding]:
    """A connection that is not there has no say and is not counted, whatever its weight."""
    n = HIDDEN + OUTPUTS
    free = {"full": n * n, "no-self": n * n - n, "ring": n, "triangle": n * (n + 1) // 2}
    for mask in MASKS:
        network, x, teacher = _setting(connections=mask)
        cell, y = network.cells[0], network.trace(x, teacher=teacher).outputs
        found = gradients(y.square().sum(), [cell.R])[0]
        yield equal(f"{mask}: recurrent weights that learn", free[mask], int((found != 0).sum()))
        yield equal(f"{mask}: numbers to learn", n * (INPUTS + 1) + free[mask], cell.weight_count)
        with torch.no_grad():
            cell.R.add_(torch.where(_mask(mask, n) == 0, 7.0, 0.0))
        yield same(f"{mask}: outputs after absent weights were changed", network.trace(x, teacher=teacher).outputs, y,
                   0.0)


@long
def exclusive_or() -> Iterator[Finding]:
    """The exclusive or of the last two bits: never at once, but a step later; three seeds."""
    chance = 0.25
    for late in (0, 1):
        left = [_exclusive_or(seed, late) for seed in SEEDS]
        told = f"asked {'one step later' if late else 'at once'}, {UPDATES} updates: squared error"
        if late:
            yield below(f"{told}, best of three seeds", 0.01, min(left))
            yield below(f"{told}, median of three seeds", 0.01, statistics.median(left))
        else:
            yield above(f"{told}, best of three seeds", 0.9 * chance, min(left))
    yield near("the best sum of a function of either bit, by least squares", chance, _best_sum(), 1e-12)


def _setting(**settings: str) -> tuple[torch.nn.Module, Tensor, Tensor]:
    """A network with random weights in float64, inputs, and a teacher who speaks at about half of the steps."""
    spec = rc.Experiment.of("fully_recurrent", "delayed_recall", symbols=INPUTS - 1, hidden_size=HIDDEN, **settings)
    network = spec.make_network().double()
    with torch.no_grad():
        for p in network.parameters():
            p.normal_().mul_(0.4)
    teacher = torch.randn(B, T, OUTPUTS, dtype=torch.float64)
    teacher[torch.rand(B, T, OUTPUTS) < 0.5] = torch.nan
    return network, torch.randn(B, T, INPUTS, dtype=torch.float64), teacher


def _mask(name: str, n: int) -> Tensor:
    """Who hears whom, entry by entry: row i hears column j."""
    rule = {"full": lambda i, j: True, "no-self": lambda i, j: i != j, "ring": lambda i, j: j == (i - 1) % n,
            "triangle": lambda i, j: j >= i}[name]
    return torch.tensor([[float(rule(i, j)) for j in range(n)] for i in range(n)], dtype=torch.float64)


@torch.no_grad()
def _run(cell: torch.nn.Module, x: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs (b, t, o), what enters each step (b, t, n) and φ' of each step (b, t, n)."""
    o, R = OUTPUTS, _mask(cell.settings.connections, len(cell.b)) * cell.R
    bend = {"linear": lambda a: (a, torch.ones_like(a)), "tanh": lambda a: (torch.tanh(a), 1 - torch.tanh(a)**2),
            "sigmoid": lambda a: (torch.sigmoid(a), torch.sigmoid(a) * (1 - torch.sigmoid(a)))}
    h = torch.zeros(len(x), len(cell.b), dtype=x.dtype)
    said, entering, slopes = [], [], []
    for t in range(x.shape[1]):
        entering.append(h)
        a = x[:, t] @ cell.W.T + h @ R.T + cell.b
        (y, slope_y), (v, slope_v) = bend[cell.settings.output_activation](a[:, :o]), bend["tanh"](a[:, o:])
        silent = teacher[:, t].isnan()
        h = torch.cat([torch.where(silent, y, teacher[:, t]), v], 1)
        said.append(y)
        slopes.append(torch.cat([slope_y, slope_v], 1))
    return torch.stack(said, 1), torch.stack(entering, 1), torch.stack(slopes, 1)


@torch.no_grad()
def _real_time(cell: torch.nn.Module, x: Tensor, teacher: Tensor, target: Tensor) -> list[Tensor]:
    """The gradients of W, R and b by real-time recurrent learning: forward in time, one sensitivity a weight."""
    (n, i), o = cell.W.shape, OUTPUTS
    M = _mask(cell.settings.connections, n)
    y, entering, slopes = _run(cell, x, teacher)
    P, g = torch.zeros(B, n, n * (i + n + 1), dtype=x.dtype), torch.zeros(n * (i + n + 1), dtype=x.dtype)
    for t in range(T):
        told = teacher[:, t - 1] if t else torch.full((B, o), torch.nan)
        F = torch.cat([told.isnan(), torch.ones(B, n - o, dtype=torch.bool)], 1).to(x.dtype)
        felt = torch.cat([x[:, t], entering[:, t], torch.ones(B, 1, dtype=x.dtype)], 1)     # (b, i + n + 1)
        direct = torch.einsum("jk,bl->bjkl", torch.eye(n, dtype=x.dtype), felt)             # ∂a_j/∂θ_kl
        direct[..., i:i + n] *= M
        P = slopes[:, t].unsqueeze(-1) * ((M * cell.R) @ (F.unsqueeze(-1) * P) + direct.flatten(2))
        g += torch.einsum("bo,bop->p", y[:, t] - target[:, t], P[:, :o])
    W, R, b = g.view(n, -1).split([i, n, 1], 1)
    return [W, R, b.squeeze(1)]


def _bits(late: int, generator: torch.Generator) -> tuple[Tensor, Tensor, int]:
    """Coins (b, t, 1), the exclusive or of the last two, ``late`` steps later, and the first step that is asked."""
    bits = torch.randint(0, 2, (32, LENGTH, 1), generator=generator).float()
    both = (bits + bits.roll(1, 1)) % 2
    return bits, both.roll(late, 1), 1 + late


def _exclusive_or(seed: int, late: int) -> float:
    """Squared error on fresh bits after training with Adam."""
    cell, stream = rc.make_cell("fully_recurrent", 1, hidden_size=8, seed=seed), torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(cell.parameters(), lr=0.02)
    for update in range(UPDATES + 1):
        x, target, first = _bits(late, stream)
        loss = (rc.unroll(cell, x).outputs - target)[:, first:].square().mean()
        if update < UPDATES:
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return loss.item()


def _best_sum() -> float:
    """The least squared error of f(b) + g(b') + c over the four pairs of bits."""
    pairs = torch.tensor([[1.0, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]], dtype=torch.float64)
    both = torch.tensor([0.0, 1, 1, 0], dtype=torch.float64).unsqueeze(1)
    return float((pairs @ torch.linalg.lstsq(pairs, both).solution - both).square().mean())
