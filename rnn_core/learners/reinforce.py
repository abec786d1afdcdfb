"""REINFORCE: nobody says what would have been right; what went better than expected is made more likely.

    ∇J = E[Σ_t (R_t − b_t) ∇ ln π(a_t)],   π = softmax(y_t),   R_t = Σ_{u≥t} γ^{u−t} r_u
    g  = −(1/B) Σ_b Σ_t [(R_t − b_t) ∇ ln π(a_t) + β ∇H(π_t)],   H = −Σ_a π(a) ln π(a)

Actions are drawn from π. An action is blamed for what comes after it alone. The baseline b_t may depend on nothing that
a_t decides; it comes from earlier batches, so that the mean of the gradient does not change; its variance falls while
the outcome is open, and may rise where it is all but certain:

    none      b_t = 0
    mean      b_t = the mean of R_t at the same step, of earlier episodes, those long past counting less
    learned   b_t = v · (1, t/100, h_t), least squares on earlier episodes, h_t what the readout reads

The variance of the estimate grows with the number of steps, O(T). In a task with right answers the network says one,
hears 1 for a right one and 0 for a wrong one, and learns from that alone; what it says changes nothing later, so R_t is
r_t there. The loss told is still that of the teacher, who is not heard: beside an expert's actions, where the task is
played. Williams, *Simple statistical gradient-following algorithms for connectionist reinforcement learning*, 1992;
Wierstra, Förster, Peters & Schmidhuber, *Recurrent policy gradients*, 2010.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from rnn_core.learners.base import GradientLearner, GradientSettings, send_back
from rnn_core.networks.base import Network
from rnn_core.records import Batch, Card, Needs, Streams, setting
from rnn_core.records.episode import chosen
from rnn_core.tasks.base import ClassificationTask

FADES, RIDGE = 0.9, 1e-3


class ReinforceSettings(GradientSettings):
    """How far and in which way each update steps, and what a reward is compared with."""

    learning_rate: float = setting(0.01, "Size of a step.", symbol="η", ge=1e-6, le=10.0, log=True, main=True)
    discount: float = setting(1.0, "What a reward counts for one step earlier; in tasks that are played.", symbol="γ",
                              ge=0.0, le=1.0, step=0.01)
    expected: Literal["none", "mean", "learned"] = setting(
        "learned", "What a return is compared with: nothing, the mean of earlier ones at the same step, or a linear "
                "function of what the readout reads.", main=True)
    entropy: float = setting(0.1, "How much it is worth to stay undecided.", symbol="β", ge=0.0, le=10.0, step=0.01,
                             main=True)


class Lived(NamedTuple):
    """What happened: the ``batch`` that was read, the ``actions`` (b, t), the rewards ``to_go`` (b, t), the steps that
    count (b, t), and ``read`` (b, t, n) what the readout read."""

    batch: Batch
    actions: Tensor
    to_go: Tensor
    counted: Tensor
    read: Tensor


class Reinforce(GradientLearner):
    """REINFORCE with a baseline: act by chance, and make more likely what was followed by more than expected."""

    card = Card(title="REINFORCE", row="B16", year=1992,
                reference="Williams, Simple statistical gradient-following algorithms for connectionist reinforcement "
                          "learning, 1992",
                summary="Act by chance, and make more likely what was followed by more reward than expected.",
                equations={"g": "∇J = E[Σ_t (R_t − b_t) ∇ ln π(a_t)]", "R": "R_t = r_t + γ R_{t+1}"},
                symbols={"g": "gradient", "R": "target"},
                use="When no teacher knows the right action, and only the outcome tells.")
    Settings = ReinforceSettings
    needs = Needs(waits="sequence", keeps="sequence", blames="sequence", local=True,
                  reads="what it reads under backpropagation; the error is how likely the action was, times the one "
                        "number by which the rewards after it were better than expected")
    commands = ("learning_rate", "clip", "updates", "entropy", "discount")

    def __init__(self, network: Network, task: Any, settings: ReinforceSettings, streams: Streams) -> None:
        super().__init__(network, task, settings, streams)
        self.expected = EXPECTED[settings.expected]()

    @classmethod
    def check(cls, cell: type[Any], task: type[Any]) -> None:
        if getattr(task, "loss", None) is not ClassificationTask.loss:
            raise ValueError(f"{cls.card.title} needs a world that rewards, or answers that are right or wrong; "
                             f"{task.card.title} has neither.")

    def pieces(self, batch: Batch, teacher: Tensor | None) -> Iterator[float]:
        lived = self.live(batch)
        y = self.network(lived.batch.x, mask=lived.batch.mask)
        send_back(self.surrogate(y, lived))
        yield float(self.task.loss(y.detach(), lived.batch))

    def surrogate(self, y: Tensor, lived: Lived) -> Tensor:
        """A scalar with the estimate of −∇J as its gradient, from outputs y (b, t, o); b learns for later batches."""
        better = lived.to_go - self.expected.of(lived)
        self.expected.learn(lived)
        chances = y.log_softmax(-1)
        said = chances.gather(-1, lived.actions.unsqueeze(-1)).squeeze(-1)
        undecided = -(chances.exp() * chances).sum(-1)
        total = better * said + self.settings.entropy * undecided
        return -torch.where(lived.counted, total, torch.zeros_like(total)).sum() / len(y)

    @torch.no_grad()
    def live(self, batch: Batch) -> Lived:
        """Act: from the worlds in which these sequences begin, or, where there are none, along the sequences."""
        return self._answered(batch) if batch.world is None else self._played(batch)

    def _played(self, batch: Batch) -> Lived:
        """Episodes from the batch's worlds; the batch that was lived has the expert's actions as its targets."""
        like, read = self.parameters[0], []

        def step(x: Tensor, state: Any) -> tuple[Tensor, Any]:
            trace = self.network.trace(x.to(like).unsqueeze(1), state=state)
            read.append(trace.main.outputs[:, 0])
            return trace.outputs[:, 0], trace.main.final

        played = self.task.play(step, batch.world, generator=self.streams.noise)
        advised = self.task.expert(played.worlds.flatten(0, 1)).view_as(played.actions)
        mask = None if bool(played.mask.all()) else played.mask
        lived = Batch(played.observations.to(like.dtype), advised, mask, None, batch.world).to(like.device)
        to_go = played.to_go(self.settings.discount).to(like)
        return Lived(lived, played.actions.to(like.device), to_go, played.mask.to(like.device), torch.stack(read, 1))

    def _answered(self, batch: Batch) -> Lived:
        """Answers along the sequences, each with the reward 1 where it is right."""
        trace = self.network.trace(batch.x, mask=batch.mask)
        said = chosen(trace.outputs, self.streams.noise).to(batch.target.device)
        return Lived(batch, said, (said == batch.target).to(trace.outputs), batch.counted, trace.main.outputs)

    def tensors(self) -> dict[str, Tensor]:
        return super().tensors() | {f"expected.{name}": v for name, v in self.expected.kept.items()}

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        mine = {k: v for k, v in tensors.items() if k.startswith("expected.")}
        super().restore({k: v for k, v in tensors.items() if k not in mine}, numbers)
        self.expected.kept = {k.removeprefix("expected."): v.clone() for k, v in mine.items()}


class Nothing:
    """No baseline; ``kept`` is what a checkpoint must keep of one."""

    def __init__(self) -> None:
        self.kept: dict[str, Tensor] = {}

    def of(self, lived: Lived) -> Tensor:
        """b (b, t), from what was learnt of earlier batches."""
        return torch.zeros_like(lived.to_go)

    def learn(self, lived: Lived) -> None:
        """Learn from this batch, for later ones."""


class Mean(Nothing):
    """The mean of what was still to come at each step, of the episodes that came so far; 0 where none did."""

    def of(self, lived: Lived) -> Tensor:
        found = lived.to_go.new_zeros(lived.to_go.shape[1])
        if self.kept:
            known = self.kept["total"] / self.kept["weight"].clamp(min=1e-12)
            found[:len(known)] = known[:len(found)]
        return found.expand_as(lived.to_go)

    def learn(self, lived: Lived) -> None:
        counted = lived.counted.to(lived.to_go)
        for name, v in (("total", (counted * lived.to_go).sum(0)), ("weight", counted.sum(0))):
            old = self.kept.get(name, v[:0])
            longest = max(len(old), len(v))
            self.kept[name] = FADES * pad(old, (0, longest - len(old))) + pad(v, (0, longest - len(v)))


class Learned(Nothing):
    """The best linear function of what the readout reads, by least squares on the episodes that came so far."""

    def of(self, lived: Lived) -> Tensor:
        if not self.kept:
            return torch.zeros_like(lived.to_go)
        A, c = self.kept["A"], self.kept["c"]
        held = RIDGE * A.diagonal().mean() * torch.eye(len(A), dtype=A.dtype, device=A.device)
        return self._features(lived) @ torch.linalg.solve(A + held, c)

    def learn(self, lived: Lived) -> None:
        X, R = self._features(lived)[lived.counted], lived.to_go[lived.counted]
        for name, v in (("A", X.T @ X / len(X)), ("c", X.T @ R / len(X))):
            self.kept[name] = FADES * self.kept[name] + v if name in self.kept else v

    @staticmethod
    def _features(lived: Lived) -> Tensor:
        """1, the step, and what the readout reads: (b, t, n + 2)."""
        b, t, _ = lived.read.shape
        time = (torch.arange(t) / 100).to(lived.read).expand(b, t).unsqueeze(-1)
        return torch.cat([torch.ones_like(time), time, lived.read], -1)


EXPECTED = {"none": Nothing, "mean": Mean, "learned": Learned}
