"""Evolino: evolution finds the weights of the cell, and for each cell the best readout is solved for at once.

    h_t = cell(x_t, h_{t−1}; chromosome)              the first steps of each sequence, as they are heard
    [V d] = Y X⁺,   X = [h_t; 1] at those steps       X⁺ the pseudo-inverse: least squares, the smallest of several
    y_t = V h_t + d,   x_{t+1} = y_t                  the last ``alone`` steps, where the network hears only itself
    fitness = 1 / mean squared error at those last steps, or at all steps that were fitted where ``alone`` is 0

What is left over after the fit stands at right angles to the states. A chromosome has one gene a weight of the cell;
mothers and fathers are chosen and mixed as in the genetic algorithm, and genes are changed by Cauchy noise, which is
mostly small and now and then large. The whole generation goes along the sequences in one call a step. Schmidhuber,
Wierstra, Gagliolo & Gomez, *Training recurrent networks by Evolino*, 2007.
"""
from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from rnn_core.breeding import mutate
from rnn_core.learners.base import Diverged
from rnn_core.learners.genetic import Genetic, GeneticSettings
from rnn_core.networks.base import Network
from rnn_core.records import Batch, Card, Streams, setting
from rnn_core.stacked import Crowd, Rows, acting
from rnn_core.tasks.base import RegressionTask

AT_ONCE = 2**22


class EvolinoSettings(GeneticSettings):
    """How cells are bred, on what their readouts are fitted, and how they are judged."""

    updates: int = setting(30, "Generations until it stops.", ge=1, le=1_000_000, main=True)
    batch_size: int = setting(4, "Sequences that every network is fitted and scored on.", symbol="B", ge=1, le=1024)
    population: int = setting(40, "Networks of a generation.", symbol="p", ge=2, le=2000, main=True)
    elite: int = setting(4, "Networks that go on to the next generation unchanged, the best first.", ge=1, le=100)
    start_spread: float = setting(0.1, "Gaussian noise on the fresh weights of all but the first network.", ge=0.0,
                                  le=10.0)
    mutation_rate: float = setting(0.3, "Chance of each gene to be changed.", symbol="ε", ge=0.0, le=1.0, step=0.05,
                                   main=True)
    mutation_size: float = setting(0.02, "How far a gene is changed: scale of a Cauchy distribution.", symbol="σ",
                                   ge=0.0, le=10.0, main=True)
    alone: int = setting(0, "Steps at the end of each sequence that the network must say by itself, hearing only what "
                            "it said; needs a task whose target is its next input.", ge=0, le=1000, main=True)
    washout: int = setting(10, "Steps at the start of each sequence that the readout is not fitted to.", ge=0, le=1000)


