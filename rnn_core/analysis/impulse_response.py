"""What does one impulse leave behind, and for how long?

    Δy_k = y(x + e)_{s+k} − y(x)_{s+k}      e: one input, at one step s, changed by its size; nothing else is touched
    Δs_k alike for everything that is carried on

Both runs are done, and their difference is taken; nothing is linearised. By default they run around silence, x = 0;
around data the mean over sequences is taken. A finite impulse network has Δ = 0 exactly after its last tap, any other
fades or lasts. Back & Tsoi, *FIR and IIR synapses*, 1991.
"""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, NetworkTrace, Result
from rnn_core.records.trees import leaves, tmap

CARD = Card(title="Impulse response", row="D18", year=1991,
            reference="Back & Tsoi, FIR and IIR synapses, a new neural network architecture for time series modeling, "
                      "1991",
            summary="What one impulse at one input leaves in outputs and states, step by step after it.",
            equations={"y": "Δy_k = y(x + e)_{s+k} − y(x)_{s+k}"}, symbols={"y": "prediction"})
FEW = 8


@dataclass(frozen=True, eq=False)
class ImpulseResponse(Result):
    """``outputs`` (t, o): the change of every output; ``states`` (t,): the length of the change of all that is carried.

    Both are means over ``sequences`` runs, NaN at steps where none exists. The impulse of ``size`` came to input
    ``channel`` at ``step``; ``passes`` (p, t) are the lengths of each pass alone, for nets of several cells.
    """

    outputs: Tensor
    states: Tensor
    passes: Tensor
    names: tuple[str, ...]
    step: int
    channel: int
    size: float
    sequences: int

    @property
    def lags(self) -> Tensor:
        """(t,) steps after the impulse, negative before it."""
        return torch.arange(len(self.outputs)) - self.step

    @property
    def strength(self) -> Tensor:
        """(t,) ‖Δy‖ of every step."""
        return self.outputs.norm(dim=-1)

    @property
    def last(self) -> int | None:
        """The lag of the last step at which an output feels the impulse at all; None where none does."""
        felt = (self.strength.nan_to_num(0.0, 1.0) > 0).nonzero().flatten()
        return int(self.lags[felt[-1]]) if len(felt) else None

    def frame(self) -> pd.DataFrame:
        """One row a step: its lag, the change of the outputs and of the state."""
        table = {"t": range(len(self.outputs)), "lag": self.lags.tolist(), "outputs": self.strength.tolist(),
                 "state": self.states.tolist()}
        if self.outputs.shape[1] <= FEW:
            table |= {f"output {k}": self.outputs[:, k].tolist() for k in range(self.outputs.shape[1])}
        if len(self.names) > 1:
            table |= {f"state of {name}": v.tolist() for name, v in zip(self.names, self.passes)}
        return pd.DataFrame(table)

    @property
    def says(self) -> str:
        known = self.strength[~self.strength.isnan()]
        if not bool(known.isfinite().all()) or not len(known):
            return "there is no response to tell here: this network has left the finite numbers."
        if self.last is None:
            return f"an impulse of {self.size:g} at input {self.channel} changes no output at any step."
        strength = self.strength.nan_to_num(0.0)
        top = int(strength.argmax())
        told = (f"an impulse of {self.size:g} at input {self.channel} moves the outputs most, by "
                f"{float(strength[top]):.3g}, {_after(top - self.step)}")
        end = len(strength) - 1 - self.step
        if self.last < end:
            return f"{told}; more than {self.last} steps after it nothing is left, exactly."
        share = float(strength[-1] / strength[top])
        return f"{told}; {end} steps after it {share:.2g} of that is left."

    @property
    def says_not(self) -> str:
        return ("how it answers two impulses, a larger one, or one among other inputs: only in a linear network do "
                "responses add up; and a change below a number's last digit counts as none.")


def impulse_response(network: Any, batch: Batch, *, step: int = 0, channel: int = 0, size: float = 1.0,
                     around: Literal["silence", "data"] = "silence") -> ImpulseResponse:
    """What an impulse leaves: a run with it less a run without, as long as the batch.

    ``around`` is what both runs read beside it: zeros, or the batch, over whose sequences the mean is taken. Raises
    ValueError, in one sentence, for inputs that are symbols, for a step or input that is not there, or a size of 0.
    """
    first = leaves(batch.x)[0]
    if not first.is_floating_point():
        raise ValueError("These inputs are symbols and not numbers: no impulse can be added to them.")
    t, i = first.shape[1], first.shape[2]
    for name, value, most in (("steps", step, t), ("inputs", channel, i)):
        if not 0 <= value < most:
            raise ValueError(f"There are {name} 0 to {most - 1}; {value} is not among them.")
    if not size or not math.isfinite(size):
        raise ValueError(f"An impulse needs a size that is a number and not 0; it was {size:g}.")
    silent = around == "silence"
    x = torch.zeros_like(first[:1]) if silent else first
    mask = None if silent else batch.mask
    places = [x, *(torch.zeros_like(v[:1]) if silent else v for v in leaves(batch.x)[1:])]
    struck = x.clone()
    struck[:, step, channel] += size
    with torch.no_grad():
        runs = []
        for own in (struck, x):
            given = iter([own, *places[1:]])
            runs.append(network.trace(tmap(lambda v, given=given: next(given), batch.x), mask=mask))
    there = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device) if mask is None else mask
    there = there & there[:, step].unsqueeze(1)
    outputs = _mean(runs[0].outputs - runs[1].outputs, there)
    each = _changes(runs[0], runs[1])                                                          # (b, t) a pass
    passes = torch.stack([_mean(v.unsqueeze(-1), there)[:, 0] for v in each])
    states = _mean(torch.stack(each).norm(dim=0).unsqueeze(-1), there)[:, 0]
    return ImpulseResponse(outputs.cpu(), states.cpu(), passes.cpu(), tuple(one.name for one in runs[0].passes), step,
                           channel, float(size), len(x))


def _changes(struck: NetworkTrace, calm: NetworkTrace) -> list[Tensor]:
    """For each pass the length (b, t) of the change of its state."""
    found = []
    for one, other in zip(struck.passes, calm.passes, strict=True):
        pairs = zip(leaves(one.states), leaves(other.states), strict=True)
        parts = [(a - b).flatten(2) for a, b in pairs if a.is_floating_point()]
        found.append(torch.cat(parts, -1).norm(dim=-1))
    return found


def _mean(v: Tensor, there: Tensor) -> Tensor:
    """(b, t, n) → (t, n) over sequences that are there, NaN where none is; infinite where one is not finite."""
    change = torch.where(v.isnan(), torch.full_like(v, torch.inf), v)
    total = torch.where(there.unsqueeze(-1), change, torch.zeros_like(v)).sum(0)
    return total / there.sum(0).unsqueeze(-1)


def _after(lag: int) -> str:
    """A lag in words."""
    if not lag:
        return "at once"
    return f"{abs(lag)} {'step' if abs(lag) == 1 else 'steps'} {'after' if lag > 0 else 'before'} it"
