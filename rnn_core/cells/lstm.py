"""Long short-term memory, and the variants that leave out, tie or add a part.

    i_t = σ(W_i x_t + R_i h_{t−1} [+ p_i ⊙ c_{t−1}] + b_i)    write gate
    f_t = σ(W_f x_t + R_f h_{t−1} [+ p_f ⊙ c_{t−1}] + b_f)    keep gate
    g_t = tanh(W_g x_t + R_g h_{t−1} + b_g)                   candidate
    c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t
    o_t = σ(W_o x_t + R_o h_{t−1} [+ p_o ⊙ c_t] + b_o)        read gate
    h_t = o_t ⊙ tanh(c_t)

W (kn, i), R (kn, n), b (kn), the k blocks stacked in the order i, f, g, o; p (m, n), a row for each gate that sees the
cell; Q (3n, 3n) where the gates also hear q = (i, f, o) of a step before. A gate that is left out is 1. ``FORMS`` is
the table of variants: all but the first two are measured against the one with peepholes.

Hochreiter & Schmidhuber 1997; forget gate: Gers, Schmidhuber & Cummins 2000; peepholes: Gers, Schraudolph &
Schmidhuber 2002; the others: Greff et al., *LSTM: a search space odyssey*, 2017.
"""
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, packed_call, weight
from rnn_core.records import Card, setting


@dataclass(frozen=True)
class Form:
    """One variant: the ``blocks`` that have weights, in the order in which they are stacked, and what the gates hear.

    ``peepholes`` are the gates that see the cell; ``coupled`` ties the keep gate to the write gate; ``bent`` are those
    of g and c that pass through tanh; ``listening`` gates hear every gate of a step before. The rest is for the card.
    """

    title: str
    summary: str
    reference: str = "Greff et al., LSTM: a search space odyssey, 2017"
    year: int = 2017
    blocks: str = "ifgo"
    peepholes: str = ""
    coupled: bool = False
    bent: str = "gc"
    listening: bool = False

    @property
    def equations(self) -> dict[str, str]:
        """The equation of every probe."""
        write, keep, show = ("i_t ⊙ " * ("i" in self.blocks), "f_t ⊙ " * self.keeps, "o_t ⊙ " * ("o" in self.blocks))
        gates = {k: f"{k}_t = σ({self._sum(k)})" for k in "ifo" if k in self.blocks}
        if self.coupled:
            gates["f"] = "f_t = 1 − i_t"
        told = gates | {"g": f"g_t = tanh({self._sum('g')})" if "g" in self.bent else f"g_t = {self._sum('g')}",
                        "c": f"c_t = {keep}c_{{t−1}} + {write}g_t",
                        "h": f"h_t = {show}tanh(c_t)" if "c" in self.bent else f"h_t = {show}c_t"}
        return {k: told[k] for k in "ifgoch" if k in told}

    def _sum(self, k: str) -> str:
        seen = {"o": f" + p_{k} ⊙ c_t"}.get(k, f" + p_{k} ⊙ c_{{t−1}}") if k in self.peepholes else ""
        heard = f" + Q_{k} q_{{t−1}}" if self.listening and k != "g" else ""
        return f"W_{k} x_t + R_{k} h_{{t−1}}{seen}{heard} + b_{k}"

    @property
    def keeps(self) -> bool:
        """Whether there is a keep gate."""
        return "f" in self.blocks or self.coupled

    @property
    def parameters(self) -> str:
        """The number of weights as a formula."""
        peepholes = f"+{len(self.peepholes)}*H" if self.peepholes else ""
        return f"{len(self.blocks)}*H*(I+H+1){peepholes}{'+9*H**2' * self.listening}"


FORMS = {
    "1997": Form("LSTM of 1997", "The first form: it writes and reads through gates, and never lets go of anything.",
                 "Hochreiter & Schmidhuber, Long short-term memory, 1997", 1997, blocks="igo"),
    "forget": Form("LSTM", "A memory cell that changes by addition, guarded by gates that learn when to keep, write "
                           "and read.",
                   "Hochreiter & Schmidhuber, Long short-term memory, 1997; Gers, Schmidhuber & Cummins, 2000", 1997),
    "peepholes": Form("LSTM with peepholes", "The gates also see the cell that they guard, so that they can count and "
                                             "time.",
                      "Gers, Schraudolph & Schmidhuber, Learning precise timing with LSTM recurrent networks, 2002",
                      2002, peepholes="ifo"),
    "coupled": Form("LSTM with coupled gates", "As much as is written is forgotten: one gate does both.",
                    blocks="igo", peepholes="io", coupled=True),
    "no input gate": Form("LSTM without input gate", "Every candidate is written in full.", blocks="fgo",
                          peepholes="fo"),
    "no forget gate": Form("LSTM without forget gate", "With peepholes, and everything written is kept for ever.",
                           blocks="igo", peepholes="io"),
    "no output gate": Form("LSTM without output gate", "The cell is always on show.", blocks="ifg", peepholes="if"),
    "linear input": Form("LSTM with linear input", "The candidate is written as it comes, not squashed by tanh.",
                         peepholes="ifo", bent="c"),
    "linear output": Form("LSTM with linear output", "The cell is shown as it is, not squashed by tanh.",
                          peepholes="ifo", bent="g"),
    "full recurrence": Form("LSTM with full gate recurrence", "Each gate also hears what all gates were a step before.",
                            peepholes="ifo", listening=True),
}


#: Forms that torch's kernel can compute; σ(OPEN) is 1 in double precision.
KERNEL, OPEN = ("forget", "1997"), 40.0


