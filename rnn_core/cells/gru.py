"""Gated recurrent unit: its first and its third form, three with simpler gates, and the minimal unit with one gate.

    r_t = σ(W_r x_t + R_r h_{t−1} + b_r)                    reset gate
    z_t = σ(W_z x_t + R_z h_{t−1} + b_z)                    keep gate
    n_t = tanh(W_n x_t + b_n + r_t ⊙ (R_n h_{t−1} + c))     v3, the form of torch and Keras
    n_t = tanh(W_n x_t + b_n + R_n (r_t ⊙ h_{t−1}))         v1, the form of the paper and of ONNX, and all the others
    h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t−1}

The gates of gru1 see h and b, those of gru2 h alone, those of gru3 b alone; mgu has one gate, z_t = 1 − r_t. W (kn, i),
R (kn, n), b (kn), stacked in the order r, z, n without the blocks that are not there; c (n) only in v3. ``FORMS`` is
the table. Papers disagree on which side z weighs: here z keeps, so that the single gate f of mgu's paper is our r.

Cho et al., *Learning phrase representations*, 2014; Zhou et al., *Minimal gated unit for recurrent neural networks*,
2016; Dey & Salem, *Gate-variants of gated recurrent unit (GRU) neural networks*, 2017.
"""
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, packed_call, weight
from rnn_core.records import Card, setting

CHO = "Cho et al., Learning phrase representations, EMNLP 2014"
DEY = "Dey & Salem, Gate-variants of gated recurrent unit (GRU) neural networks, 2017"
ZHOU = "Zhou et al., Minimal gated unit for recurrent neural networks, 2016"


@dataclass(frozen=True)
class Form:
    """One variant: what its gates see of input x, state h and bias b.

    ``tied`` makes one gate of the two, ``after`` lets it reset after the recurrent product. The rest is for the card.
    """

    title: str
    summary: str
    reference: str = CHO
    year: int = 2014
    sees: str = "xhb"
    tied: bool = False
    after: bool = False

    @property
    def gates(self) -> int:
        """How many gates have weights."""
        return 1 if self.tied else 2

    @property
    def equations(self) -> dict[str, str]:
        """The equation of every probe."""
        terms = {"x": "W_{} x_t", "h": "R_{} h_{{t−1}}", "b": "b_{}"}
        r, z = (f"{k}_t = σ({' + '.join(terms[s].format(k) for s in self.sees)})" for k in "rz")
        past = "r_t ⊙ (R_n h_{t−1} + c)" if self.after else "R_n (r_t ⊙ h_{t−1})"
        return {"r": r, "z": "z_t = 1 − r_t" if self.tied else z, "n": f"n_t = tanh(W_n x_t + b_n + {past})",
                "h": "h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t−1}"}

    @property
    def parameters(self) -> str:
        """The number of weights as a formula."""
        if self.sees == "xhb":
            return f"{self.gates + 1}*H*(I+H+1){'+H' * self.after}"
        return f"H*(I+H+1){'+2*H**2' * ('h' in self.sees)}{'+2*H' * ('b' in self.sees)}"


FORMS = {
    "v3": Form("GRU", "Two gates and no separate cell: each unit slides between its old value and a fresh candidate.",
               after=True),
    "v1": Form("GRU, first form", "As in its paper: the reset gate silences the past before the recurrent product."),
    "gru1": Form("GRU1", "Its gates see the state and a bias, and not the input.", DEY, 2017, sees="hb"),
    "gru2": Form("GRU2", "Its gates see the state alone.", DEY, 2017, sees="h"),
    "gru3": Form("GRU3", "Its gates are learnt numbers that stand still: each unit has a leak of its own.", DEY, 2017,
                 sees="b"),
    "mgu": Form("Minimal gated unit", "One gate for both: what is renewed is also what the candidate sees of the past.",
                ZHOU, 2016, tied=True),
}


class Settings(RecurrentSettings):
    """GRU: how many units, how many gates, and what they see."""

    variant: Literal["v3", "v1", "gru1", "gru2", "gru3", "mgu"] = setting(
        "v3", "v3 resets after the recurrent product (torch), v1 before it (paper); gru1, gru2 and gru3 have simpler "
              "gates, mgu a single one.")


class GRUState(NamedTuple):
    """h (b, n)."""

    h: Tensor


