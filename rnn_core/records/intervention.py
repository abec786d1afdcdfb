"""Interventions: one thing that is done to a network, to its state or to what it reads, and when."""
from __future__ import annotations

from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

KINDS = {"hold": "Hold a gate or a unit", "clamp": "Overwrite the state", "start": "Another initial state",
         "input": "Overwrite the input", "weight": "Overwrite a weight"}
MOST = 1e30
VERBS = {"hold": "hold", "clamp": "clamp", "start": "start", "input": "set", "weight": "set"}
TIMED = ("hold", "clamp", "input")
ASKED = {"kind": f"one of {', '.join(KINDS)}", "name": "a word", "unit": "a whole number from 0 on, or nothing for all",
         "first": "a step, 0 or later", "last": "a step, 0 or later, or nothing for the last one",
         "value": "a finite number, at most 1e30 in size", "which": "the number of a pass, 0 or more"}


class Intervention(BaseModel):
    """One thing that is done, and where.

    ``hold``: the probe ``name`` is ``value`` in steps ``first`` … ``last`` (both included; None: to the end), whatever
    the step computes for it; all that the step makes of it follows. ``clamp``: the state field ``name`` is ``value`` as
    it enters these steps. ``start``: the state field before the first step is. ``input``: column ``unit`` of x is, in
    these steps. ``weight``: number ``unit`` of the flattened weight array ``name`` is, such as ``cells.0.R``; ``R`` for
    short is the cell's of that pass, or else the readout's. ``unit`` counts from 0, None means all; ``which`` is the
    pass of a network with several. Raises ValueError, in one sentence, for anything else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)
    kind: Literal["hold", "clamp", "start", "input", "weight"]
    name: str = ""
    unit: int | None = Field(None, ge=0)
    first: int = Field(0, ge=0)
    last: int | None = Field(None, ge=0)
    value: float = Field(ge=-MOST, le=MOST)
    which: int = Field(0, ge=0)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ValueError(_sentence(error)) from None
        if self.last is not None and self.last < self.first:
            raise ValueError(f"An intervention ends where it begins or later, not in step {self.last} after step "
                             f"{self.first}.")

    def places(self, shape: torch.Size) -> Tensor:
        """True where it acts, in the shape of what it acts on; ValueError, in one sentence, if that is nowhere."""
        count = max(shape.numel(), 1)
        if self.unit is not None and self.unit >= count:
            raise ValueError(f"{self.name or 'The input'} has {count} units, numbered from 0: there is no unit "
                             f"{self.unit}.")
        picked = torch.full((count,), self.unit is None)
        picked[slice(None) if self.unit is None else self.unit] = True
        return picked.reshape(shape)

    def until(self, length: int) -> int:
        """The last step that it acts on, of ``length``; ValueError, in one sentence, when it leaves the sequence."""
        last = length - 1 if self.last is None else self.last
        if max(self.first, last) >= length:
            raise ValueError(f"The sequence has the steps 0 to {length - 1}: there is no step "
                             f"{max(self.first, last)}.")
        return last

    @property
    def words(self) -> str:
        """What is to be done, in words: “hold f of unit 3 at 1 from step 5 to 20”."""
        return f"{VERBS[self.kind]} {self._what}"

    @property
    def doing(self) -> str:
        """The same as the subject of a sentence: “holding f of unit 3 at 1 from step 5 to 20”."""
        verb = VERBS[self.kind]
        return f"{verb + 't' * (verb == 'set')}ing {self._what}"

    @property
    def _what(self) -> str:
        """What it acts on, with which value, and when."""
        what = self.name or "x"
        units = f"{what}[{self.unit}]" if self.kind in ("input", "weight") else f"{what} of unit {self.unit}"
        units = f"all of {what}" if self.unit is None else units
        when = ""
        if self.kind in TIMED:
            end = "on" if self.last is None else f"to {self.last}"
            when = f" in step {self.first}" if self.first == self.last else f" from step {self.first} {end}"
        return f"{units} at {self.value:.4g}{when}"


def _sentence(error: ValidationError) -> str:
    """The first complaint of a refused record, for anybody to read."""
    name = str(error.errors()[0]["loc"][0])
    if name not in ASKED:
        return f"An intervention has no “{name}”."
    return f"The {'pass' if name == 'which' else name} of an intervention must be {ASKED[name]}."
