"""Precise timing: two spikes mark a distance, and after the same distance again the net must answer.

    spikes at t₁ and t₂ = t₁ + D,   the answer at t₁ + 2D;   t₁ ∈ 0 … L − 1,   D ∈ 1 … L,   T = 3L

x_t is 1 at a spike and else 0, the target is "now" at the step of the answer and else "quiet". The answer of a network
is the step at which it says "now" most strongly, and it counts only if it is exactly the right one. Of all pairs
(t₁, D) those whose sum is divisible by five are never trained on. After Gers, Schraudolph & Schmidhuber, *Learning
precise timing with LSTM recurrent networks*, 2002.
"""
from __future__ import annotations

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import ClassificationTask

APART = 5


class TimingSettings(Settings):
    """How far apart the spikes may be."""

    lag: int = setting(10, "Longest distance between the two spikes, and between the second and the answer.",
                       symbol="L", ge=5, le=300, main=True)


class Timing(ClassificationTask):
    """Precise timing: answer as long after the second spike as that came after the first."""

    card = Card(title="Precise timing", row="C24", year=2002,
                reference="Gers, Schraudolph & Schmidhuber, Learning precise timing with LSTM recurrent networks, 2002",
                summary="Two spikes mark a distance; after the same distance again, at exactly that step, the net must "
                        "answer.",
                equations={"t": "answer = t₁ + 2 (t₂ − t₁)"},
                use="Can it measure time, and give it back?")
    Settings = TimingSettings
    metric_name, reach = "share at exactly the right step", "lag"
    input_size, output_size = 1, 2
    words = ("quiet", "now")

    def __init__(self, settings: TimingSettings | None = None) -> None:
        super().__init__(settings)
        lag = self.settings.lag
        every = torch.cartesian_prod(torch.arange(lag), torch.arange(1, lag + 1))
        apart = every.sum(1) % APART == 0
        self.learnt, self.held = every[~apart], every[apart]                                      # (p, 2)

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self.show(self.learnt[torch.randint(0, len(self.learnt), (batch_size,), generator=generator)])

    def held_out(self, count: int, generator: torch.Generator) -> Batch:
        return self.show(self.held[torch.randint(0, len(self.held), (count,), generator=generator)])

    def show(self, pairs: Tensor) -> Batch:
        """The sequences with these pairs (b, 2) of first spike and distance."""
        first, distance = pairs.T
        x = torch.zeros(len(pairs), 3 * self.settings.lag, 1)
        row = torch.arange(len(pairs))
        x[row, first] = x[row, first + distance] = 1
        target = torch.zeros(x.shape[:2], dtype=torch.long)
        target[row, first + 2 * distance] = 1
        return Batch(x, target)

    def metric(self, y: Tensor, batch: Batch) -> float:
        return float((self.answers(y) == batch.target.argmax(1)).float().mean())

    def answers(self, y: Tensor) -> Tensor:
        """(b,) the steps at which outputs y (b, t, 2) say "now" most strongly."""
        return (y[..., 1] - y[..., 0]).argmax(1)

    def baseline(self) -> Baseline:
        first, distance = self.held.T
        due = (first + 2 * distance).bincount(minlength=3 * self.settings.lag)                    # (t,)
        share = due.double() / len(self.held)
        loss = -float((torch.special.xlogy(share, share) + torch.special.xlog1py(1 - share, -share)).mean())
        return Baseline(float(share.max()), loss, f"always answer at step {int(share.argmax())}")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        due = int(batch.target[row].argmax())
        inputs = ["|" if v else "·" for v in batch.x[row, :, 0].tolist()]
        marks = [*batch.x[row, :, 0].nonzero().flatten().tolist(), due]
        targets = [self.words[k] for k in batch.target[row]]
        if y is None:
            return Story(inputs, marks, f"step {due}", targets=targets)
        said = int(self.answers(y[row:row + 1]))
        return Story(inputs, marks, f"step {due}", f"step {said}", said == due, targets)
