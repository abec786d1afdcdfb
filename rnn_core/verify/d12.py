"""D12, gating and forgetting: what the keep gates multiply, what they remember, and the bias that fits a length."""
from __future__ import annotations

import math
from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, equal, gradients, near, quick, same

B, T, INPUTS, UNITS = 3, 9, 2, 4


@quick
def product_of_gates() -> Iterator[Finding]:
    """LSTM: where the gates do not listen to h, ∂c_T/∂c_t is exactly the product of the keep gates, for every t."""
    cell, x = _deaf("lstm"), torch.randn(B, T, INPUTS, dtype=torch.float64)
    kept = rc.unroll(cell, x).probes["f"]
    start = cell.initial_state(B)
    for t in range(T):
        c = torch.randn(B, UNITS, dtype=torch.float64, requires_grad=True)
        state = type(start)(torch.randn(B, UNITS, dtype=torch.float64), c)
        for later in range(t, T):
            _, state, _ = cell.step(x[:, later], state)
        slope, = gradients(state.c.sum(), [c])
        yield same(f"∂c_T/∂c_t over the last {T - t} steps", slope, kept[:, t:].prod(1), 1e-15)
    A, _ = rc.step_jacobians(rc.unroll(cell, x))
    own = A[:, :, UNITS:, UNITS:]
    yield same("every step’s own Jacobian ∂c_t/∂c_{t−1} is diag f_t", own, torch.diag_embed(kept), 1e-15)


@quick
def listening_gates_break_it() -> Iterator[Finding]:
    """LSTM: where the gates do listen to h, the product of the keep gates is not the gradient."""
    cell = _random("lstm")
    x = torch.randn(B, T, INPUTS, dtype=torch.float64)
    c = torch.randn(B, UNITS, dtype=torch.float64, requires_grad=True)
    trace = rc.unroll(cell, x, type(cell.initial_state(B))(torch.randn(B, UNITS, dtype=torch.float64), c))
    slope, = gradients(trace.final.c.sum(), [c])
    yield above("largest difference", 1e-3, float((slope - trace.probes["f"].prod(1)).detach().abs().max()))


@quick
def gru_keeps_alike() -> Iterator[Finding]:
    """GRU: where neither gates nor candidate listen to h, ∂h_T/∂h_0 is exactly the product of the keep gates z."""
    cell = _random("gru")
    with torch.no_grad():
        cell.R.zero_()
    x = torch.randn(B, T, INPUTS, dtype=torch.float64)
    h = torch.randn(B, UNITS, dtype=torch.float64, requires_grad=True)
    trace = rc.unroll(cell, x, type(cell.initial_state(B))(h))
    slope, = gradients(trace.final.h.sum(), [h])
    yield same("∂h_T/∂h_0", slope, trace.probes["z"].prod(1).detach(), 1e-15)


@quick
def time_constant() -> Iterator[Finding]:
    """A gate that always stands at f remembers for −1/ln f steps: after so many, 1/e of the cell is left."""
    for f in (0.5, 0.9, 0.99):
        cell = _held(f)
        steps = round(-1 / math.log(f) * 20)
        x = torch.zeros(1, steps, INPUTS, dtype=torch.float64)
        trace = rc.unroll(cell, x, type(cell.initial_state(1))(*(torch.ones(1, UNITS).double() for _ in range(2))))
        found = rc.memory_span(trace)
        measured = -steps / float(trace.final.c[0, 0].detach().log())
        yield near(f"f = {f}: memory that is told", -1 / math.log(f), float(found.memory[0]), 1e-9)
        yield near(f"f = {f}: memory measured on a cell left alone for {steps} steps", float(found.memory[0]), measured,
                   1e-9)
        yield same(f"f = {f}: by the product of gates", found.through, found.memory, 1e-9)


@quick
def chrono_initialisation() -> Iterator[Finding]:
    """b_f = ln(T − 1) lets a fresh gate without input stand at 1 − 1/T, a memory of nearly T steps."""
    for length in (10, 100, 1000):
        spec = rc.Experiment.of("lstm", "adding", hidden_size=UNITS, forget_bias=math.log(length - 1))
        cell = spec.make_network().cells[0].double()
        _, _, probes = cell.step(torch.zeros(1, INPUTS, dtype=torch.float64), cell.initial_state(1))
        keep = probes["f"][0].detach()
        yield same(f"T = {length}: fresh keep gate", keep, torch.full_like(keep, 1 - 1 / length), 1e-6)
        memory = -1 / math.log(float(keep[0]))
        yield near(f"T = {length}: −1/ln f, beside T − ½", length - 0.5, memory, 0.01 * length)


@quick
def without_a_gate() -> Iterator[Finding]:
    """A linear leaky unit has no gate; the decay measured instead is that of its leak, within sampling error."""
    cell = rc.make_cell("elman", 1, hidden_size=3, activation="linear").double()
    leaks = (0.5, 0.8, 0.9)
    with torch.no_grad():
        cell.R.copy_(torch.diag(torch.tensor(leaks)))
    found = rc.memory_span(rc.unroll(cell, torch.randn(300, 200, 1, dtype=torch.float64)))
    yield equal("a keep gate that is told", "none", "none" if found.keep is None else "some")
    for a, memory in zip(leaks, found.memory.tolist(), strict=True):
        yield near(f"a = {a}: decay in steps", -1 / math.log(a), memory, -0.1 / math.log(a))


@torch.no_grad()
def _random(architecture: str) -> torch.nn.Module:
    """A cell in float64 with all weights random."""
    cell = rc.make_cell(architecture, INPUTS, hidden_size=UNITS).double()
    for p in cell.parameters():
        p.normal_()
    return cell


@torch.no_grad()
def _deaf(architecture: str) -> torch.nn.Module:
    """The same with gates and candidate that hear the input alone."""
    cell = _random(architecture)
    cell.R.zero_()
    return cell


@torch.no_grad()
def _held(f: float) -> torch.nn.Module:
    """An LSTM that takes nothing in, and whose keep gate always stands at f."""
    cell = _deaf("lstm")
    for p in cell.parameters():
        p.zero_()
    cell.b.view(4, UNITS)[0], cell.b.view(4, UNITS)[1] = -1e3, math.log(f / (1 - f))
    return cell