class GRU(Cell):
    """Gated recurrent unit: one gate slides each unit between keeping and renewing, one silences its past."""

    card = Card(
        title=FORMS["v3"].title, row="A8", year=FORMS["v3"].year, reference=FORMS["v3"].reference,
        summary=FORMS["v3"].summary, equations=FORMS["v3"].equations,
        symbols={"r": "read", "z": "forget", "n": "candidate", "h": "hidden"}, parameters=FORMS["v3"].parameters,
        use="Nearly what an LSTM does, with a quarter fewer weights; it counts less well.")
    Settings = Settings

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        form = self.form = FORMS[self.settings.variant]
        n = self.settings.hidden_size
        W, R, b = (n + form.gates * n * (seen in form.sees) for seen in "xhb")
        self.W, self.R, self.b = weight(W, input_size), weight(R, n), weight(b)
        if form.after:
            self.c = weight(n)
        self.card = replace(self.card, title=form.title, year=form.year, reference=form.reference,
                            summary=form.summary, equations=form.equations, parameters=form.parameters)

    def initial_state(self, batch_size: int) -> GRUState:
        return GRUState(self.zeros(batch_size, self.settings.hidden_size))

    def project(self, x: Tensor) -> Tensor:
        own = self.b if self.form.sees in ("xhb", "h") else self._biases()[1]
        return linear(x, self.W, own)                                     # (…, n) or (…, 3n)

    def advance(self, drive: Tensor, state: GRUState) -> tuple[Tensor, GRUState, dict[str, Tensor]]:
        n_units, h, form = self.settings.hidden_size, state.h, self.form
        heard = form.gates * n_units
        x_gates, x_n = drive.split([heard * ("x" in form.sees), n_units], 1)
        if form.after:
            h_gates, h_n = linear(h, self.R).split([2 * n_units, n_units], 1)
            r, z = torch.sigmoid(x_gates + h_gates).chunk(2, 1)
            n = torch.tanh(torch.addcmul(x_n, r, h_n + self.c))
        else:
            R_gates, R_n = self.R.split([heard * ("h" in form.sees), n_units], 0)
            r, z = self._gates(x_gates, h, R_gates)
            n = torch.tanh(torch.addmm(x_n, r * h, R_n.t()))
        h = torch.lerp(n, h, z)
        return h, GRUState(h), {"r": r, "z": z, "n": n, "h": h}

    def _biases(self) -> tuple[Tensor, Tensor]:
        """The biases of gates that do not see the input, and that of the candidate."""
        n = self.settings.hidden_size
        return self.b.split([2 * n, n])

    def _gates(self, x_gates: Tensor, h: Tensor, R_gates: Tensor) -> tuple[Tensor, Tensor]:
        """r and z, each (b, n), from what they see."""
        b_gates = self._biases()[0] if self.form.sees in ("hb", "b") else None
        if "x" in self.form.sees:
            a = torch.addmm(x_gates, h, R_gates.t())
        elif "h" in self.form.sees:
            a = linear(h, R_gates, b_gates)
        else:
            a = b_gates.expand(len(h), -1)
        if self.form.tied:
            r = torch.sigmoid(a)
            return r, 1 - r
        r, z = torch.sigmoid(a).chunk(2, 1)
        return r, z

    def fused(self, x: Tensor, state: GRUState, lengths: Tensor | None) -> tuple[Tensor, GRUState] | None:
        if self.settings.variant != "v3":
            return None
        c = torch.cat([torch.zeros_like(self.b[:2 * len(self.c)]), self.c])
        out, h = packed_call(torch._VF.gru, x, state, [self.W, self.R, self.b, c], lengths)
        return out, GRUState(h)

    @classmethod
    def from_weights(cls, module: torch.nn.GRU, W: Tensor, R: Tensor, b: Tensor, c: Tensor) -> GRU:
        """A GRU cell (v3) with the weights of one layer of ``torch.nn.GRU``; only the candidate keeps two biases."""
        n = R.shape[1]
        cell = cls(W.shape[1], Settings.model_construct(hidden_size=n)).to(W)
        joint = torch.cat([b[:2 * n] + c[:2 * n], b[2 * n:]])
        cell.load_state_dict({"W": W, "R": R, "b": joint, "c": c[2 * n:]})
        return cell


TORCH_MODULE = torch.nn.GRU
