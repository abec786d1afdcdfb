"""A training step of every architecture beside a plain loop of the same equations, and beside Elman's.

A training step is the forward pass through ``unroll``, the squared error of every output and the backward pass. The
plain loop is what one would write in a notebook: one line an equation, for cells without an entry in ``PLAIN`` the
bare loop over ``cell.step``. Both must give the same outputs before anything is timed.
``python -m benchmarks.cell_steps --record`` also writes the ratios to Elman for the cards of the architectures.
"""

from __future__ import annotations

import platform
import statistics
import sys
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import linear, log_softmax

import rnn_core as rc
from benchmarks._measure import report, seconds
from rnn_core.catalogue import costs
from rnn_core.cells.base import Cell

T, B, H = 100, 32, 64
INPUTS = OUTPUTS = 8
ROUNDS, WARM = 30, 2
LIMIT = 1.3

Step = Callable[..., tuple[Tensor, tuple[Tensor, ...]]]


def elman(c: Cell) -> Step:
    """h ← tanh(W x + R h + b)."""
    def step(x: Tensor, h: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        h = torch.tanh(linear(x, c.W, c.b) + linear(h, c.R))
        return h, (h,)
    return step


def jordan(c: Cell) -> Step:
    """The context hears the output."""
    def step(x: Tensor, s: Tensor, y: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        s = c.settings.context_decay * s + y
        h = torch.tanh(linear(x, c.W, c.b) + linear(s, c.U))
        y = linear(h, c.V, c.d)
        return y, (s, y)
    return step


def recurrent_output(c: Cell) -> Step:
    """Units and outputs hear themselves."""
    def step(x: Tensor, h: Tensor, y: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        h = torch.tanh(linear(x, c.W, c.b) + linear(h, c.R))
        y = linear(h, c.V, c.d) + linear(y, c.U)
        return y, (h, y)
    return step


def fully_recurrent(c: Cell) -> Step:
    """Every unit hears every unit; the first of them are the outputs."""
    bend = {"linear": lambda a: a}.get(c.settings.output_activation) or getattr(torch, c.settings.output_activation)

    def step(x: Tensor, h: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        a = linear(x, c.W, c.b) + linear(h, c.R)
        y = bend(a[:, :c.output_size])
        return y, (torch.cat([y, torch.tanh(a[:, c.output_size:])], 1),)
    return step


def lstm(c: Cell) -> Step:
    """Keep, take in, show."""
    def step(x: Tensor, h: Tensor, m: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        i, f, g, o = (linear(x, c.W, c.b) + linear(h, c.R)).chunk(4, 1)
        m = torch.sigmoid(f) * m + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(m)
        return h, (h, m)
    return step


def gru(c: Cell) -> Step:
    """Slide between the old value and a fresh one."""
    def step(x: Tensor, h: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        x_r, x_z, x_n = linear(x, c.W, c.b).chunk(3, 1)
        h_r, h_z, h_n = linear(h, c.R).chunk(3, 1)
        r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
        h = (1 - z) * torch.tanh(x_n + r * (h_n + c.c)) + z * h
        return h, (h,)
    return step


def indrnn(c: Cell) -> Step:
    """Each unit hears itself alone."""
    bend, u = getattr(torch, c.settings.activation), c.recurrent

    def step(x: Tensor, h: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        h = bend(linear(x, c.W, c.b) + u * h)
        return h, (h,)
    return step


def ctrnn(c: Cell) -> Step:
    """One step of Euler's method."""
    rate = c.settings.time_step / c.tau

    def step(x: Tensor, y: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        y = y + rate * (linear(x, c.W) - y + linear(torch.sigmoid(y - c.b), c.R))
        return torch.sigmoid(y - c.b), (y,)
    return step


def mtrnn(c: Cell) -> Step:
    """Leaky units, of which the fast ones meet input and output."""
    fast, slow = c.groups

    def step(x: Tensor, u: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        seen = torch.cat([linear(x, c.W), x.new_zeros(len(x), slow)], 1)
        u = (1 - 1 / c.tau) * u + (seen + linear(torch.tanh(u), c.R, c.b)) / c.tau
        return torch.tanh(u[:, :fast]), (u,)
    return step


def second_order(c: Cell) -> Step:
    """Input and state multiply."""
    W = c.W.flatten(1)

    def step(x: Tensor, h: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        h = torch.sigmoid(linear((h[:, :, None] * x[:, None, :]).flatten(1), W, c.b))
        return h, (h,)
    return step


def narx(c: Cell) -> Step:
    """A hidden layer over two delay lines."""
    def step(x: Tensor, past: Tensor, said: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        u = torch.cat([x, past], 1)
        y = linear(torch.tanh(linear(u, c.W, c.b) + linear(said, c.U)), c.V, c.d)
        return y, (u[:, :past.shape[1]], torch.cat([y, said], 1)[:, :said.shape[1]])
    return step


def rmlp(c: Cell) -> Step:
    """A multilayer perceptron whose last layer hears itself."""
    layers, bend = c.settings.inner_layers, getattr(torch, c.settings.activation)

    def step(x: Tensor, h: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        for k in range(1, layers):
            x = bend(linear(x, getattr(c, f"W_{k}"), getattr(c, f"b_{k}")))
        h = bend(linear(x, getattr(c, f"W_{layers}"), getattr(c, f"b_{layers}")) + linear(h, c.R))
        return h, (h,)
    return step


def finite_impulse(c: Cell) -> Step:
    """A layer over a delay line."""
    bend = getattr(torch, c.settings.activation)

    def step(x: Tensor, past: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        u = torch.cat([x, past], 1)
        return bend(linear(u, c.W, c.b)), (u[:, :past.shape[1]],)
    return step


def infinite_impulse(c: Cell) -> Step:
    """A layer whose synapses are filters with feedback."""
    bend, n, i = getattr(torch, c.settings.activation), c.settings.hidden_size, c.input_size

    def step(x: Tensor, past: Tensor, heard: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        u = torch.cat([x[:, None], past], 1)                              # (b, K + 1, i)
        z = (u.transpose(1, 2).repeat(1, n, 1) * c.W).sum(2) + (heard.transpose(1, 2) * c.V).sum(2)
        h = bend(z.view(-1, n, i).sum(2) + c.b)
        return h, (u[:, :-1], torch.cat([z[:, None], heard], 1)[:, :-1])
    return step


def hidden_markov(c: Cell) -> Step:
    """The forward algorithm; every row of a table is a distribution."""
    A, log_B = torch.softmax(c.A, 1), log_softmax(c.B, 1)
    C = torch.softmax(c.B if c.tied else c.C, 1)

    def step(x: Tensor, p: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        q = torch.softmax(p.log() + linear(x, log_B), 1)
        p = q @ A
        return ((p if c.settings.next_symbol else q) @ C).log(), (p,)
    return step


PLAIN = {f.__name__: f for f in (elman, jordan, recurrent_output, fully_recurrent, lstm, gru, indrnn, ctrnn, mtrnn,
                                 second_order, narx, rmlp, finite_impulse, infinite_impulse, hidden_markov)}


def plain(name: str, cell: Cell, x: Tensor) -> Tensor:
    """Outputs (b, t, o) of the plain loop."""
    state, outputs = cell.initial_state(len(x)), []
    step = PLAIN[name](cell) if name in PLAIN else None
    for x_t in x.unbind(1):
        if step is not None:
            out, state = step(x_t, *state)
        else:
            out, state, _ = cell.step(x_t, state)
        outputs.append(out)
    return torch.stack(outputs, 1)


def made(name: str) -> tuple[Cell, Tensor]:
    """A fresh cell with as many hidden units as are asked for, if it has such, and a random x (b, t, i) for it."""
    sized = {"hidden_size": H} if "hidden_size" in rc.catalogue.cell_classes()[name].Settings.model_fields else {}
    cell = rc.make_cell(name, INPUTS, output_size=OUTPUTS, **sized)
    return cell, cell.draw(B, T, torch.Generator().manual_seed(0))


def training_step(cell: Cell, forward: Callable[[], Tensor]) -> Callable[[], None]:
    """Forward, squared error of every output, backward; the gradients are left in the parameters."""
    def step() -> None:
        cell.zero_grad(set_to_none=True)
        (forward() ** 2).mean().backward()
    return step


def in_turn(works: tuple[Callable[[], None], ...], first: int) -> list[float]:
    """The time of each work; the order changes from round to round, so that none always follows the same."""
    order = [(first + k) % len(works) for k in range(len(works))][::1 - 2 * (first % 2)]
    times = {k: seconds(works[k]) for k in order}
    return [times[k] for k in range(len(works))]


def measure(name: str) -> dict[str, float]:
    """The three steps in turn: medians of ours ÷ plain and of ours ÷ Elman's; RuntimeError if the two roads part."""
    cell, x = made(name)
    first, its_x = made("elman")
    with torch.no_grad():
        apart = float((rc.unroll(cell, x).outputs - plain(name, cell, x)).abs().max())
    if not apart < 1e-3:
        raise RuntimeError(f"The plain loop of {name} gives other outputs, apart by {apart:.2g}.")
    works = (training_step(cell, lambda: rc.unroll(cell, x).outputs), training_step(cell, lambda: plain(name, cell, x)),
             training_step(first, lambda: rc.unroll(first, its_x).outputs))
    for _ in range(WARM):
        [work() for work in works]
    ours, theirs, elmans = zip(*(in_turn(works, k) for k in range(ROUNDS)), strict=True)
    return {"measured": statistics.median(a / b for a, b in zip(ours, theirs, strict=True)),
            "elmans": statistics.median(a / b for a, b in zip(ours, elmans, strict=True)),
            "ours_ms": 1e3 * statistics.median(ours), "plain_ms": 1e3 * statistics.median(theirs),
            "elman_ms": 1e3 * statistics.median(elmans), "rounds": ROUNDS, "apart": apart}


def main(arguments: list[str]) -> None:
    """Print every figure; with ``--record`` write the ratios to Elman down, with ``NAME …`` measure only those."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    wanted, found = [a for a in arguments if not a.startswith("--")], {}
    for name, kind in rc.catalogue.cell_classes().items():
        if "sequence" not in kind.runs_along or (wanted and name not in wanted):
            continue
        got = measure(name)
        found[name] = float(f"{got['elmans']:.2g}")
        report(f"training step, {name}, ours ÷ {'plain loop' if name in PLAIN else 'bare loop over step'} "
               f"(T={T}, B={B}, H={H})", f"≤ {LIMIT}", got["measured"] <= LIMIT, **got)
    if "--record" in arguments:
        costs.keep(found, made_with=f"torch {torch.__version__}, 1 thread, {platform.machine()}", b=B, T=T, H=H)


if __name__ == "__main__":
    main(sys.argv[1:])
