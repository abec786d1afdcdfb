"""LSTM-like cells whose gates can be switched: which there are, what each sees, which are tied.

    a_k = W_k x_t [· x_k] + R_k h_{t−1} [· h_k] + p_k ⊙ c [· c_k] + b_k        for k in i, f, g, o
    i_t = σ(a_i) or 1        f_t = σ(a_f), or 1 − i_t, or 1        g_t = tanh(a_g) or a_g
    c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t        o_t = σ(a_o) or 1        h_t = o_t ⊙ tanh(c_t) or o_t ⊙ c_t

W (4n, i), R (4n, n), the blocks in the order i, f, g, o; b (7n,) the four biases, then the peepholes p of i, f, o; o
sees c_t, the others c_{t−1}. ``choices`` (16,) holds a 1 for each switch of ``SWITCHES`` that is on, else 0; it is not
trained by gradients, and all layouts have weights of the same shapes, so that many run in one call. What is switched
off leaves its weights idle.
Bayer, Wierstra, Togelius & Schmidhuber, *Evolving memory cell structures for sequence learning*, 2009; the switches are
those that Greff et al., *LSTM: a search space odyssey*, 2017, flip one by one.
"""
from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, weight
from rnn_core.records import Card, setting

SWITCHES = ("i", "f", "tied", "o", "i sees c", "f sees c", "o sees c", "i hears h", "f hears h", "g hears h",
            "o hears h", "i reads x", "f reads x", "o reads x", "g bent", "c bent")


SEES = {f"{k} sees c" for k in "ifo"}
WHOLE = {*SWITCHES} - SEES - {"tied"}

#: Layouts by name: the switches that are on. All but the first two differ in one part from that with peepholes.
LAYOUTS = {
    "forget": WHOLE, "1997": WHOLE - {"f"}, "peepholes": WHOLE | SEES,
    "coupled": (WHOLE | SEES | {"tied"}) - {"f", "f sees c"}, "no input gate": (WHOLE | SEES) - {"i"},
    "no forget gate": (WHOLE | SEES) - {"f"}, "no output gate": (WHOLE | SEES) - {"o"},
    "linear input": (WHOLE | SEES) - {"g bent"}, "linear output": (WHOLE | SEES) - {"c bent"},
}


class Settings(RecurrentSettings):
    """How many cells, and which switches are on at the start."""

    hidden_size: int = setting(8, "Number of memory cells.", symbol="H", ge=1, le=512, main=True)
    layout: Literal["forget", "1997", "peepholes", "coupled", "no input gate", "no forget gate", "no output gate",
                    "linear input", "linear output"] = setting(
        "forget", "Which switches are on: today's usual form, the first one, that with peepholes, or one that differs "
                  "from it in a single part. Evolution may find others.", main=True)
    keep_bias: float = setting(1.0, "Fresh bias of the keep gate.", symbol="b_f", ge=-10.0, le=10.0, step=0.5)


class LayoutState(NamedTuple):
    """h (b, n), c (b, n)."""

    h: Tensor
    c: Tensor


class GateLayout(Cell):
    """A memory cell with switches: each of its gates, and each thing that a gate sees, can be there or not."""

    card = Card(
        title="LSTM with switches", row="A21", year=2009,
        reference="Bayer, Wierstra, Togelius & Schmidhuber, Evolving memory cell structures for sequence learning, "
                  "2009; Greff et al., LSTM: a search space odyssey, 2017",
        summary="A memory cell whose gates can be switched on and off, and what each sees; evolution may choose.",
        equations={"i": "i_t = 1 + m_i (σ(W_i x_t + R_i h_{t−1} + p_i ⊙ c_{t−1} + b_i) − 1)",
                   "f": "f_t = 1 + m_f (σ(W_f x_t + R_f h_{t−1} + p_f ⊙ c_{t−1} + b_f) − 1)",
                   "g": "g_t = tanh(W_g x_t + R_g h_{t−1} + b_g)",
                   "c": "c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t",
                   "o": "o_t = 1 + m_o (σ(W_o x_t + R_o h_{t−1} + p_o ⊙ c_t + b_o) − 1)",
                   "h": "h_t = o_t ⊙ tanh(c_t)"},
        symbols={"i": "write", "f": "forget", "g": "candidate", "o": "read", "c": "cell", "h": "hidden"},
        parameters="4*H*(I+H+1)+3*H",
        use="Which parts of an LSTM does a task need? Switch them by hand, or let evolution do it.")
    Settings = Settings
    switches = SWITCHES

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n = self.settings.hidden_size
        self.W, self.R, self.b = weight(4 * n, input_size), weight(4 * n, n), weight(7 * n)
        self.register_buffer("choices", torch.zeros(len(SWITCHES)))

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        super().initialise(generator)
        self.b.chunk(7)[1].fill_(self.settings.keep_bias)
        on = LAYOUTS[self.settings.layout]
        self.choices.copy_(torch.tensor([name in on for name in SWITCHES]).to(self.choices))

    def initial_state(self, batch_size: int) -> LayoutState:
        n = self.settings.hidden_size
        return LayoutState(self.zeros(batch_size, n), self.zeros(batch_size, n))

    def project(self, x: Tensor) -> Tensor:
        i, f, g, o = linear(x, self.W).chunk(4, -1)                       # (…, n)
        m = self.choices.chunk(len(SWITCHES), -1)
        return torch.cat([m[11] * i, m[12] * f, g, m[13] * o], -1) + torch.cat(self.b.chunk(7, -1)[:4], -1)

    def advance(self, drive: Tensor, state: LayoutState) -> tuple[Tensor, LayoutState, dict[str, Tensor]]:
        m, p = self.choices.chunk(len(SWITCHES), -1), self.b.chunk(7, -1)[4:]        # (1,), (n,)
        heard = linear(state.h, self.R).chunk(4, -1)
        ai, af, ag, ao = (a + m[7 + k] * h for k, (a, h) in enumerate(zip(drive.chunk(4, -1), heard, strict=True)))
        i = 1 + m[0] * (torch.sigmoid(ai + m[4] * p[0] * state.c) - 1)
        own = 1 + m[1] * (torch.sigmoid(af + m[5] * p[1] * state.c) - 1)
        f = torch.lerp(own, 1 - i, m[2])
        g = torch.lerp(ag, torch.tanh(ag), m[14])
        c = f * state.c + i * g
        o = 1 + m[3] * (torch.sigmoid(ao + m[6] * p[2] * c) - 1)
        h = o * torch.lerp(c, torch.tanh(c), m[15])
        return h, LayoutState(h, c), {"i": i, "f": f, "g": g, "c": c, "o": o, "h": h}

    @staticmethod
    def in_words(layout: Tensor) -> str:
        """A layout (16,) as one would say it, such as “i, f, o · f sees c · o does not hear h”."""
        on = {name: bool(v > 0.5) for name, v in zip(SWITCHES, layout.tolist())}
        gates = [k for k in "ifo" if on[k] and not (k == "f" and on["tied"])]
        told = [", ".join(gates) or "no gate"] + ["f = 1 − i"] * on["tied"]
        told += [f"{k} sees c" for k in gates if on[f"{k} sees c"]]
        told += [f"{k} does not hear h" for k in [*gates, "g"] if not on[f"{k} hears h"]]
        told += [f"{k} does not read x" for k in gates if not on[f"{k} reads x"]]
        return " · ".join(told + [f"{k} not bent" for k in "gc" if not on[f"{k} bent"]])
