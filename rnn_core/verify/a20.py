"""A20, the hidden Markov model: the forward algorithm equals the sum over all paths, and states run out on aⁿbⁿ."""
from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, equal, quick, same

STATES, SYMBOLS, STEPS, MOST = 3, 4, 5, 5


@quick
def equals_all_paths() -> Iterator[Finding]:
    """Probabilities of next symbols and of hidden states, by adding up every path of hidden states."""
    cell = _model(STATES, SYMBOLS)
    with torch.no_grad():
        for p in cell.parameters():
            p.normal_()
    A, B, start = (torch.softmax(p.detach(), -1) for p in (cell.A, cell.B, cell.b))
    symbols = torch.randint(0, SYMBOLS, (STEPS,))
    trace = rc.unroll(cell, torch.nn.functional.one_hot(symbols, SYMBOLS).double().unsqueeze(0))
    following, posterior, total = [], [], 0.0
    for t in range(STEPS):
        known = symbols[:t + 1].tolist()
        now, after = torch.zeros(STATES, dtype=torch.float64), torch.zeros(SYMBOLS, dtype=torch.float64)
        for path in itertools.product(range(STATES), repeat=t + 2):
            chance = start[path[0]]
            for k, symbol in enumerate(known):
                chance = chance * B[path[k], symbol] * A[path[k], path[k + 1]]
            now[path[t]] += chance
            after += chance * B[path[t + 1]]
        following.append((after / now.sum()).log())
        posterior.append(now / now.sum())
        total = now.sum().log()
    yield same("log-probability of every next symbol", trace.outputs[0].detach(), torch.stack(following), 1e-12)
    yield same("posterior of the hidden states", trace.probes["q"][0], torch.stack(posterior), 1e-12)
    steps = (start @ B)[symbols[0]].log() + trace.outputs[0, :-1].gather(1, symbols[1:, None]).sum()
    yield same("log p of the string, added up step by step", steps.detach(), total, 1e-12)


@quick
def counts() -> Iterator[Finding]:
    """The number of parameters is N² + NK + N."""
    cell = rc.make_cell("hidden_markov", 10, output_size=10, hidden_size=20)
    yield equal("parameters at K = 10, N = 20", 20 * 20 + 20 * 10 + 20, sum(p.numel() for p in cell.parameters()))


@quick
def states_run_out() -> Iterator[Finding]:
    """Wired for aⁿbⁿ up to n = 5, a state for each letter of the longest string: right below, never beyond."""
    cell = _model(2 * MOST + 2, 4)
    sure = 40.0
    with torch.no_grad():
        for p in cell.parameters():
            p.fill_(-sure)
        cell.b[0] = cell.B[0, 0] = cell.B[2 * MOST + 1, 3] = sure                     # S first, T last
        for k in range(1, MOST + 1):
            rises, falls = k, 2 * MOST + 1 - k                                        # the k-th a; b with k − 1 to come
            cell.B[rises, 1] = cell.B[falls, 2] = sure
            cell.A[rises - 1, rises] = cell.A[rises, falls] = cell.A[falls, falls + 1] = sure
        cell.A[2 * MOST + 1, 2 * MOST + 1] = sure
    for n in range(1, MOST + 3):
        text = "S" + "a" * n + "b" * n
        x = torch.nn.functional.one_hot(torch.tensor(["SabT".index(c) for c in text]), 4).double()
        said = rc.unroll(cell, x.unsqueeze(0)).outputs[0].exp() > 1e-3
        legal = [{1}] + [{1, 2}] * n + [{2}] * (n - 1) + [{3}]
        right = [set(step.nonzero().flatten().tolist()) for step in said] == legal
        yield equal(f"{2 * MOST + 2} states, n = {n}: every prefix right", "yes" if n < MOST else "no",
                    "yes" if right else "no")


def _model(states: int, symbols: int) -> torch.nn.Module:
    return rc.make_cell("hidden_markov", symbols, output_size=symbols, hidden_size=states).double()
