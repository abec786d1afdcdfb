"""A8, the gated recurrent unit: v3 equals torch.nn.GRU, all other forms their equations; held gates do as told."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.against_torch import INPUTS, UNITS, against_torch
from rnn_core.verify.check import Finding, equal, gradients, quick, same

B, T, FAR = 3, 7, 1e3
#: What the gates see, how many have weights, and the number of weights at I = 10, H = 20.
VARIANTS = {"v1": ("xhb", 2, 1860), "v3": ("xhb", 2, 1880), "gru1": ("hb", 2, 1460), "gru2": ("h", 2, 1420),
            "gru3": ("b", 2, 660), "mgu": ("xhb", 1, 1240)}


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
def equals_its_equations() -> Iterator[Finding]:
    """Every gate of every variant, written out here, equals the probe of its name."""
    x = torch.randn(B, T, INPUTS, dtype=torch.float64)
    for variant in VARIANTS:
        cell = _random(variant)
        probes = rc.unroll(cell, x).probes
        for name, value in _by_hand(cell, x).items():
            yield same(f"{variant}: {name} at every step", probes[name], value, 1e-12)


@quick
def gates() -> Iterator[Finding]:
    """z ≡ 0 and r ≡ 1 is an Elman network, z ≡ 1 freezes the state; in every form whose gates can be held."""
    x = torch.randn(B, T, INPUTS, dtype=torch.float64)
    start = torch.randn(B, UNITS, dtype=torch.float64)
    for variant in ("v1", "v3", "gru1", "gru3", "mgu"):
        cell = _random(variant)
        W, R, b = (p.detach()[-UNITS:] for p in (cell.W, cell.R, cell.b))
        b = b + cell.c.detach() if variant == "v3" else b
        elman = rc.make_cell("elman", INPUTS, hidden_size=UNITS).double()
        elman.load_state_dict({"W": W, "R": R, "b": b})
        yield same(f"GRU {variant} with z ≡ 0, r ≡ 1 equals Elman", rc.unroll(_held(cell, r=FAR, z=-FAR), x).outputs,
                   rc.unroll(elman, x).outputs, 1e-12)
        frozen = rc.unroll(_held(cell, r=-FAR, z=FAR), x, type(cell.initial_state(B))(start))
        yield same(f"GRU {variant} with z ≡ 1 keeps its state", frozen.outputs, start.unsqueeze(1).expand(-1, T, -1),
                   0.0)


@quick
def each_is_the_first_form_with_zeros() -> Iterator[Finding]:
    """gru1, gru2 and gru3 are v1 with the weights at 0 that their gates do not have."""
    x = torch.randn(B, T, INPUTS, dtype=torch.float64)
    for variant in ("gru1", "gru2", "gru3"):
        cell, whole = _random(variant), _random("v1")
        with torch.no_grad():
            for mine, its in zip((whole.W, whole.R, whole.b), (cell.W, cell.R, cell.b), strict=True):
                mine.zero_()[-len(its):] = its
        yield same(f"{variant}: outputs", rc.unroll(cell, x).outputs, rc.unroll(whole, x).outputs, 1e-12)


@quick
def counts() -> Iterator[Finding]:
    """The number of parameters: 3H(I + H + 1) for v1, H more for v3, and what the simpler gates save."""
    for variant, (*_, expected) in VARIANTS.items():
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
        p[:-UNITS] = 0
    for gate, value in zip(held.b[:-UNITS].split(UNITS), (r, z), strict=False):
        gate.fill_(value)
    return held


@torch.no_grad()
def _by_hand(cell: torch.nn.Module, x: Tensor) -> dict[str, Tensor]:
    """The equations gate by gate: name → (b, t, n). The minimal unit as its paper has it, with f in the place of r."""
    variant, h = cell.settings.variant, torch.zeros(len(x), UNITS, dtype=x.dtype)
    sees, count, _ = VARIANTS[variant]
    has = {k: dict(zip("rzn" if k in sees and count == 2 else "rn" if k in sees else "n", p.split(UNITS), strict=True))
           for k, p in zip("xhb", (cell.W, cell.R, cell.b), strict=True)}
    steps: dict[str, list[Tensor]] = {k: [] for k in "rznh"}

    def gate(k: str) -> Tensor:
        a = torch.zeros_like(h)
        a = a + x[:, t] @ has["x"][k].T if "x" in sees else a
        a = a + h @ has["h"][k].T if "h" in sees else a
        return 1 / (1 + torch.exp(-(a + has["b"][k] if "b" in sees else a)))

    for t in range(x.shape[1]):
        r = gate("r")
        z = 1 - r if variant == "mgu" else gate("z")
        past = r * (h @ has["h"]["n"].T + cell.c) if variant == "v3" else (r * h) @ has["h"]["n"].T
        n = torch.tanh(x[:, t] @ has["x"]["n"].T + has["b"]["n"] + past)
        h = (1 - r) * h + r * n if variant == "mgu" else (1 - z) * n + z * h
        for k, v in zip("rznh", (r, z, n, h), strict=True):
            steps[k].append(v)
    return {k: torch.stack(v, 1) for k, v in steps.items()}


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
