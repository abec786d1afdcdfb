"""Two chains: the same symbols in another order, and at the end the net must say which chain they came from.

    P(x_t = x_{t−1}) = p in the chain that stays, 1 − p in the one that switches;   P(x_0 = A) = ½

Both chains have two states. From each only sequences with exactly ⌊T/2⌋ times A are taken, so that all sequences hold
the same symbols and differ in nothing but their order. The number of runs r tells all that can be known:

    P(r | chain) ∝ n_r p^{T−r} (1−p)^{r−1}     n_r sequences have r runs; the other chain has p and 1 − p exchanged

and the best that can be done is right with probability ½ Σ_r max(P(r | stays), P(r | switches)).
"""
from __future__ import annotations

import math
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import ClassificationTask


class MarkovChainsSettings(Settings):
    """How long the sequences are, and how different the chains."""

    length: int = setting(50, "Symbols in a sequence.", symbol="T", ge=4, le=1000, main=True)
    stay: float = setting(0.65, "How likely the chain that stays repeats its symbol; the other one switches as often.",
                          symbol="p", ge=0.55, le=0.95, step=0.05)


class MarkovChains(ClassificationTask):
    """Two chains: say at the end whether the symbols came from the chain that stays or the one that switches."""

    card = Card(title="Two Markov chains", row="C1", year=1913,
                reference="Markov, An example of statistical investigation of the text Eugene Onegin, 1913",
                summary="Two chains make the same symbols in another order; at the end the net says which it was.",
                equations={"chain": "P(x_t = x_{t−1}) = p or 1 − p"},
                use="Does it hear the order, or only what there is? A bag of symbols must guess.")
    Settings = MarkovChainsSettings
    metric_name, grows = "accuracy at the end", "length"
    input_size = output_size = 2
    words = ("stays", "switches")

    @property
    def kinds(self) -> tuple[int, int]:
        """How often A and B occur in every sequence."""
        return self.settings.length // 2, self.settings.length - self.settings.length // 2

    @cached_property
    def chances(self) -> Tensor:
        """(2, 2, T) how likely a sequence of each chain begins with each symbol and has 1 … T runs."""
        p, length = self.settings.stay, self.settings.length
        runs = torch.arange(1, length + 1, dtype=torch.float64)
        first, second = ((runs + 1) / 2).floor(), (runs / 2).floor()
        ways = torch.stack([log_ways(n, first) + log_ways(length - n, second) for n in self.kinds])
        chains = [(length - runs) * math.log(s) + (runs - 1) * math.log(1 - s) for s in (p, 1 - p)]
        return torch.stack([(ways + chain).flatten().softmax(0).view(2, -1) for chain in chains])

    def optimal(self) -> float:
        """How often the best possible answer is right."""
        return float(self.chances.sum(1).max(0).values.sum()) / 2

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        chain = torch.randint(0, 2, (batch_size,), generator=generator)
        length = self.settings.length
        drawn = torch.multinomial(self.chances.flatten(1)[chain], 1, generator=generator).squeeze(1)
        first, runs = drawn // length, drawn % length + 1
        kinds, most = torch.tensor(self.kinds), max(self.kinds)
        widths = torch.stack([cut(kinds[first], (runs + 1) // 2, most, generator),
                              cut(kinds[1 - first], runs // 2, most, generator)], 2).flatten(1)
        at = torch.searchsorted(widths.cumsum(1), torch.arange(length).expand(batch_size, -1).contiguous(), right=True)
        return self.show((first.unsqueeze(1) + at) % 2, chain)

    def show(self, symbols: Tensor, chain: Tensor) -> Batch:
        """The sequences of these symbols (b, t), 0 for A and 1 for B, from these chains (b,)."""
        scored = torch.zeros(symbols.shape, dtype=torch.bool)
        scored[:, -1] = True
        return Batch(one_hot(symbols, 2).float(), chain.unsqueeze(1).repeat(1, symbols.shape[1]), None, scored)

    def baseline(self) -> Baseline:
        share = torch.arange(2).bincount().max() / 2
        return Baseline(float(share), -math.log(share),
                        f"count the symbols, which are always the same; the best answer is right {self.optimal():.2%}")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        inputs, last = ["AB"[k] for k in batch.x[row].argmax(-1)], batch.x.shape[1] - 1
        expected = self.words[int(batch.target[row, last])]
        if y is None:
            return Story(inputs, [last], expected)
        said = self.words[int(y[row, last].argmax())]
        return Story(inputs, [last], expected, said, said == expected)


def log_ways(whole: int, parts: Tensor) -> Tensor:
    """Log of the number of ways to cut ``whole`` in so many pieces of at least 1; −∞ where there is none."""
    n, k = torch.tensor(float(whole), dtype=torch.float64), parts.clamp(1, whole)
    ways = torch.lgamma(n) - torch.lgamma(k) - torch.lgamma(n - k + 1)
    return torch.where(parts == k, ways, -math.inf)


def cut(whole: Tensor, parts: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Each of ``whole`` (b,) in ``parts`` (b,) pieces of at least 1, all ways equally likely: (b, most), then zeros."""
    places = torch.arange(1, most)
    order = torch.rand(len(whole), most - 1, generator=generator)
    order = torch.where(places < whole.unsqueeze(1), order, 2.0)              # a piece ends inside the whole
    chosen = order.argsort(1).argsort(1) < parts.unsqueeze(1) - 1
    ends = torch.where(chosen, places, whole.unsqueeze(1)).sort(1).values
    ends = torch.cat([torch.zeros_like(ends[:, :1]), ends, whole.unsqueeze(1)], 1)
    return ends.diff(dim=1)
