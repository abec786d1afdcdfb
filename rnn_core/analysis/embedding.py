"""A vector for each word: the product of a matrix with a one-hot vector is one of the matrix's rows.

    e_kᵀ E = E_k

The input weights of a network that reads one-hot vectors are therefore a table, one row a word, and reading is looking
up. Elman, *Finding structure in time*, 1990.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, Result
from rnn_core.records.trees import leaves

CARD = Card(title="Embedding", row="B20", year=1990, reference="Elman, Finding structure in time, 1990",
            summary="One-hot times matrix is one row of the matrix: reading a symbol is looking it up in a table.",
            equations={"E": "e_kᵀ E = E_k"}, symbols={"E": "shared"})
TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Embedding(Result):
    """``x`` (i,) one input, ``table`` (i, n) what each of its numbers adds, ``product`` (n,) what all add together.

    ``words`` (i,) name the inputs; ``row`` is the one that is 1 where x is one-hot, else None.
    """

    x: Tensor
    table: Tensor
    product: Tensor
    words: tuple[str, ...]
    row: int | None

    def frame(self) -> pd.DataFrame:
        """One row an input, the product last."""
        columns = [f"{k}" for k in range(self.table.shape[1])]
        numbers = pd.DataFrame(torch.cat([self.table, self.product.unsqueeze(0)]).tolist(), columns=columns)
        numbers.insert(0, "x", [*self.x.tolist(), None])
        numbers.insert(0, "input", [*self.words, "x · E"])
        return numbers

    @property
    def says(self) -> str:
        if not self.x.any():
            return "this input is all zeros, so nothing is looked up and the product is 0."
        if self.row is None:
            return ("this input is not one-hot, so the product is a blend: each row of the table, weighted with its "
                    "number.")
        gap = float((self.product - self.table[self.row]).abs().max())
        return (f"x is 1 at “{self.words[self.row]}” and 0 elsewhere, and its product with the matrix is that row of "
                f"the table; the largest difference is {gap:.1g}.")

    @property
    def says_not(self) -> str:
        return ("that rows which look alike mean alike: only what the recurrent part makes of them says that, and "
                "before training the rows are random.")


def embedding(network: Any, batch: Batch, task: Any, *, row: int = 0, step: int = 0) -> Embedding:
    """The input at one step, the first cell's input table, and their product.

    The table is read off the cell itself: what it makes of each unit vector less what it makes of zeros. Of a cell that
    reads no numbers, or keeps its input as it is, the table is the identity.
    """
    cell = network.cells[0]
    given = leaves(batch.x)
    x = given[0][row, step].detach().double().flatten() if given and given[0].is_floating_point() else torch.ones(1)
    with torch.no_grad():
        units = torch.eye(len(x)).to(next(network.parameters()))
        product, table = _read(cell, x.to(units)), torch.stack([_read(cell, unit) for unit in units])
    hot = bool(((x == 0) | (x == 1)).all()) and int((x == 1).sum()) == 1
    words = task.words if task.words is not None and len(task.words) == len(x) else [f"x{k}" for k in range(len(x))]
    return Embedding(x.cpu(), table.double().cpu(), product.double().cpu(), tuple(words),
                     int(x.argmax()) if hot else None)


def _read(cell: Any, x: Tensor) -> Tensor:
    """What an input adds to the drive of a step, bias left out: (n,)."""
    heard, nothing = (leaves(cell.project(v.view(1, 1, -1))) for v in (x, torch.zeros_like(x)))
    return (heard[0] - nothing[0]).flatten()
