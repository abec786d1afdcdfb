"""The hybrid of BPTT and RTRL, in blocks of n steps.

    inside a block      the errors of its steps go back to the state s that enters it:  λ = ∂ℓ_block/∂s  (b, s)
    from block to block g ← g + ∂ℓ_block/∂θ with s held + λᵀ P,   P ← A P + B

A = ∂s'/∂s and B = ∂s'/∂θ of the whole block are found by one backward pass for each number of the state s' that leaves
it. The gradient is exact, the last block may be shorter. Of a dense network with H units, n = H makes it O(H³) a step
on average, with O(H³) numbers kept, for any length of the sequence; n = 1 is RTRL, n ≥ T is BPTT. Williams, *Complexity
of exact gradient computation algorithms for recurrent neural networks*, 1989; Schmidhuber, *A fixed size storage O(n³)
time complexity learning algorithm for fully recurrent continually running networks*, 1992.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

from rnn_core.learners.base import NUMBER, StepwiseLearner, StepwiseSettings, send_back
from rnn_core.networks.base import Network, blank, taught
from rnn_core.records import Batch, Card, Needs, setting
from rnn_core.records.trees import tmap, vector
from rnn_core.sensitivity import Influence, numbers_kept, sensitivities
from rnn_core.unroll import unroll


class HybridSettings(StepwiseSettings):
    """How long a block is."""

    block: int = setting(16, "Steps of a block; as many as there are units cost least.", symbol="n", ge=1, le=1000,
                         main=True)


class Hybrid(StepwiseLearner):
    """The hybrid: look back within a block, carry along from block to block."""

    card = Card(title="Hybrid of BPTT and RTRL", short="Hybrid", row="B4", year=1992,
                reference="Williams 1989; Schmidhuber, A fixed size storage O(n³) time complexity learning algorithm, "
                          "1992",
                summary="Look back within a block, carry along from block to block: exact, at a cost between the two.",
                equations={"P": "P ← A P + B", "g": "g ← g + ∂ℓ_block/∂θ + λᵀ P"},
                symbols={"P": "hidden", "g": "gradient"}, use="Exact and online, for less than RTRL costs.")
    Settings = HybridSettings
    needs = Needs(waits="window", keeps="window", blames="sequence", local=False,
                  reads="its influence on every number of the state at the start of the block, and all in the block")

    @classmethod
    def bytes_kept(cls, make: Callable[[], Network], settings: HybridSettings) -> int:
        P, beside = numbers_kept(make().cells[0], settings.batch_size)
        return NUMBER * (2 * P + 2 * beside)

    def pieces(self, batch: Batch, teacher: Tensor | None) -> Iterator[float]:
        cell, counted, length = self.network.cells[0], int(batch.counted.sum()), batch.target.shape[1]
        x, state = taught(cell, batch.x, teacher), cell.initial_state(len(batch.target))
        influence = Influence(cell, len(batch.target))
        for first in range(0, length, self.settings.block):
            last = min(first + self.settings.block, length)
            inside, part = tmap(lambda v, a=first, b=last: v[:, a:b], x), batch.steps(first, last)
            flat, back = vector(state)
            flat = flat.detach().requires_grad_()
            trace = unroll(cell, inside, back(flat), mask=part.mask)
            y = blank(self.network.readout(trace.outputs), part.mask)
            loss = send_back(self.share(y, part, counted))
            if flat.grad is not None:
                influence.hear(flat.grad)
            if last < length:
                influence.go_on(*sensitivities(cell, trace.x, state, part.mask))
            influence.tell()
            state = tmap(Tensor.detach, trace.final)
            yield loss
