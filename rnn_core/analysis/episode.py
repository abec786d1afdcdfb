"""What the agent saw, did and got, and what went on in it meanwhile.

    a_t = argmax y_t,   R = Σ_t r_t

One episode step by step, with the chances π(a) = softmax(y_t) and the units' states, and the returns of all episodes
from the same starts. The states are those of a second reading of what was seen, which is the same to rounding. Bakker,
*Reinforcement learning with long short-term memory*, 2002.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, Result
from rnn_core.records.episode import Episode, Scene

CARD = Card(title="An episode", row="C16", year=2002,
            reference="Bakker, Reinforcement learning with long short-term memory, 2002",
            summary="What the network saw, did and got in one episode, beside its states; and the returns of many.",
            equations={"R": "R = Σ_t r_t"}, symbols={"R": "prediction"})


@dataclass(frozen=True, eq=False)
class Played(Result):
    """One episode of t steps: what was ``seen`` and ``done`` in words, ``actions`` (t,) and ``rewards`` (t,),
    ``chances`` (t, o) of the actions in ``words``, ``states`` (t, n) what the readout reads; ``scene`` draws it.
    ``returns`` (b,) and ``lengths`` (b,) are of episodes from every start, this one's number is ``row``; ``best`` is
    the highest return that there is, ``unit`` the return's name.
    """

    seen: tuple[str, ...]
    done: tuple[str, ...]
    words: tuple[str, ...]
    actions: Tensor
    rewards: Tensor
    chances: Tensor
    states: Tensor
    scene: Scene
    returns: Tensor
    lengths: Tensor
    row: int
    best: float
    unit: str

    def frame(self) -> pd.DataFrame:
        """One row a step; what lies between two actions has no chance of its own."""
        whole = self.actions.round().long().unsqueeze(1)
        chance = self.chances.double().gather(1, whole).squeeze(1)
        chance[self.actions != whole.squeeze(1)] = torch.nan
        return pd.DataFrame({"t": range(len(self.seen)), "it saw": self.seen, "it did": self.done,
                             "with the chance": chance.tolist(),
                             "it got": self.rewards.tolist(), "so far": self.rewards.cumsum(0).tolist()})

    @property
    def says(self) -> str:
        best = int((self.returns >= self.best - 1e-9).sum())
        return (f"this episode took {len(self.seen)} steps and got {float(self.rewards.sum()):.3g}; from "
                f"{len(self.returns)} starts the {self.unit} is {float(self.returns.mean()):.3g}, from "
                f"{float(self.returns.min()):.3g} to {float(self.returns.max()):.3g}, and {best} of them got the most "
                f"that there is, {self.best:g}.")

    @property
    def says_not(self) -> str:
        return ("that the unit which changes with a sight carries its memory: to see that, hold the unit still and "
                "play again; nor how it would do where it draws its actions by chance, as in training.")


def episode(network: Any, batch: Batch, task: Any, *, row: int = 0) -> Played:
    """Episodes from the starts of these sequences, nothing left to chance; the one from ``row`` in full.

    Raises ValueError, in one sentence, for a task that is not played and for a start that is not there.
    """
    if not task.plays or batch.world is None:
        raise ValueError(f"{task.card.title} is not played: nothing that the network says there changes what comes.")
    if not 0 <= row < len(batch.world):
        raise ValueError(f"There are {len(batch.world)} starts, numbered from 0; number {row} is none of them.")
    with torch.no_grad():
        played = task.acted(network, batch.world)
        there = int(played.lengths[row])
        one = Episode(*(v[:, :there] for v in played.rows(slice(row, row + 1))))
        like = next(network.parameters())
        trace = network.trace(one.observations.to(like))
    done = tuple(task.did(k) for k in one.actions[0].tolist())
    return Played(tuple(task.told(one.worlds[0])), done, tuple(task.words), one.actions[0], one.rewards[0],
                  trace.outputs[0].softmax(-1).cpu(), trace.main.outputs[0].cpu(), task.scene(one), played.returns,
                  played.lengths, row, float(task.metric_best), task.metric_name)