class Settings(RecurrentSettings):
    """LSTM: how many cells, how firmly they keep at the start, and which parts there are."""

    forget_bias: float = setting(1.0, "Fresh bias of the keep gate: at 1 a new cell keeps about 73 % a step.",
                                 symbol="b_f", ge=-10.0, le=10.0, step=0.5)
    variant: Literal["forget", "1997", "peepholes", "coupled", "no input gate", "no forget gate", "no output gate",
                     "linear input", "linear output", "full recurrence"] = setting(
        "forget", "Which gates there are and what they see: forget is today's usual form, 1997 the first one, with "
                  "peepholes the gates see the cell, and each of the rest differs from that one in a single part.")


class LSTMState(NamedTuple):
    """h (b, n), c (b, n)."""

    h: Tensor
    c: Tensor


class ListeningState(NamedTuple):
    """h (b, n), c (b, n), and the gates q (b, 3n) of the step before: i, f, o."""

    h: Tensor
    c: Tensor
    q: Tensor


class LSTM(Cell):
    """Long short-term memory: a cell that adds, and three gates that decide what it keeps, takes in and shows."""

    card = Card(
        title=FORMS["forget"].title, row="A7", year=FORMS["forget"].year, reference=FORMS["forget"].reference,
        summary=FORMS["forget"].summary, equations=FORMS["forget"].equations,
        symbols={"i": "write", "f": "forget", "g": "candidate", "o": "read", "c": "cell", "h": "hidden"},
        parameters=FORMS["forget"].parameters,
        use="Long lags, counting, text: wherever something must be kept for many steps.")
    Settings = Settings
    kernel_wins = True

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        form = self.form = FORMS[self.settings.variant]
        n, blocks = self.settings.hidden_size, len(form.blocks)
        self.W, self.R, self.b = weight(blocks * n, input_size), weight(blocks * n, n), weight(blocks * n)
        if form.peepholes:
            self.p = weight(len(form.peepholes), n)
        if form.listening:
            self.Q = weight(3 * n, 3 * n)
        self.kernel_wins = self.settings.variant in KERNEL
        self.card = replace(
            self.card, title=form.title, year=form.year, reference=form.reference, summary=form.summary,
            equations=form.equations, symbols={k: self.card.symbols[k] for k in form.equations},
            parameters=form.parameters)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        super().initialise(generator)
        biases = dict(zip(self.form.blocks, self.b.chunk(len(self.form.blocks)), strict=True))
        if "f" in biases:
            biases["f"].fill_(self.settings.forget_bias)
        elif self.form.coupled:
            biases["i"].fill_(-self.settings.forget_bias)

    def initial_state(self, batch_size: int) -> LSTMState | ListeningState:
        n = self.settings.hidden_size
        h, c = self.zeros(batch_size, n), self.zeros(batch_size, n)
        return ListeningState(h, c, self.zeros(batch_size, 3 * n)) if self.form.listening else LSTMState(h, c)

    def project(self, x: Tensor) -> Tensor:
        return linear(x, self.W, self.b)                                  # (…, kn)

    def advance(self, drive: Tensor, state: LSTMState | ListeningState) -> tuple[Tensor, LSTMState | ListeningState,
                                                                                 dict[str, Tensor]]:
        form = self.form
        a = dict(zip(form.blocks, torch.addmm(drive, state.h, self.R.t()).chunk(len(form.blocks), 1), strict=True))
        if form.listening:
            a |= {k: a[k] + heard for k, heard in zip("ifo", linear(state.q, self.Q).chunk(3, 1), strict=True)}
        p = dict(zip(form.peepholes, self.p.unbind(), strict=True)) if form.peepholes else {}

        def seeing(k: str, c: Tensor) -> Tensor:
            return torch.addcmul(a[k], p[k], c) if k in p else a[k]

        i = torch.sigmoid(seeing("i", state.c)) if "i" in a else 1.0
        f = torch.sigmoid(seeing("f", state.c)) if "f" in a else 1.0 - i if form.coupled else 1.0
        g = torch.tanh(a["g"]) if "g" in form.bent else a["g"].clone()
        c = f * state.c + i * g
        o = torch.sigmoid(seeing("o", c)) if "o" in a else 1.0
        h = o * torch.tanh(c) if "c" in form.bent else o * c
        after = ListeningState(h, c, torch.cat([i, f, o], 1)) if form.listening else LSTMState(h, c)
        return h, after, {k: v for k, v in zip("ifgoch", (i, f, g, o, c, h), strict=True) if isinstance(v, Tensor)}

    def fused(self, x: Tensor, state: LSTMState, lengths: Tensor | None) -> tuple[Tensor, LSTMState] | None:
        if self.settings.variant not in KERNEL:
            return None
        weights = [self.W, self.R, self.b] if "f" in self.form.blocks else self._with_an_open_gate()
        out, h, c = packed_call(torch._VF.lstm, x, state, [*weights, torch.zeros_like(weights[2])], lengths)
        return out, LSTMState(h, c)

    def _with_an_open_gate(self) -> list[Tensor]:
        """W, R and b with a keep gate that hears nothing and is 1 to the last digit: torch's kernel has four blocks."""
        n = self.settings.hidden_size
        return [torch.cat([v[:n], torch.full_like(v[:n], fill), v[n:]])
                for v, fill in ((self.W, 0.0), (self.R, 0.0), (self.b, OPEN))]

    @classmethod
    def from_weights(cls, module: torch.nn.LSTM, W: Tensor, R: Tensor, b: Tensor, c: Tensor) -> LSTM:
        """An LSTM cell with the weights of one layer of ``torch.nn.LSTM``, its two biases summed."""
        cell = cls(W.shape[1], Settings.model_construct(hidden_size=R.shape[1])).to(W)
        cell.load_state_dict({"W": W, "R": R, "b": b + c})
        return cell


TORCH_MODULE = torch.nn.LSTM
