"""A6, second-order networks: input times state, learnt and wired automata."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, gradients, long, near, quick, same

SEEDS, UPDATES, SYMBOLS = (0, 1, 2), 400, 20_000


@quick
def equals_its_equations() -> Iterator[Finding]:
    """States and gradients equal the sum over all i, j, k, written out here."""
    cell = rc.make_cell("second_order", 3, hidden_size=4).double()
    with torch.no_grad():
        for p in cell.parameters():
            p.normal_()
    x, wanted = torch.randn(2, 6, 3, dtype=torch.float64), [cell.W, cell.b]
    ours, hand = rc.unroll(cell, x).outputs, _by_hand(cell, x)
    weights = torch.randn_like(ours)
    yield same("h at every step", ours, hand, 1e-12)
    yield same("gradients of W and b", gradients((ours * weights).sum(), wanted),
               gradients((hand * weights).sum(), wanted), 1e-12)


@quick
def counts() -> Iterator[Finding]:
    """The number of parameters is H²I + H."""
    cell = rc.make_cell("second_order", 10, hidden_size=20)
    yield equal("parameters at I = 10, H = 20", 20 * 20 * 10 + 20, sum(p.numel() for p in cell.parameters()))


@quick
def a_wired_automaton() -> Iterator[Finding]:
    """Counting modulo 3, wired by hand: W = G where the automaton moves, bias −G/2 (Omlin & Giles 1996)."""
    on, right = _counting(12, SYMBOLS)
    yield equal(f"G = 12: states that are right, of {SYMBOLS:,} in a row", SYMBOLS, int(right.sum()))
    yield above("G = 12: the least activity of the unit that should be on", 0.99, float(on.min()))


@quick
def too_weak_weights_lose_the_state() -> Iterator[Finding]:
    """An activity goes round as e ← σ(G e) − ½ about ½, which keeps a size only where G > 4."""
    steps = 5000
    on, _ = _counting(4, steps)
    yield near("G = 4: the unit's activity above ½ falls like √(3/8t), here at the end", (3 / (8 * steps)) ** 0.5,
               float(on[-1]) - 0.5, 2e-4)
    on, _ = _counting(3, steps)
    yield below("G = 3: the unit's activity above ½ at the end", 1e-12, abs(float(on[-1]) - 0.5))


@long
def learns_languages() -> Iterator[Finding]:
    """Tomita's languages 1, 4 and 6, from strings of up to 10 symbols; three seeds, tried on 10 to 40 symbols."""
    for language in ("1", "4", "6"):
        scores = []
        for seed in SEEDS:
            run = rc.train(rc.Experiment.of("second_order", "tomita", language=language, hidden_size=5, seed=seed,
                                            learning_rate=0.05, batch_size=64, updates=UPDATES), quiet=True)
            batch = run.task.draw(2000, range(10, 41), torch.Generator().manual_seed(100 + seed))
            with torch.no_grad():
                scores.append(run.task.metric(run.network(batch.x, mask=batch.mask), batch))
        share = float(batch.target[batch.counted].double().mean())
        yield near(f"Tomita {language}: always saying that it belongs", 0.5, share, 0.04)
        name = f"Tomita {language}, H = 5, {UPDATES} updates: accuracy on 2000 longer strings"
        yield equal(f"{name}, best of three seeds", 1.0, max(scores))
        yield equal(f"{name}, median of three seeds", 1.0, sorted(scores)[1])


@torch.no_grad()
def _counting(strength: float, steps: int) -> tuple[Tensor, Tensor]:
    """(t,) the activity of the unit of the right state, and whether it is the most active."""
    symbols = torch.randint(0, 2, (1, steps))
    truth = symbols.mul(2).sub(1).cumsum(1) % 3
    cell = rc.make_cell("second_order", 2, hidden_size=3).double()
    cell.W.zero_()
    cell.b.fill_(-strength / 2)
    for q in range(3):
        cell.W[(q + 1) % 3, q, 1] = cell.W[(q - 1) % 3, q, 0] = strength
    h = rc.unroll(cell, torch.nn.functional.one_hot(symbols, 2).double()).outputs
    return h.gather(-1, truth.unsqueeze(-1))[0, :, 0], (h.argmax(-1) == truth)[0]


def _by_hand(cell: torch.nn.Module, x: Tensor) -> Tensor:
    """The equations with every sum written out: (b, t, n)."""
    n = len(cell.b)
    h, steps = torch.zeros(len(x), n, dtype=x.dtype), []
    h[:, 0] = 1
    for t in range(x.shape[1]):
        a = [cell.b[i] + sum(cell.W[i, j, k] * h[:, j] * x[:, t, k] for j in range(n) for k in range(x.shape[2]))
             for i in range(n)]
        h = 1 / (1 + torch.exp(-torch.stack(a, -1)))
        steps.append(h)
    return torch.stack(steps, 1)
