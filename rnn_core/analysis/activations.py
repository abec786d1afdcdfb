"""The functions that bend a unit's sum, and their slopes.

    tanh' = 1 − tanh²,   σ' = σ (1 − σ),   relu' = [a > 0],   linear' = 1

On its way back through a unit an error is multiplied by the slope, so its largest value says how much can get through
at best: 1 for tanh, at 0 only, and ¼ for the logistic function. Bishop, *Pattern Recognition and Machine Learning*,
2006.
"""
from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Card, Result

CARD = Card(title="Activation functions and their slopes", row="B20", year=2006,
            reference="Bishop, Pattern Recognition and Machine Learning, 2006",
            summary="What bends a unit's sum, and how much of an error each lets back through.",
            equations={"tanh": "tanh' = 1 − tanh²", "σ": "σ' = σ (1 − σ)"})
FUNCTIONS = {"tanh": torch.tanh, "logistic σ": torch.sigmoid, "relu": torch.relu, "linear": lambda a: a * 1.0}
WRITTEN = {"tanh": "tanh", "logistic σ": "σ(", "relu": "relu", "linear": "linear"}
SETTING = {"tanh": "tanh", "sigmoid": "logistic σ", "relu": "relu", "linear": "linear"}


@dataclass(frozen=True, eq=False)
class Activations(Result):
    """``at`` (p,) sums; ``values`` and ``slopes`` (f, p) of the functions ``names`` there; ``used`` by this network."""

    names: tuple[str, ...]
    at: Tensor
    values: Tensor
    slopes: Tensor
    used: tuple[str, ...] = ()

    @property
    def steepest(self) -> Tensor:
        """(f,) the largest slope of each function."""
        return self.slopes.amax(1)

    @property
    def where(self) -> Tensor:
        """(f,) the sum nearest to 0 at which each slope is largest."""
        top = self.slopes >= self.steepest.unsqueeze(1) - 1e-12
        far = torch.where(top, self.at.abs(), torch.inf)
        return self.at[far.argmin(1)]

    def frame(self) -> pd.DataFrame:
        """One row a function."""
        columns = {"largest slope": self.steepest, "at": self.where, "slope at the edge": self.slopes[:, -1],
                   "least value": self.values.amin(1), "greatest value": self.values.amax(1)}
        return pd.DataFrame({"function": self.names, **{name: v.tolist() for name, v in columns.items()},
                             "in this network": [name in self.used for name in self.names]})

    @property
    def says(self) -> str:
        found = dict(zip(self.names, self.steepest.tolist()))
        edge, last = float(self.at[-1]), dict(zip(self.names, self.slopes[:, -1].tolist()))
        mine = f" This network bends with {' and '.join(self.used)}." if self.used else ""
        return (f"tanh lets at most {found['tanh']:g} of an error back through, and only where its sum is 0; the "
                f"logistic function at most {found['logistic σ']:g}. At {edge:g} they let {last['tanh']:.2g} and "
                f"{last['logistic σ']:.2g} through.{mine}")

    @property
    def says_not(self) -> str:
        return ("that a network with one of them forgets: the recurrent weights stand beside the slope in every step, "
                "and may make up for it.")


def activations(network: torch.nn.Module, *, reach: float = 4.0, points: int = 161) -> Activations:
    """Values and slopes of four functions at ``points`` sums from −``reach`` to ``reach``, by differentiation.

    Raises ValueError, in one sentence, for a reach that is not positive or for fewer than three points.
    """
    if not reach > 0 or points < 3:
        raise ValueError("A curve needs a reach above 0 and at least three points.")
    half = torch.linspace(0, reach, (points + 1) // 2, dtype=torch.float64)
    at = torch.cat([-half[1:].flip(0), half])
    values, slopes = [], []
    for function in FUNCTIONS.values():
        sums = at.clone().requires_grad_()
        value = function(sums)
        (slope,) = torch.autograd.grad(value.sum(), sums)
        values.append(value.detach())
        slopes.append(slope)
    return Activations(tuple(FUNCTIONS), at, torch.stack(values), torch.stack(slopes), _used(network))


def _used(network: torch.nn.Module) -> tuple[str, ...]:
    """The functions that the cells' equations name, or that their settings choose."""
    found = set()
    for cell in getattr(network, "cells", ()):
        text = " ".join(cell.card.equations.values())
        found |= {name for name, sign in WRITTEN.items() if sign in text}
        found |= {SETTING[chosen]} if (chosen := getattr(cell.settings, "activation", None)) in SETTING else set()
    return tuple(name for name in FUNCTIONS if name in found)
