"""A reservoir's states along a series and its ridge readout, beside reservoirpy with the same weights.

1,000 units, 4,000 steps, one thread; no time is spent on drawing weights. The target is for the cell as it is made,
states in single precision and the readout solved in double, beside reservoirpy with the same matrix, in double
throughout. With double precision on both sides, and with the matrix handed over in the sparse form that reservoirpy
itself makes, what both need most of their time for is the same: those figures are told without a target.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from reservoirpy.nodes import Reservoir
from reservoirpy.nodes import Ridge as TheirRidge
from scipy.sparse import csr_array
from torch import Tensor

import rnn_core as rc
from benchmarks._measure import ratio, report
from rnn_core.learners.ridge import solved

UNITS, STEPS, RIDGE, MOST = 1000, 4000, 1e-6, 0.7


class Case(NamedTuple):
    """How many weights are there, our precision, how reservoirpy gets the matrix, and what is asked for."""

    share: float
    ours: torch.dtype
    form: str
    most: float | None = None

    @property
    def title(self) -> str:
        """What the figure is called."""
        width = {torch.float32: "single", torch.float64: "double"}[self.ours]
        return (f"reservoir and readout ÷ reservoirpy (N={UNITS}, {STEPS} steps, {self.share:.0%} of the weights, our "
                f"states in {width} precision, their matrix {self.form})")


CASES = (Case(0.2, torch.float32, "dense", MOST), Case(0.2, torch.float64, "dense"), Case(0.1, torch.float64, "dense"),
         Case(0.1, torch.float64, "sparse"), Case(0.01, torch.float64, "dense"), Case(0.01, torch.float64, "sparse"))


def ours(cell: rc.Cell, u: Tensor, target: Tensor) -> np.ndarray:
    """The fitted answers (t, 1)."""
    X = cell.features(u, cell.echoes(u))[0].double()
    V, d = solved(X, target, RIDGE)
    return (X @ V.T + d).numpy()


def theirs(W: Any, W_in: np.ndarray, u: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The same by reservoirpy; its readout, too, reads inputs and states."""
    states = Reservoir(W=W, Win=W_in[:, 1:], bias=W_in[:, 0], lr=0.3).run(u)
    X = np.concatenate([u, states], 1)
    return TheirRidge(ridge=RIDGE).fit(X, target).run(X)


def main() -> None:
    """Print a figure for each case; stop if the two do not agree."""
    torch.set_num_threads(1)
    v = rc.Experiment.of("elman", "mackey_glass").make_task().series.learnt[:STEPS + 1].view(1, -1, 1)
    for case in CASES:
        cell = rc.make_cell("echo_state", 1, hidden_size=UNITS, connectivity=case.share).requires_grad_(False)
        cell, u, target = cell.to(case.ours), v[:, :-1].to(case.ours), v[0, 1:].double()
        W = cell.W.double().numpy()
        given = (csr_array(W) if case.form == "sparse" else W, cell.W_in.double().numpy(), u[0].double().numpy())
        within = 1e-6 if case.ours == torch.float64 else 1e-4
        np.testing.assert_allclose(ours(cell, u, target), theirs(*given, target.numpy()), rtol=0, atol=within)
        got = ratio(lambda: ours(cell, u, target), lambda: theirs(*given, target.numpy()))  # noqa: B023
        report(case.title, "told" if case.most is None else f"≤ {case.most}",
               case.most is None or got["measured"] <= case.most, **got)


if __name__ == "__main__":
    main()
