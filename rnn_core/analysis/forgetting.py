"""Why did it forget this? One wrong answer followed back to the step where what it needed was lost.

    D_t = ∂s_t/∂x_m = A_t D_{t−1}                  what is left, after step t, of the input that had to be kept
    P_t = ‖∂s_a/∂s_t‖ = ‖A_a A_{a−1} … A_{t+1}‖    how much of the state after step t still reaches the answer
    g_t = ‖∂ℓ_a/∂s_t‖                              how much of the answer's error reaches that state

m is the step of the input, a the step of the answer. The step of the largest drop of ‖D_t‖ is where most was lost at
once. Hochreiter 1991; Bengio, Simard & Frasconi 1994.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.gradient_norms import gradient_norms
from rnn_core.analysis.step_jacobians import step_jacobians, stretching
from rnn_core.analysis.step_losses import only, step_losses
from rnn_core.records import Batch, Card, NetworkTrace, Result, Trace
from rnn_core.records.trees import paths, tmap, vector

CARD = Card(title="Why did it forget this?", row="D2", year=1994,
            reference="Hochreiter, 1991; Bengio, Simard & Frasconi, Learning long-term dependencies, 1994",
            summary="One answer followed back to the step where what it needed was lost.",
            equations={"D": "D_t = ∂s_t/∂x_m = A_t D_{t−1}", "P": "P_t = ‖A_a … A_{t+1}‖", "g": "g_t = ‖∂ℓ_a/∂s_t‖"},
            symbols={"D": "hidden", "P": "theory", "g": "gradient"})

#: A task that marks more steps than these asks all along: its marks are answers, not events to remember.
EVENTS = 3
#: A tenth of what was taken in is enough to read a number off; below it counts as lost.
LEFT = 0.1
#: A state that moves by less than a thousandth of the input took nothing in.
TAKEN = 1e-3


@dataclass(frozen=True, eq=False)
class Forgetting(Result):
    """One sequence: the input of step ``needed``, the ``answer`` step, the step ``lost`` between them (None: nowhere).

    ``gate`` (t,) is the keep gate of the units that had the input, NaN without one; ``left`` (t,) is ‖D_t‖ as a share
    of ``taken`` = ‖D_m‖; ``reach`` (t,) is P_t; ``gradient`` (t,) is g_t; NaN outside needed … answer. ``expected`` and
    ``said`` are told in words. ``asked`` is the sequence, scored at the answer alone, ``trace`` what was followed, and
    ``units`` (s,) how much of the input stands in each entry of the state after step m.
    """

    needed: int
    answer: int
    lost: int | None
    events: tuple[int, ...]
    gate_name: str
    gate: Tensor
    left: Tensor
    reach: Tensor
    gradient: Tensor
    taken: float
    expected: str
    said: str
    asked: Batch = field(repr=False)
    trace: NetworkTrace = field(repr=False)
    units: Tensor = field(repr=False)

    def frame(self) -> pd.DataFrame:
        """One row a step."""
        gate = {f"keep gate {self.gate_name}": self.gate.cpu()} if self.gate_name else {}
        return pd.DataFrame({"t": range(len(self.left)), **gate, "left of the input": self.left.cpu(),
                             "reaches the answer": self.reach.cpu(), "gradient": self.gradient.cpu()})

    @property
    def forgotten(self) -> bool:
        """Whether less than a tenth of what was taken in is left at the answer."""
        return self.taken >= TAKEN and self.lost is not None and float(self.left[self.answer]) < LEFT

    @property
    def says(self) -> str:
        asked = f"at step {self.answer} it says {self.said} where {self.expected} is right"
        if not self.taken >= TAKEN:
            return (f"{asked}; the input of step {self.needed} was hardly taken in: it moves the state by "
                    f"{self.taken:.1e} of itself.")
        if not self.forgotten:
            return (f"{asked}; the input of step {self.needed} is not forgotten: {float(self.left[self.answer]):.0%} "
                    "of what it did to the state is still felt.")
        t, gate = self.lost, "no gate keeps it"
        if self.gate_name:
            gate = f"the keep gate {self.gate_name} is at {float(self.gate[t]):.2f}"
        return (f"{asked}; the input of step {self.needed} has its largest single loss in step {t}, from "
                f"{float(self.left[t - 1]):.1%} to {float(self.left[t]):.1%}: {gate}, ‖∏J‖ from there to the answer is "
                f"{float(self.reach[t]):.1e}, and the error arrives with {float(self.gradient[t]):.1e}.")

    @property
    def says_not(self) -> str:
        return ("that this one step is to blame: a little is lost at every step, the Jacobians speak of small changes "
                "only, and what is kept may still be read wrongly.")


def forgetting(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor], task: Any,
               row: int = 0) -> Forgetting:
    """Follow the worst answer of sequence ``row`` back, along the network's first pass.

    Of a task that marks a few events, the answers are those from the last event on, and what had to be kept is the
    input of the first; of others, every answer counts, and the input to which its error is most sensitive. Raises
    ValueError, in one sentence, for a row that is not there and for a sequence with nothing to remember; MemoryError
    when its Jacobians are too large.
    """
    if not 0 <= row < len(batch.target):
        raise ValueError(f"There are {len(batch.target)} sequences, counted from 0: there is no sequence {row}.")
    one = batch.rows(slice(row, row + 1))
    marks = task.story(one, 0).marks
    marks = marks if len(marks) <= EVENTS else []
    since = max([1, *marks])
    means = step_losses(network, one, loss).means[since:]
    if not bool(means.isfinite().any()):
        raise ValueError("In this sequence no finite answer comes after something to remember.")
    answer = since + int(means.nan_to_num(-torch.inf, -torch.inf, -torch.inf).argmax())
    asked, events = only(one, answer), tuple(t for t in marks if t < answer)
    needed = events[0] if events else _felt(network, asked, loss, answer)
    with torch.no_grad():
        trace = network.trace(one.x, mask=one.mask)
    A = step_jacobians(trace.main).A[0]
    left, units = _left(trace.main, A, needed, answer)
    gradient = torch.full_like(left, torch.nan)
    gradient[needed:answer] = gradient_norms(network, asked, loss).norms[0, needed + 1:answer + 1]
    taken = float(left[needed])
    left = left / taken if taken > 0 else left
    drops = (left[needed + 1:answer + 1] / left[needed:answer]).nan_to_num(1.0, 1.0)
    lost = needed + 1 + int(drops.argmin()) if float(drops.min()) < 1 else None
    said = in_words(task, trace.outputs[0, answer], one.target.dim() == 2)
    return Forgetting(needed, answer, lost, events, *_gate(trace.main, units), left, _reach(A, needed, answer),
                      gradient, taken, in_words(task, one.target[0, answer]), said, asked, trace, units)


def in_words(task: Any, value: Tensor, scores: bool = False) -> str:
    """One answer in words: numbers (o,), a class (), or the ``scores`` (o,) of the classes."""
    if value.dim() and not scores:
        return ", ".join(f"{v:.2f}" for v in value.tolist())
    k = int(value.argmax() if scores else value)
    return f"“{task.words[k]}”" if task.words is not None else f"class {k}"


def _felt(network: Any, asked: Batch, loss: Callable[[Tensor, Batch], Tensor], answer: int) -> int:
    """The step before the answer to whose input its error is most sensitive."""
    with torch.enable_grad():
        x = asked.x.detach().clone().requires_grad_()
        felt, = torch.autograd.grad(loss(network.trace(x, mask=asked.mask).outputs, asked), x)
    return int(felt[0, :answer].nan_to_num().norm(dim=-1).argmax())


def _left(trace: Trace, A: Tensor, needed: int, answer: int) -> tuple[Tensor, Tensor]:
    """(t,) ‖∂s_t/∂x_m‖, NaN outside the span; and (s,) the norm of each row of ∂s_m/∂x_m."""
    s = A.shape[-1]
    state = tmap(lambda v: v[:, needed].detach().expand(s, *v.shape[2:]).clone(), trace.entering)
    with torch.enable_grad():
        x = trace.x[:, needed].detach().expand(s, -1).clone().requires_grad_()
        new = vector(trace.cell.step(x, state)[1])[0]
        D, = torch.autograd.grad(new.diagonal().sum(), x)
    units, left = D.norm(dim=1), torch.full_like(A[:, 0, 0], torch.nan)
    for t in range(needed, answer + 1):
        D = D if t == needed else A[t] @ D
        left[t] = stretching(D)
    return left, units


def _reach(A: Tensor, needed: int, answer: int) -> Tensor:
    """(t,) ‖A_a … A_{t+1}‖, 1 at the answer; NaN outside the span."""
    reach, product = torch.full_like(A[:, 0, 0], torch.nan), torch.eye(A.shape[-1], dtype=A.dtype, device=A.device)
    for t in range(answer, needed - 1, -1):
        reach[t] = stretching(product)
        product = product @ A[t]
    return reach


def _gate(trace: Trace, units: Tensor) -> tuple[str, Tensor]:
    """The name of the keep gate, and (t,) its mean over the units, weighted by how much of the input each has."""
    symbols = trace.cell.card.symbols
    name = next((n for n in trace.probes if symbols.get(n) == "forget"), "")
    if not name:
        return "", torch.full((trace.length,), torch.nan)
    gate, kept, start = trace.probes[name][0].flatten(1), {}, 0
    for path, value in paths(trace.entering):
        size = value[0, 0].numel() if value.is_floating_point() else 0
        if path.rpartition(".")[0] == name.rpartition(".")[0] and size == gate.shape[1]:
            kept[symbols.get(path)] = units[start:start + size]
        start += size
    weights = next(iter([kept["cell"]] if "cell" in kept else kept.values()), torch.ones_like(gate[0]))
    weights = weights if float(weights.sum()) > 0 else torch.ones_like(gate[0])
    return name, (gate * weights).sum(1) / weights.sum()
