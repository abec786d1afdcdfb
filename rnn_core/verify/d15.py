"""D15, counting: a wired LSTM counts exactly, and its counter draws a triangle."""
from __future__ import annotations

from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, equal, quick

NUMBERS = (1, 2, 10, 1000, 10_000)


@quick
def exact_without_learning() -> Iterator[Finding]:
    """The wired counter answers every prefix of aⁿbⁿ and aⁿbⁿcⁿ rightly."""
    for letters in ("ab", "abc"):
        network, _ = _wired(letters)
        for n in NUMBERS:
            x, legal = _by_hand(letters, n)
            with torch.no_grad():
                said = network(x.unsqueeze(0))[0] > 0.5
            wrong = int((said != legal).any(-1).sum())
            yield equal(f"{letters}, n = {n:,}: steps of {len(x):,} that are wrong", 0, wrong)


@quick
def the_triangle() -> Iterator[Finding]:
    """The counter's slope is the same at every step: one up with each a, one down with each b."""
    network, task = _wired("ab")
    for n in (5, 200):
        found = rc.counters(network, task.show(torch.tensor([n])), task)
        by_hand = [0, 0, *range(1, n + 1), *range(n - 1, -1, -1)]
        yield equal(f"n = {n}: the unit that counts most", "c[0]", found.units[found.best])
        yield equal(f"n = {n}: its values that are not the triangle's", 0,
                    sum(a != b for a, b in zip(found.values[0, :, 0].tolist(), by_hand, strict=True)))
        slopes = [f"{float(v):g} ± {float(s):g}" for v, s in zip(found.slopes[:3, 0], found.spread[:3, 0], strict=True)]
        yield equal(f"n = {n}: change with S, a, b", "0 ± 0, 1 ± 0, -1 ± 0", ", ".join(slopes))


def _wired(letters: str) -> tuple[torch.nn.Module, object]:
    run = rc.train(rc.Experiment.of("lstm", "counting", "designed", letters=letters, hidden_size=8), quiet=True)
    return run.network, run.task


def _by_hand(letters: str, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """S aⁿ bⁿ … as one-hot (t, o), and what may follow each symbol, by the definition."""
    text, alphabet = "S" + "".join(letter * n for letter in letters), "S" + letters + "T"
    after = text[1:] + "T"
    x, legal = (torch.zeros(len(text), len(alphabet)) for _ in range(2))
    for t, (symbol, following) in enumerate(zip(text, after, strict=True)):
        x[t, alphabet.index(symbol)] = 1
        for may in {following} | ({"a", "b"} if symbol == "a" else set()):
            legal[t, alphabet.index(may)] = 1
    return x, legal.bool()
