"""Real-time recurrent learning.

    A_t = ∂s_t/∂s_{t−1},   B_t = ∂s_t/∂θ with s_{t−1} held
    P_t = A_t P_{t−1} + B_t,   P_0 = 0                                   P_t = ds_t/dθ  (b, s, p)
    λ_t = ∂ℓ_t/∂s_{t−1}                                                  (b, s)
    g = Σ_t (∂ℓ_t/∂θ with s_{t−1} held + λ_tᵀ P_{t−1})

The error of a step meets what all weights have done to the state so far, and nothing is sent back: a gradient is there
at every step, and memory does not depend on how long the sequence is. Of a dense network with H units and some H²
weights P has H³ numbers and a step takes H⁴ multiplications. The readout, which nothing carries on, has its direct
gradient alone. Steps are worked off in short runs of at most ``RUN``, one at a time where ``online`` is on. With
weights that change on the way P is that of the weights as they were. Williams & Zipser, *A learning algorithm for
continually running fully recurrent neural networks*, 1989.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from rnn_core.learners.base import NUMBER, StepwiseLearner, StepwiseSettings, send_back
from rnn_core.networks.base import Network, blank, taught
from rnn_core.records import Batch, Card, Needs
from rnn_core.records.trees import fold, stack, tmap, vector
from rnn_core.sensitivity import Influence, numbers_kept, stepwise
from rnn_core.unroll import unroll

RUN = 128
AT_ONCE = 2**22


class RTRL(StepwiseLearner):
    """Real-time recurrent learning: carry along how each weight has shaped the state, and never look back."""

    card = Card(title="Real-time recurrent learning", short="RTRL", row="B3", year=1989,
                reference="Williams & Zipser, A learning algorithm for continually running fully recurrent neural "
                          "networks, 1989",
                summary="Carry along how each weight has shaped the present state, so that learning never looks back.",
                equations={"P": "P_t = A_t P_{t−1} + ∂s_t/∂θ", "g": "g = Σ_t (∂ℓ_t/∂θ + λ_tᵀ P_{t−1})"},
                symbols={"P": "hidden", "g": "gradient"},
                use="Can a network learn while the sequence runs, with no end in sight?")
    needs = Needs(waits="step", keeps="step", blames="sequence", local=False,
                  reads="its influence on every number of the state, and with it all recurrent weights")

    @classmethod
    def bytes_kept(cls, make: Callable[[], Network], settings: StepwiseSettings) -> int:
        cell = make().cells[0]
        P, beside = numbers_kept(cell, settings.batch_size)
        return NUMBER * (2 * P + 2 * beside * run_length(cell, settings.batch_size))

    def pieces(self, batch: Batch, teacher: Tensor | None) -> Iterator[float]:
        cell, counted, length = self.network.cells[0], int(batch.counted.sum()), batch.target.shape[1]
        x, state = taught(cell, batch.x, teacher), cell.initial_state(len(batch.target))
        influence = Influence(cell, len(batch.target))
        run = 1 if self.online else run_length(cell, len(batch.target))
        for first in range(0, length, run):
            last = min(first + run, length)
            inside = tmap(lambda v, a=first, b=last: v[:, a:b], x)
            loss, state = self._run(inside, batch.steps(first, last), state, influence, counted)
            yield loss

    def _run(self, x: Any, part: Batch, state: Any, influence: Influence, counted: int) -> tuple[float, Any]:
        """Some steps: first all errors, each with respect to the state that enters its step, then P step by step."""
        cell = self.network.cells[0]
        with torch.no_grad():
            trace = unroll(cell, x, state, mask=part.mask)
        entering = stack(trace.nodes)
        flat, back = vector(fold(entering))
        flat = flat.detach().requires_grad_()
        out, _, _ = cell.step(fold(trace.x), back(flat))
        y = blank(self.network.readout(out.unflatten(0, part.target.shape[:2])), part.mask)
        loss = send_back(self.share(y, part, counted))
        errors = flat.new_zeros(flat.shape) if flat.grad is None else flat.grad
        A, B = stepwise(cell, trace.x, entering, part.mask)
        for error, step in zip(errors.unflatten(0, part.target.shape[:2]).unbind(1), zip(A.unbind(1), B.unbind(1))):
            influence.hear(error)
            influence.go_on(*step)
        influence.tell()
        return loss, trace.final


def run_length(cell: Any, batch_size: int) -> int:
    """How many steps are worked off in one call: as many as keep A and B short, from 1 to ``RUN``."""
    return max(1, min(RUN, AT_ONCE // max(1, numbers_kept(cell, batch_size)[1])))