class Evolino(Genetic):
    """Evolino: the cell is bred, its readout is solved for, and it is judged by how it goes on alone."""

    card = Card(title="Evolino", row="B11", year=2007,
                reference="Schmidhuber, Wierstra, Gagliolo & Gomez, Training recurrent networks by Evolino, 2007",
                summary="Evolution finds the weights of the cell; the readout is solved for in one step of algebra.",
                equations={"V": "[V d] = Y X⁺", "f": "f = 1 / L_alone"}, symbols={"V": "prediction", "f": "prediction"},
                use="Curves that a network has to go on with by itself, where gradients fade or fail.")
    Settings = EvolinoSettings

    def __init__(self, network: Network, task: Any, settings: EvolinoSettings, streams: Streams) -> None:
        super().__init__(network, task, settings, streams)
        self.hidden = copy.deepcopy(network)
        self.hidden.readout = nn.Identity()
        self.rows = Rows(self.hidden)

    @classmethod
    def check(cls, cell: type[Any], task: type[Any]) -> None:
        super().check(cell, task)
        if cell.speaks:
            raise ValueError(f"Evolino solves for a readout of its own, and a {cell.card.title} gives the answer "
                             "itself.")
        if getattr(task, "loss", None) is not RegressionTask.loss:
            raise ValueError(f"Evolino lowers squared errors of numbers; {task.card.title} asks for something else.")

    @classmethod
    def check_wiring(cls, wiring: type[Network]) -> None:
        super().check_wiring(wiring)
        if wiring.sees_ahead:
            raise ValueError("Evolino's networks go on by themselves, and a network wired as "
                             f"“{wiring.card.title}” reads the sequence from its end too.")

    def breed(self, count: int) -> tuple[Tensor, Tensor]:
        own, self.settings = self.settings, self.settings.model_copy(update={"mutation_rate": 0.0})
        try:
            young, parents = super().breed(count)
        finally:
            self.settings = own
        return mutate(young, own.mutation_rate, own.mutation_size, self.streams.noise, cauchy=True), parents

    def scored(self, rows: Tensor) -> Iterator[Tensor | None]:
        batch = self.fits(self.sequences())
        if self._crowd is None:
            self._crowd = Crowd(self.hidden, batch)
        found, numbers = [], batch.target.shape[0] * batch.target.shape[1] * (self.hidden.cells[0].output_size + 1)
        for some in rows.split(max(1, AT_ONCE // numbers)):
            if found:
                yield None
            found.append(self.solved(some, batch)[0])
        yield torch.cat(found)

    def fits(self, batch: Batch) -> Batch:
        """The batch, remembered for the readout that is shown; Diverged, in one sentence, where it is too short for the
        settings, or where a network cannot go on by itself."""
        steps, own = batch.target.shape[1], self.settings
        if own.washout + own.alone >= steps:
            raise Diverged(f"a washout of {own.washout} steps and {own.alone} alone leave nothing of sequences of "
                           f"{steps} to fit a readout to")
        x = batch.x if isinstance(batch.x, Tensor) else batch.target[:, :0]
        if own.alone and (batch.mask is not None or x.shape != batch.target.shape
                          or not torch.equal(x[:, 1:], batch.target[:, :-1])):
            raise Diverged("the target of this task is not its next input, so a network cannot go on by itself; choose "
                           "0 steps alone")
        self.given = batch
        return batch

    @torch.no_grad()
    def solved(self, rows: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Losses (k,), and the readouts V (k, o, n) and d (k, o) of the cells with these weights (k, p)."""
        own, (b, steps) = self.settings, batch.target.shape[:2]
        heard, k = steps - own.alone, len(rows)
        if own.alone:
            step, state, states = acting(self._crowd, rows), None, []
            for x in batch.x[:, :heard].unbind(1):
                h, state = step(x.repeat(k, *[1] * (x.dim() - 1)), state)
                states.append(h.view(k, b, -1))
            h = torch.stack(states, 2)
        else:
            h = self._crowd.outputs(rows, batch)                                           # (k, b, t, n)
        used = batch.counted[:, :heard].clone()
        used[:, :own.washout] = False
        X = h[:, used].double()
        X = torch.cat([X, X.new_ones(k, X.shape[1], 1)], 2)
        sound = X.isfinite().flatten(1).all(1)
        X = torch.where(sound[:, None, None], X, 0.0)
        Y = batch.target[:, :heard][used].double().expand(k, -1, -1)                       # (k, m, o)
        both = torch.linalg.lstsq(X.cpu(), Y.cpu(), driver="gelsd").solution.to(X)         # (k, n + 1, o)
        V, d = both[:, :-1].mT, both[:, -1]
        if own.alone:
            losses = self._alone(step, state, h[:, :, -1], V, d, batch, heard)
        else:
            losses = (X @ both - Y).square().mean((1, 2))
        return torch.where(sound, losses, torch.inf).to(rows), V, d

    def _alone(self, step: Any, state: Any, h: Tensor, V: Tensor, d: Tensor, batch: Batch, heard: int) -> Tensor:
        """Mean squared errors (k,) of the steps after those heard, each network hearing what it said."""
        errors = []
        for wanted in batch.target[:, heard:].double().unbind(1):
            y = self._said(h, V, d)
            h, state = step(y.flatten(0, 1), state)
            h = h.view(len(V), len(wanted), -1)
            errors.append((self._said(h, V, d) - wanted).square().mean((1, 2)))
        return torch.stack(errors).mean(0)

    @staticmethod
    def _said(h: Tensor, V: Tensor, d: Tensor) -> Tensor:
        """y (k, b, o) for states h (k, b, n)."""
        return h.double() @ V.mT + d.unsqueeze(1)

    def show(self, row: Tensor, loss: float) -> None:
        _, V, d = self.solved(row.unsqueeze(0), self.given)
        with torch.no_grad():
            self.network.readout.V.copy_(V[0])
            self.network.readout.d.copy_(d[0])
        super().show(row, loss)
