"""A8, the gated recurrent unit: v3 equals torch.nn.GRU, v1 the paper's form, and its gates do what they say."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.against_torch import INPUTS, UNITS, against_torch
from rnn_core.verify.check import Finding, equal, gradients, quick, same

B, T, FAR = 3, 7, 1e3


@quick
def equals_torch() -> Iterator[Finding]:
    """v3: outputs and gradients equal those of torch.nn.GRU."""
    yield from against_torch(torch.nn.GRU(INPUTS, UNITS, batch_first=True), "GRU v3")


@quick
def equals_the_paper() -> Iterator[Finding]:
    """v1: outputs and gradients equal a loop written out here, the default form of ONNX."""
    cell = _random("v1")
    start = torch.randn(B, UNITS, dtype=torch.float64, requires_grad=True)
    x = torch.randn(B, T, INPUTS, dtype=torch.float64, requires_grad=True)
    weigh = torch.randn(B, T, UNITS, dtype=torch.float64)
    trace = rc.unroll(cell, x, type(cell.initial_state(B))(start))
    by_hand = _onnx(cell, x, start)
    wanted = [x, start, *cell.parameters()]
    yield same("GRU v1: outputs", trace.outputs, by_hand, 1e-10)
    yield same("GRU v1: gradients of inputs, initial state, W, R and b",
               *(gradients((out * weigh).sum(), wanted) for out in (trace.outputs, by_hand)), 1e-10)


@quick
def gates() -> Iterator[Finding]:
    """z ≡ 0 and r ≡ 1 is an Elman network, z ≡ 1 freezes the state; in both forms."""
    x = torch.randn(B, T, INPUTS, dtype=torch.float64)
    start = torch.randn(B, UNITS, dtype=torch.float64)
    for variant in ("v1", "v3"):
        cell = _random(variant)
        open_gates = _held(cell, r=FAR, z=-FAR)
        W, R, b = (p.detach()[2 * UNITS:] for p in (cell.W, cell.R, cell.b))
        b = b + cell.c.detach() if variant == "v3" else b
        elman = rc.make_cell("elman", INPUTS, hidden_size=UNITS).double()
        elman.load_state_dict({"W": W, "R": R, "b": b})
        yield same(f"GRU {variant} with z ≡ 0, r ≡ 1 equals Elman", rc.unroll(open_gates, x).outputs,
                   rc.unroll(elman, x).outputs, 1e-12)
        frozen = rc.unroll(_held(cell, r=0.0, z=FAR), x, type(cell.initial_state(B))(start))
        yield same(f"GRU {variant} with z ≡ 1 keeps its state", frozen.outputs, start.unsqueeze(1).expand(-1, T, -1),
                   0.0)


@quick
def counts() -> Iterator[Finding]:
    """The number of parameters is 3H(I + H + 1) for v1, and H more for v3."""
    for variant, expected in (("v1", 1860), ("v3", 1880)):
        cell = rc.make_cell("gru", 10, hidden_size=20, variant=variant)
        yield equal(f"parameters of {variant} at I = 10, H = 20", expected, sum(p.numel() for p in cell.parameters()))


@torch.no_grad()
def _random(variant: str) -> torch.nn.Module:
    """A GRU in float64 with all weights random."""
    cell = rc.make_cell("gru", INPUTS, hidden_size=UNITS, variant=variant).double()
    for p in cell.parameters():
        p.normal_()
    return cell


@torch.no_grad()
def _held(cell: torch.nn.Module, r: float, z: float) -> torch.nn.Module:
    """The cell with both gates at the same preactivation, whatever comes in."""
    held = rc.make_cell("gru", INPUTS, hidden_size=UNITS, variant=cell.settings.variant).double()
    held.load_state_dict(cell.state_dict())
    for p in (held.W, held.R):
        p[:2 * UNITS] = 0
    held.b[:UNITS], held.b[UNITS:2 * UNITS] = r, z
    return held


def _onnx(cell: torch.nn.Module, x: Tensor, h: Tensor) -> Tensor:
    """z, r and the candidate gate by gate; the reset gate acts on the state before the recurrent product."""
    (W_r, W_z, W_h), (R_r, R_z, R_h), (b_r, b_z, b_h) = (p.chunk(3) for p in (cell.W, cell.R, cell.b))
    said = []
    for t in range(x.shape[1]):
        z = 1 / (1 + torch.exp(-(x[:, t] @ W_z.T + h @ R_z.T + b_z)))
        r = 1 / (1 + torch.exp(-(x[:, t] @ W_r.T + h @ R_r.T + b_r)))
        candidate = torch.tanh(x[:, t] @ W_h.T + (r * h) @ R_h.T + b_h)
        h = (1 - z) * candidate + z * h
        said.append(h)
    return torch.stack(said, 1)
