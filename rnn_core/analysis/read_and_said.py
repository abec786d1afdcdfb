"""What is read and what is said, step by step: the shape of a task, and how a network fills it.

    right_t = share of the sequences that are asked at step t whose likeliest answer y_t is the one that is due

A task that names its symbols may read one step or many and ask at one step or many, beside what is read or after it.
The network and its equations are the same in each; only the steps that are read, and the steps whose answers count,
differ. Karpathy, *The unreasonable effectiveness of recurrent neural networks*, 2015.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, Result

CARD = Card(title="Read and said", row="C29", year=2015,
            reference="Karpathy, The unreasonable effectiveness of recurrent neural networks, 2015",
            summary="One sequence as a task sees it: what is read at each step, what is due, and what the net says.")
NOTHING = "·"


@dataclass(frozen=True, eq=False)
class ReadAndSaid(Result):
    """``read``, ``due`` and ``said`` (t) of one sequence, "·" where nothing is; ``right`` (t,) NaN where none is asked.

    ``right`` is over all ``sequences``; ``total`` is the share of all their answers that are right.
    """

    read: tuple[str, ...]
    due: tuple[str, ...]
    said: tuple[str, ...]
    right: Tensor
    total: float
    sequences: int

    @property
    def reads(self) -> int:
        """The number of steps at which something is read."""
        return len(self.read) - self.read.count(NOTHING)

    @property
    def asks(self) -> int:
        """The number of steps at which an answer counts."""
        return len(self.due) - self.due.count(NOTHING)

    def frame(self) -> pd.DataFrame:
        """One row a step of the sequence."""
        return pd.DataFrame({"t": range(len(self.read)), "read": self.read, "due": self.due, "said": self.said,
                             "right, of all sequences": self.right[:len(self.read)].tolist()})

    @property
    def says(self) -> str:
        steps = len(self.read)
        return (f"in {steps} step{'s' * (steps != 1)} the network reads {self.reads} and is asked at {self.asks}; "
                f"{self.total:.0%} of its answers in {self.sequences} sequences are right.")

    @property
    def says_not(self) -> str:
        return ("what happens at steps that do not count: there the network says something too, and nobody has told it "
                "what.")


@torch.no_grad()
def read_and_said(network: Any, batch: Batch, task: Any, *, row: int = 0) -> ReadAndSaid:
    """Sequence ``row`` of a batch as its task sees it, and how often each step is answered rightly in all of them.

    What is said is named only at steps at which something is due. Raises ValueError, in one sentence, where answers
    have no names, and for a row that is not there.
    """
    if task.words is None or batch.target.is_floating_point() or batch.target.dim() != 2:
        raise ValueError(f"{task.card.title} asks for quantities or for sets, which have no single name to write down.")
    if not 0 <= row < len(batch.target):
        raise ValueError(f"There are {len(batch.target):,} sequences, counted from 0; {row} is none of them.")
    best = network(batch.x, mask=batch.mask).argmax(-1)
    asked, correct = batch.counted, best == batch.target
    right = (correct & asked).sum(0) / asked.sum(0)
    told = task.story(batch, row)
    steps = len(told.inputs)
    there = asked[row, :steps].tolist()
    named = [tuple(task.words[int(k)] if counts else NOTHING for k, counts in zip(line[row, :steps], there))
             for line in (batch.target, best)]
    return ReadAndSaid(tuple(told.inputs), *named, right, float(correct[asked].float().mean()), len(batch.target))
