"""Stock price: a walk by chance, or six real shares; nothing beats saying that tomorrow is like today.

    walk: p_{t+1} = p_t + σ ε_t,  ε_t ~ N(0, 1), σ = 0.04         the logarithm of a price that moves by chance
    real: the weekly prices of six shares in 2018 and 2019, 105 weeks, of which the last 35 are held out

x_t is the logarithm of the price beside that at the start of the sequence, in units of σ; the target is x_{t+1}. The
metric is the squared error beside that of persistence, "the next is like this one", on the same sequences: 1 is
persistence, and on a fair walk no guess does better in the mean. Fama, *The behavior of stock-market prices*, 1965.
"""
from __future__ import annotations

import csv
import gzip
import hashlib
import io
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import RegressionTask
from rnn_core.tasks.sum_of_sines import numbers_story

SIGMA, HELD_OUT, DRAWS = 0.04, 35, 1000


@lru_cache(maxsize=1)
def shares() -> tuple[Tensor, str]:
    """Logarithms of the real prices (weeks, shares) and the SHA-256 of their file.

    The file comes with the package that draws the pictures; it is read without loading that package. Raises ValueError,
    in one sentence, where it is not there.
    """
    found = find_spec("plotly")
    place = Path(found.origin if found and found.origin else "").parent / "package_data" / "datasets" / "stocks.csv.gz"
    if not place.is_file():
        raise ValueError("The real prices are not on this computer; choose the walk by chance.")
    text = gzip.decompress(place.read_bytes())
    rows = list(csv.reader(io.StringIO(text.decode())))[1:]
    prices = torch.tensor([[float(v) for v in row[1:]] for row in rows], dtype=torch.float64)
    return prices.log(), hashlib.sha256(text).hexdigest()


class StocksSettings(Settings):
    """How many weeks are read, and whether the prices are real."""

    length: int = setting(30, "Weeks in a sequence.", symbol="T", ge=4, le=300, main=True)
    prices: Literal["walk", "real"] = setting("walk", "A walk by chance, or six real shares of which at "
                                                              "most 34 weeks are read.")


class Stocks(RegressionTask):
    """Stock price: read a price week by week and say the next one, which nobody can do better than persistence."""

    card = Card(title="Stock price", row="C10", year=1965, reference="Fama, The behavior of stock-market prices, 1965",
                summary="The price of a share week by week; the net says the next one, and nothing beats “as today”.",
                equations={"p": "p_{t+1} = p_t + σ ε_t"},
                use="Does it learn that there is nothing to learn, but to say what it just heard?")
    Settings = StocksSettings
    input_size, output_size, grows = 1, 1, "length"
    metric_name = "squared error beside that of persistence"

    def __init__(self, settings: StocksSettings | None = None) -> None:
        super().__init__(settings)
        if self.settings.prices == "real":
            self.logs, self.data_hash = shares()

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        if self.settings.prices == "real":
            return self._windows(self.logs[:-HELD_OUT], batch_size, generator)
        moves = torch.randn(batch_size, self.settings.length, generator=generator)
        walk = torch.cat([torch.zeros(batch_size, 1), moves.cumsum(1)], 1)
        return Batch(walk[:, :-1].unsqueeze(-1), walk[:, 1:].unsqueeze(-1))

    def held_out(self, count: int, generator: torch.Generator) -> Batch:
        if self.settings.prices == "real":
            return self._windows(self.logs[-HELD_OUT:], count, generator)
        return self.sample(count, generator)

    def _windows(self, logs: Tensor, count: int, generator: torch.Generator) -> Batch:
        """Some weeks in a row of some share, drawn at random; as many as there are where fewer are held out."""
        length = min(self.settings.length, HELD_OUT - 1)
        start = torch.randint(0, len(logs) - length, (count, 1), generator=generator)
        share = torch.randint(0, logs.shape[1], (count, 1), generator=generator)
        picked = logs[start + torch.arange(length + 1), share]
        curve = ((picked - picked[:, :1]) / SIGMA).float().unsqueeze(-1)
        return Batch(curve[:, :-1], curve[:, 1:])

    def metric(self, y: Tensor, batch: Batch) -> float:
        return float(self.loss(y, batch) / self.loss(batch.x, batch))

    def baseline(self) -> Baseline:
        batch = self.held_out(DRAWS, torch.Generator().manual_seed(0))
        loss = float(self.loss(batch.x, batch))
        return Baseline(self.metric(batch.x, batch), loss, "say that the next is like this one")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        told = numbers_story(batch, row, y, 0.0)
        if y is None:
            return told
        before, wanted, said = (float(v[row, -1, 0]) for v in (batch.x, batch.target, y))
        return told._replace(right=abs(said - wanted) <= abs(before - wanted))
