"""D1, the hidden state as memory: a delay line is read perfectly as far as it reaches, and not at all beyond."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, near, quick, same

B, T = 60, 50


@quick
def delay_lines() -> Iterator[Finding]:
    """A linear net of K units that shifts its inputs on: R² is 1 at lags 0 to K − 1 and 0 after, for random inputs."""
    for units in (1, 5, 12):
        found = rc.linear_probe(rc.unroll(_delay_line(units), torch.randn(B, T, 1, dtype=torch.float64)), lags=25)
        yield above(f"{units} units: least R² up to lag {units - 1}", 1 - 1e-6, float(found.score[:units].min()))
        yield below(f"{units} units: greatest R² from lag {units} on", 0.05, float(found.score[units:].max()))
        yield equal(f"{units} units: last lag above one half", units - 1, found.reach)
        yield near(f"{units} units: R² added up over the lags", units, found.capacity, 0.5)


@quick
def least_squares() -> Iterator[Finding]:
    """R² of every lag is what a least-squares fit written out here gives on the same sequences."""
    for architecture in ("elman", "lstm", "gru"):
        cell = rc.make_cell(architecture, 2, hidden_size=4).double()
        x = torch.randn(B, T, 2, dtype=torch.float64)
        trace = rc.unroll(cell, x)
        found = rc.linear_probe(trace, lags=8, ridge=0.0)
        state = torch.cat(list(trace.states), -1).detach()
        by_hand = torch.stack([_score(state, x, k) for k in range(9)])
        yield same(f"{architecture}: R² at lags 0 to 8", found.score, by_hand, 1e-8)


@quick
def a_leaky_unit() -> Iterator[Finding]:
    """One linear unit h = a h + x hears white noise of k steps ago with R² = (1 − a²) a^{2k}."""
    for a in (0.5, 0.9):
        cell = rc.make_cell("elman", 1, hidden_size=1, activation="linear").double()
        with torch.no_grad():
            cell.R.fill_(a)
            cell.W.fill_(1.0)
        found = rc.linear_probe(rc.unroll(cell, torch.randn(400, 200, 1, dtype=torch.float64)), lags=6)
        k = torch.arange(7, dtype=torch.float64)
        yield same(f"a = {a}: R² at lags 0 to 6, within sampling error", found.score, (1 - a**2) * a ** (2 * k), 0.04)


def _delay_line(units: int) -> torch.nn.Module:
    """A linear net whose state is its last inputs."""
    cell = rc.make_cell("elman", 1, hidden_size=units, activation="linear").double()
    with torch.no_grad():
        cell.W.zero_()
        cell.W[0] = 1
        cell.R.copy_(torch.diag(torch.ones(units - 1), -1))
    return cell


def _score(state: Tensor, x: Tensor, k: int) -> Tensor:
    """Least squares on the first three quarters of the sequences, its R² on the rest, both inputs together."""
    cut = 3 * len(x) // 4
    rows = torch.cat([state, torch.ones_like(state[..., :1])], -1)[:, k:]
    past = x[:, :x.shape[1] - k]
    fit = torch.linalg.lstsq(rows[:cut].flatten(0, 1), past[:cut].flatten(0, 1)).solution
    wrong = (past[cut:] - rows[cut:] @ fit).square().sum()
    return 1 - wrong / (past[cut:] - past[cut:].mean((0, 1))).square().sum()
